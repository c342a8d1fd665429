#include "netlinkd/rtnl/codec/announcer.hpp"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>

#include <algorithm>
#include <array>

#include "netlinkd/rtnl/codec/filter_place.hpp"
#include "netlinkd/rtnl/codec/request.hpp"

namespace kvtep::rtnl::codec {
namespace {

// Type and code of ICMPv6 (RFC 4861 sections 4.3, 4.4); a flag of the latter.
constexpr std::uint32_t kSolicitation = 135 << 8;
constexpr std::uint32_t kAdvertisement = 136 << 8;
constexpr std::uint32_t kSolicited = 0x40;

constexpr unsigned kAction = 1;  // the actions of a filter count from 1

constexpr sock_filter statement(int code, std::uint32_t k) {
  return {.code = static_cast<std::uint16_t>(code), .jt = 0, .jf = 0, .k = k};
}
constexpr sock_filter jump(int test, std::uint32_t k, int if_true, int if_false) {
  return {.code = static_cast<std::uint16_t>(BPF_JMP | test | BPF_K),
          .jt = static_cast<std::uint8_t>(if_true),
          .jf = static_cast<std::uint8_t>(if_false),
          .k = k};
}
constexpr sock_filter load_word(std::uint32_t offset) { return statement(BPF_LD | BPF_W | BPF_ABS, offset); }
constexpr sock_filter load_half(std::uint32_t offset) { return statement(BPF_LD | BPF_H | BPF_ABS, offset); }
constexpr sock_filter load_byte(std::uint32_t offset) { return statement(BPF_LD | BPF_B | BPF_ABS, offset); }

// Where the program ends.
constexpr int kYes = 34;
constexpr int kNo = 35;

// A load behind the frame's end ends the program with "no". Jumps are relative to the next statement.
// Probes are picked where `for_probes` is kYes.
constexpr auto program(int for_probes) {
  return std::array{
      load_word(static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
      jump(BPF_JEQ, 0, 0, kNo - 2),                 // the tagged have devices of their own
      load_byte(0), jump(BPF_JSET, 1, 0, kNo - 4),  // to a group: what goes to one host goes by its entry
      load_half(12), jump(BPF_JEQ, ETH_P_ARP, 0, 17 - 6),
      // ARP for IPv4 over Ethernet, and no RARP; the sender's address is the target's, or not known yet.
      load_word(16), jump(BPF_JEQ, ETH_P_IP << 16 | ETH_ALEN << 8 | 4, 0, kNo - 8), load_half(20),
      jump(BPF_JEQ, ARPOP_RREQUEST, kNo - 10, 0), jump(BPF_JEQ, ARPOP_RREPLY, kNo - 11, 0), load_word(28),
      jump(BPF_JGE, 0x01000000, 0, for_probes - 13), statement(BPF_MISC | BPF_TAX, 0), load_word(38),
      statement(BPF_ALU | BPF_SUB | BPF_X, 0), jump(BPF_JEQ, 0, kYes - 17, kNo - 17),
      // 17: IPv6, with ICMPv6 right behind its header.
      jump(BPF_JEQ, ETH_P_IPV6, 0, kNo - 18), load_byte(20), jump(BPF_JEQ, IPPROTO_ICMPV6, 0, kNo - 20),
      load_byte(77),  // the last byte of the shortest message
      load_half(54), jump(BPF_JEQ, kAdvertisement, 0, 25 - 23), load_byte(58),
      jump(BPF_JSET, kSolicited, kNo - 25, kYes - 25),
      // 25: a solicitation by a host that has no address yet.
      jump(BPF_JEQ, kSolicitation, 0, kNo - 26), load_word(22), jump(BPF_JEQ, 0, 0, kNo - 28), load_word(26),
      jump(BPF_JEQ, 0, 0, kNo - 30), load_word(30), jump(BPF_JEQ, 0, 0, kNo - 32), load_word(34),
      jump(BPF_JEQ, 0, for_probes - 34, kNo - 34), statement(BPF_RET | BPF_K, 0xffffffff),
      statement(BPF_RET | BPF_K, 0)};
}
constexpr auto kWithProbes = program(kYes);
constexpr auto kWithoutProbes = program(kNo);
static_assert(kWithProbes.size() == kNo + 1);

bool equal(const sock_filter& a, const sock_filter& b) {
  return a.code == b.code && a.jt == b.jt && a.jf == b.jf && a.k == b.k;
}

}  // namespace

std::span<const sock_filter> announcer_program(bool copies_probes) {
  return copies_probes ? kWithProbes : kWithoutProbes;
}

void append_announcer(const SetAnnouncer& op, std::uint32_t seq, std::vector<std::byte>& buffer) {
  Request request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, seq);
  put_filter_place(request, op.index, kAnnouncer);
  const auto program = announcer_program(op.announcer.copies_probes);
  request.nest(TCA_OPTIONS, [&] {
    request.put_u16(TCA_BPF_OPS_LEN, static_cast<std::uint16_t>(program.size()));
    request.put_bytes(TCA_BPF_OPS, program.data(), program.size_bytes());
    request.nest(TCA_BPF_ACT, [&] {
      request.nest(kAction, [&] {
        request.put_zero_terminated(TCA_ACT_KIND, "mirred");
        request.nest(TCA_ACT_OPTIONS, [&] {
          tc_mirred mirror{};
          mirror.action = TC_ACT_UNSPEC;  // an operator's filters behind this one see the frame, too
          mirror.eaction = TCA_EGRESS_MIRROR;
          mirror.ifindex = op.announcer.vxlan.value;
          request.put_bytes(TCA_MIRRED_PARMS, &mirror, sizeof mirror);
        });
      });
    });
  });
  request.append_to(buffer);
}

void append_announcer(const RemoveAnnouncer& op, std::uint32_t seq, std::vector<std::byte>& buffer) {
  Request request(RTM_DELTFILTER, 0, seq);
  put_filter_place(request, op.index, kAnnouncer);
  request.append_to(buffer);
}

std::optional<Announcer> read_announcer(const Attributes& filter) {
  if (filter.text(TCA_KIND) != "bpf") return std::nullopt;
  const auto options = filter.nested(TCA_OPTIONS);
  const auto raw = options.bytes(TCA_BPF_OPS);
  std::vector<sock_filter> program(raw.size() / sizeof(sock_filter));
  if (!program.empty()) std::memcpy(program.data(), raw.data(), program.size() * sizeof(sock_filter));
  const bool copies_probes = std::ranges::equal(program, kWithProbes, equal);
  if (!copies_probes && !std::ranges::equal(program, kWithoutProbes, equal)) return std::nullopt;
  const bool is_direct =
      (options.number<std::uint32_t>(TCA_BPF_FLAGS).value_or(0) & TCA_BPF_FLAG_ACT_DIRECT) != 0;
  const auto action = options.nested(TCA_BPF_ACT).nested(kAction);
  const auto mirror = action.nested(TCA_ACT_OPTIONS).number<tc_mirred>(TCA_MIRRED_PARMS);
  if (is_direct || action.text(TCA_ACT_KIND) != "mirred" || !mirror) return std::nullopt;
  if (mirror->eaction != TCA_EGRESS_MIRROR || mirror->action != TC_ACT_UNSPEC) return std::nullopt;
  return Announcer{.vxlan = {mirror->ifindex}, .copies_probes = copies_probes};
}

}  // namespace kvtep::rtnl::codec
