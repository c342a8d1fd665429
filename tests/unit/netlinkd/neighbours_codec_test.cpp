// Neighbours as bytes, and the filter that copies announcements: what it picks, frame by frame.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "netlinkd/rtnl/codec/announcer.hpp"
#include "netlinkd/rtnl/codec/decode.hpp"
#include "netlinkd/rtnl/codec/encode.hpp"
#include "netlinkd/rtnl/codec/filter_place.hpp"
#include "netlinkd/rtnl/codec/own_devices.hpp"
#include "netlinkd/rtnl/codec/request.hpp"

namespace kvtep::rtnl::codec {
namespace {

using Bytes = std::vector<std::byte>;

constexpr IfIndex kBridge{kFirstOwnIndex + 5};
const MacAddress kMac = *MacAddress::parse("02:00:00:00:0a:01");
const IpAddress kV4 = *IpAddress::parse("10.0.0.5");
const IpAddress kV6 = *IpAddress::parse("fd00::5");

Bytes encoded(const KernelOp& op) {
  Bytes bytes;
  EXPECT_EQ(append_requests(op, 7, {}, bytes), 1U);
  return bytes;
}

// Of hexadecimal digits; blanks are for the reader.
Bytes bytes_of(std::string text) {
  std::erase(text, ' ');
  Bytes bytes;
  for (std::size_t at = 0; at < text.size(); at += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(at, 2), nullptr, 16)));
  return bytes;
}

Bytes told(std::uint16_t state, std::uint8_t flags, const IpAddress& address = kV4, IfIndex device = kBridge,
           std::uint16_t type = RTM_NEWNEIGH, bool has_mac = true) {
  Request request(type, 0, 0);
  auto& header = request.family_header<ndmsg>();
  header.ndm_family = address.is_v4() ? AF_INET : AF_INET6;
  header.ndm_ifindex = static_cast<int>(device.value);
  header.ndm_state = state;
  header.ndm_flags = flags;
  request.put_address(NDA_DST, address);
  if (has_mac) request.put_mac(NDA_LLADDR, kMac);
  Bytes bytes;
  request.append_to(bytes);
  return bytes;
}

std::optional<KernelEvent> event(const Bytes& message) {
  auto decoded = decode(message);
  EXPECT_TRUE(decoded) << decoded.error().message;
  return decoded ? *decoded : std::nullopt;
}

// nlmsghdr, ndmsg, NDA_DST, NDA_LLADDR; by a little-endian processor.
TEST(NeighbourEncoding, IsAnExternalEntryThatNeverAges) {
  static_assert(RTM_NEWNEIGH == 0x1c && RTM_DELNEIGH == 0x1d && NUD_NOARP == 0x40 && NTF_EXT_LEARNED == 0x10);
  EXPECT_EQ(encoded(SetNeighbour{.bridge = {5}, .address = kV4, .mac = kMac}),
            bytes_of("30000000 1c00 0105 07000000 00000000"
                     "02 000000 05000000 4000 10 00"
                     "0800 0100 0a000005"
                     "0a00 0200 020000000a01 0000"));
  EXPECT_EQ(encoded(RemoveNeighbour{.bridge = {5}, .address = kV6}),
            bytes_of("30000000 1d00 0100 07000000 00000000"
                     "0a 000000 05000000 0000 00 00"
                     "1400 0100 fd000000000000000000000000000005"));
}

TEST(NeighbourDecoding, TellsOursFromOthers) {
  for (const auto& address : {kV4, kV6}) {
    const Neighbour ours{.device = kBridge, .address = address, .mac = kMac};
    Neighbour theirs = ours;
    theirs.is_external = false;
    EXPECT_EQ(event(told(NUD_NOARP, NTF_EXT_LEARNED, address)), KernelEvent(NeighbourChanged{ours}));
    EXPECT_EQ(event(told(NUD_NOARP, 0, address)), KernelEvent(NeighbourChanged{theirs}));
    EXPECT_EQ(event(told(NUD_PERMANENT, 0, address)), KernelEvent(NeighbourChanged{theirs}));
    EXPECT_EQ(event(told(NUD_REACHABLE, NTF_EXT_LEARNED, address)), KernelEvent(NeighbourChanged{theirs}));
  }
}

TEST(NeighbourDecoding, TellsOfAnEnd) {
  const KernelEvent gone = NeighbourGone{kBridge, kV4};
  EXPECT_EQ(event(told(NUD_NOARP, NTF_EXT_LEARNED, kV4, kBridge, RTM_DELNEIGH)), gone);
  // The kernel says both, the first with the hardware address or without it.
  EXPECT_EQ(event(told(NUD_FAILED, 0, kV4, kBridge, RTM_NEWNEIGH, false)), gone);
  EXPECT_EQ(event(told(NUD_FAILED, 0, kV4, kBridge, RTM_DELNEIGH, false)), gone);
  EXPECT_EQ(event(told(NUD_INCOMPLETE, 0, kV4, kBridge, RTM_NEWNEIGH, false)), gone);
}

