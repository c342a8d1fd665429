#include "netlinkd/rtnl/codec/host_claim.hpp"

#include <linux/if_ether.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <climits>

namespace kvtep::rtnl::codec {
namespace {

constexpr std::size_t kEthernet = ETH_HLEN;
constexpr std::size_t kArp = 28;
constexpr std::size_t kIpv6 = 40;
constexpr std::size_t kDiscovery = 24;  // ICMPv6's header, four bytes, the target address
constexpr std::uint8_t kSolicitation = 135;
constexpr std::uint8_t kAdvertisement = 136;
constexpr std::uint8_t kSourceOption = 1;
constexpr std::uint8_t kTargetOption = 2;
constexpr std::uint8_t kSolicited = 0x40;  // RFC 4861 section 4.4

std::uint8_t byte(Bytes bytes, std::size_t at) { return std::to_integer<std::uint8_t>(bytes[at]); }
std::uint16_t word(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte(bytes, at) << 8 | byte(bytes, at + 1));
}
MacAddress mac_at(Bytes bytes, std::size_t at) {
  return {read_as<std::array<std::uint8_t, 6>>(bytes.subspan(at, 6))};
}
IpAddress v4_at(Bytes bytes, std::size_t at) { return {read_as<Ipv4Bytes>(bytes.subspan(at, 4))}; }
IpAddress v6_at(Bytes bytes, std::size_t at) { return {read_as<Ipv6Bytes>(bytes.subspan(at, 16))}; }

// An address that a host can have on a link.
bool is_claimable(const IpAddress& address) {
  if (!address.is_host()) return false;
  if (const auto* v4 = std::get_if<Ipv4Bytes>(&address.bytes)) return (*v4)[0] != 0 && (*v4)[0] != 127;
  // ::/64 has the loopback address and those that stand for IPv4 ones.
  const auto& v6 = std::get<Ipv6Bytes>(address.bytes);
  return !std::all_of(v6.begin(), v6.begin() + 8, [](std::uint8_t part) { return part == 0; });
}

std::optional<IpAddress> read_arp(Bytes message, const MacAddress& source) {
  if (message.size() < kArp) return std::nullopt;
  constexpr std::uint16_t kEthernetType = 1;
  if (word(message, 0) != kEthernetType || word(message, 2) != ETH_P_IP || byte(message, 4) != 6 ||
      byte(message, 5) != 4) {
    return std::nullopt;
  }
  const auto operation = word(message, 6);
  if (operation != 1 && operation != 2) return std::nullopt;  // request, reply
  if (mac_at(message, 8) != source) return std::nullopt;
  return v4_at(message, 14);
}

// RFC 4443 section 2.3.
bool has_right_checksum(Bytes packet, Bytes body) {
  std::uint32_t sum = IPPROTO_ICMPV6 + static_cast<std::uint32_t>(body.size());
  const auto add = [&sum](Bytes bytes) {
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += word(bytes, i);
    if (bytes.size() % 2 != 0) sum += static_cast<std::uint32_t>(byte(bytes, bytes.size() - 1)) << 8;
  };
  add(packet.subspan(8, 32));
  add(body);
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

// The link-layer address in the option of that type; nothing where the options are wrong, or it is not there.
std::optional<MacAddress> link_layer_address(Bytes options, std::uint8_t wanted) {
  std::optional<MacAddress> found;
  while (!options.empty()) {
    if (options.size() < 2) return std::nullopt;
    const std::size_t length = std::size_t{byte(options, 1)} * 8;
    if (length == 0 || length > options.size()) return std::nullopt;
    if (byte(options, 0) == wanted) {
      const auto address = mac_at(options, 2);
      if (length != 8 || (found && *found != address)) return std::nullopt;
      found = address;
    }
    options = options.subspan(length);
  }
  return found;
}

// RFC 4861 sections 7.1.1 and 7.1.2. Without the option there is nothing that ties the address to the MAC but
// the frame; hosts put it into all that they say unasked, or to a group.
std::optional<IpAddress> read_discovery(Bytes packet, const MacAddress& source) {
  if (packet.size() < kIpv6 + kDiscovery || byte(packet, 0) >> 4 != 6) return std::nullopt;
  const std::size_t length = word(packet, 4);
  if (byte(packet, 6) != IPPROTO_ICMPV6 || byte(packet, 7) != 255) return std::nullopt;
  if (length < kDiscovery || length > packet.size() - kIpv6) return std::nullopt;
  const auto body = packet.subspan(kIpv6, length);
  const auto type = byte(body, 0);
  const auto sender = v6_at(packet, 8);
  const auto target = v6_at(body, 8);
  if (byte(body, 1) != 0 || !sender.is_host() || !target.is_host()) return std::nullopt;
  if (!has_right_checksum(packet, body)) return std::nullopt;
  const auto options = body.subspan(kDiscovery);
  if (type == kSolicitation && link_layer_address(options, kSourceOption) == source) return sender;
  if (type != kAdvertisement) return std::nullopt;
  const bool is_to_group = byte(packet, 24) == 0xff;
  if (is_to_group && (byte(body, 4) & kSolicited) != 0) return std::nullopt;
  if (link_layer_address(options, kTargetOption) != source) return std::nullopt;
  return target;
}

constexpr sock_filter load(int size, std::uint32_t at) {
  return {.code = static_cast<std::uint16_t>(BPF_LD | BPF_ABS | size), .jt = 0, .jf = 0, .k = at};
}
constexpr sock_filter jump_equal(std::uint32_t k, std::uint8_t if_true, std::uint8_t if_false) {
  return {.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = if_true, .jf = if_false, .k = k};
}
constexpr std::uint32_t ancillary(int offset) { return static_cast<std::uint32_t>(SKF_AD_OFF + offset); }

// Each jump counts the instructions that are left out.
constexpr std::array kFilter{load(BPF_W, ancillary(SKF_AD_VLAN_TAG_PRESENT)),
                             jump_equal(0, 2, 0),
                             load(BPF_W, ancillary(SKF_AD_VLAN_TPID)),
                             jump_equal(ETH_P_8021Q, 0, 14),
                             load(BPF_H, 12),
                             jump_equal(ETH_P_ARP, 0, 3),
                             load(BPF_H, kEthernet + 6),
                             jump_equal(1, 9, 0),
                             jump_equal(2, 8, 9),
                             jump_equal(ETH_P_IPV6, 0, 8),
                             load(BPF_B, kEthernet + 6),
                             jump_equal(IPPROTO_ICMPV6, 0, 6),
                             load(BPF_B, kEthernet + 7),
                             jump_equal(255, 0, 4),
                             load(BPF_B, kEthernet + kIpv6),
                             jump_equal(kSolicitation, 1, 0),
                             jump_equal(kAdvertisement, 0, 1),
                             sock_filter{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = UINT_MAX},
                             sock_filter{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0}};

}  // namespace

std::optional<HostClaim> read_host_claim(Bytes frame) {
  if (frame.size() < kEthernet) return std::nullopt;
  const auto source = mac_at(frame, 6);
  if (source.is_group() || source.is_zero()) return std::nullopt;
  const auto message = frame.subspan(kEthernet);
  std::optional<IpAddress> address;
  switch (word(frame, 12)) {
    case ETH_P_ARP: address = read_arp(message, source); break;
    case ETH_P_IPV6: address = read_discovery(message, source); break;
    default: break;
  }
  if (!address || !is_claimable(*address)) return std::nullopt;
  return HostClaim{.mac = source, .address = *address};
}

std::span<const sock_filter> host_claim_filter() { return kFilter; }

}  // namespace kvtep::rtnl::codec