TEST(NeighbourDecoding, LeavesOutOtherDevicesAndGroups) {
  EXPECT_EQ(event(told(NUD_NOARP, NTF_EXT_LEARNED, kV4, IfIndex{5})), std::nullopt);
  EXPECT_EQ(event(told(NUD_NOARP, 0, *IpAddress::parse("224.0.0.22"))), std::nullopt);
  EXPECT_EQ(event(told(NUD_NOARP, 0, *IpAddress::parse("ff02::16"))), std::nullopt);
}

TEST(NeighbourDecoding, RefusesAMessageCutAnywhere) {
  const auto whole = told(NUD_NOARP, NTF_EXT_LEARNED, kV6);
  for (std::size_t size = NLMSG_HDRLEN + 1; size < whole.size(); size += 1) {
    auto cut = Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto length = static_cast<std::uint32_t>(size);
    std::memcpy(cut.data(), &length, sizeof length);
    const auto decoded = decode(cut);
    const bool says_nothing = decoded && !*decoded;
    const bool is_padding = size >= whole.size() - 2;
    EXPECT_TRUE(!decoded || says_nothing || is_padding) << size;
  }
}

TEST(NeighbourDecoding, RefusesAnAddressOfTheOtherFamily) {
  auto mixed = told(NUD_NOARP, NTF_EXT_LEARNED, kV4);
  mixed[NLMSG_HDRLEN] = std::byte{AF_INET6};
  EXPECT_FALSE(decode(mixed));
}

TEST(AnnouncerCodec, IsReadBackAsItIsWritten) {
  for (const bool copies_probes : {true, false}) {
    const Announcer announcer{.vxlan = {77}, .copies_probes = copies_probes};
    Bytes bytes;
    append_announcer(SetAnnouncer{.index = {5}, .announcer = announcer}, 1, bytes);
    EXPECT_EQ(event(bytes), KernelEvent(AnnouncerChanged{{5}, announcer}));
  }
  Bytes removal;
  append_announcer(RemoveAnnouncer{.index = {5}}, 1, removal);
  EXPECT_EQ(event(removal), KernelEvent(AnnouncerGone{{5}}));
}

TEST(AnnouncerCodec, ReadsWhatIsNotAsItMakesItAsNone) {
  Bytes bytes;
  append_announcer(SetAnnouncer{.index = {5}, .announcer = {{77}}}, 1, bytes);
  const auto* program = reinterpret_cast<const std::byte*>(announcer_program(true).data());
  const auto place = std::search(bytes.begin(), bytes.end(), program, program + 16);
  ASSERT_NE(place, bytes.end());
  *place ^= std::byte{1};
  EXPECT_EQ(event(bytes), KernelEvent(AnnouncerGone{{5}}));
}

TEST(AnnouncerCodec, TellsThatAHookIsGoneWithAllFilters) {
  Request request(RTM_DELQDISC, 0, 0);
  auto& header = request.family_header<tcmsg>();
  header.tcm_ifindex = 5;
  header.tcm_parent = TC_H_INGRESS;
  Bytes bytes;
  request.append_to(bytes);
  EXPECT_EQ(event(bytes), KernelEvent(HookGone{{5}}));
}

// What of classic BPF the program uses. A load behind the end is "no", as in the kernel.
std::uint32_t run(std::span<const sock_filter> program, const std::vector<std::uint8_t>& frame, bool tagged) {
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  const auto load = [&](std::uint32_t at, std::uint32_t size) {
    a = 0;
    for (std::uint32_t i = 0; i < size; ++i) a = a << 8 | frame.at(at + i);
  };
  for (std::size_t at = 0; at < program.size(); ++at) {
    const auto& step = program[at];
    if (step.code == (BPF_LD | BPF_W | BPF_ABS) && static_cast<std::int32_t>(step.k) < 0) {
      EXPECT_EQ(static_cast<std::int32_t>(step.k) - SKF_AD_OFF, SKF_AD_VLAN_TAG_PRESENT);
      a = tagged ? 1 : 0;
      continue;
    }
    const std::size_t size = BPF_SIZE(step.code) == BPF_W ? 4 : BPF_SIZE(step.code) == BPF_H ? 2 : 1;
    if (BPF_CLASS(step.code) == BPF_LD && step.k + size > frame.size()) return 0;
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
      case BPF_LD | BPF_H | BPF_ABS:
      case BPF_LD | BPF_B | BPF_ABS: load(step.k, static_cast<std::uint32_t>(size)); break;
      case BPF_ALU | BPF_SUB | BPF_X: a -= x; break;
      case BPF_MISC | BPF_TAX: x = a; break;
      case BPF_JMP | BPF_JEQ | BPF_K: at += a == step.k ? step.jt : step.jf; break;
      case BPF_JMP | BPF_JGE | BPF_K: at += a >= step.k ? step.jt : step.jf; break;
      case BPF_JMP | BPF_JSET | BPF_K: at += (a & step.k) != 0 ? step.jt : step.jf; break;
      case BPF_RET | BPF_K: return step.k;
      default: ADD_FAILURE() << "statement " << at << " has the code " << step.code; return 0;
    }
  }
  ADD_FAILURE() << "the program does not end";
  return 0;
}

std::vector<std::uint8_t> ethernet(bool to_group, std::uint16_t type) {
  std::vector<std::uint8_t> frame{0x02, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0xa, 1};
  if (to_group) frame[0] = 0x33;
  frame.push_back(static_cast<std::uint8_t>(type >> 8));
  frame.push_back(static_cast<std::uint8_t>(type));
  return frame;
}

void add(std::vector<std::uint8_t>& frame, const IpAddress& address) {
  std::visit([&](const auto& raw) { frame.insert(frame.end(), raw.begin(), raw.end()); }, address.bytes);
}

std::vector<std::uint8_t> arp(std::uint8_t operation, const char* sender, const char* target,
                              bool to_group = true) {
  auto frame = ethernet(to_group, 0x0806);
  frame.insert(frame.end(), {0, 1, 8, 0, 6, 4, 0, operation, 2, 0, 0, 0, 0xa, 1});
  add(frame, *IpAddress::parse(sender));
  frame.insert(frame.end(), 6, 0);
  add(frame, *IpAddress::parse(target));
  return frame;
}

std::vector<std::uint8_t> nd(std::uint8_t type, const char* source, std::uint8_t flags = 0,
                             std::uint8_t next_header = 58, bool to_group = true) {
  auto frame = ethernet(to_group, 0x86dd);
  frame.insert(frame.end(), {0x60, 0, 0, 0, 0, 24, next_header, 255});
  add(frame, *IpAddress::parse(source));
  add(frame, *IpAddress::parse("ff02::1"));
  frame.insert(frame.end(), {type, 0, 0, 0, flags, 0, 0, 0});
  add(frame, *IpAddress::parse("fd00::1"));
  return frame;
}

TEST(AnnouncerProgram, PicksWhatAnnouncesAHostAndNothingElse) {
  const auto picks = [](const std::vector<std::uint8_t>& frame, bool tagged = false) {
    const auto verdict = run(announcer_program(true), frame, tagged);
    EXPECT_TRUE(verdict == 0 || verdict == UINT32_MAX);
    return verdict != 0;
  };
  EXPECT_TRUE(picks(arp(1, "10.0.0.1", "10.0.0.1"))) << "a gratuitous request";
  EXPECT_TRUE(picks(arp(2, "10.0.0.1", "10.0.0.1"))) << "a gratuitous reply";
  EXPECT_TRUE(picks(arp(1, "0.0.0.0", "10.0.0.1"))) << "a probe";
  EXPECT_FALSE(picks(arp(1, "10.0.0.1", "10.0.0.2"))) << "a request";
  EXPECT_FALSE(picks(arp(2, "10.0.0.1", "10.0.0.2"))) << "a reply";
  EXPECT_FALSE(picks(arp(1, "10.0.0.1", "10.0.0.1", false))) << "to one host";
  EXPECT_FALSE(picks(arp(3, "0.0.0.0", "0.0.0.0"))) << "RARP";
  EXPECT_FALSE(picks(arp(4, "10.0.0.1", "10.0.0.1"))) << "RARP";
  EXPECT_FALSE(picks(arp(1, "10.0.0.1", "10.0.0.1"), true)) << "of a VLAN";

  EXPECT_TRUE(picks(nd(136, "fd00::1", 0x20))) << "an unsolicited advertisement";
  EXPECT_TRUE(picks(nd(136, "fd00::1", 0xa0))) << "a router's";
  EXPECT_FALSE(picks(nd(136, "fd00::1", 0x60))) << "a solicited one";
  EXPECT_TRUE(picks(nd(135, "::"))) << "duplicate address detection";
  for (const char* source : {"fd00::1", "::1", "::1:0:0", "0:0:1::", "1::"})
    EXPECT_FALSE(picks(nd(135, source))) << "a solicitation by " << source;
  EXPECT_FALSE(picks(nd(134, "::"))) << "a router's advertisement";
  EXPECT_FALSE(picks(nd(135, "::", 0, 17))) << "UDP";
  EXPECT_FALSE(picks(nd(135, "::", 0, 58, false))) << "to one host";
  EXPECT_FALSE(picks(ethernet(true, 0x88b5)));

  for (const auto& whole : {arp(1, "10.0.0.1", "10.0.0.1"), nd(136, "fd00::1"), nd(135, "::")}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(picks({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)})) << size;
  }
}

TEST(AnnouncerProgram, LeavesProbesOutWhereTheyPassByThemselves) {
  const auto picks = [](const std::vector<std::uint8_t>& frame) {
    return run(announcer_program(false), frame, false) != 0;
  };
  EXPECT_TRUE(picks(arp(1, "10.0.0.1", "10.0.0.1")));
  EXPECT_FALSE(picks(arp(1, "0.0.0.0", "10.0.0.1")));
  EXPECT_FALSE(picks(arp(1, "10.0.0.1", "10.0.0.2")));
  EXPECT_TRUE(picks(nd(136, "fd00::1", 0x20)));
  EXPECT_FALSE(picks(nd(135, "::")));
  EXPECT_FALSE(picks(nd(135, "fd00::1")));
}

}  // namespace
}  // namespace kvtep::rtnl::codec
