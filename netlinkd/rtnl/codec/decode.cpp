#include "netlinkd/rtnl/codec/decode.hpp"

#include <fmt/format.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>
#include <vector>

#include "netlinkd/rtnl/codec/announcer.hpp"
#include "netlinkd/rtnl/codec/attributes.hpp"
#include "netlinkd/rtnl/codec/decode_nexthops.hpp"
#include "netlinkd/rtnl/codec/filter_place.hpp"
#include "netlinkd/rtnl/codec/host_isolation.hpp"
#include "netlinkd/rtnl/codec/neighbours.hpp"
#include "netlinkd/rtnl/codec/newer_attributes.hpp"
#include "netlinkd/rtnl/codec/tag_program.hpp"

namespace kvtep::rtnl::codec {
namespace {

using Event = std::optional<KernelEvent>;

constexpr std::uint8_t kTosInherit = 1;

IfIndex index_of(int ifindex) { return IfIndex{static_cast<std::uint32_t>(ifindex)}; }

// A message's parts; `malformed` where the lengths do not add up.
template <class Header>
struct Parts {
  explicit Parts(Bytes message)
      : malformed(message.size() < kHeaders),
        header(malformed ? Header{} : read_as<Header>(message.subspan(NLMSG_HDRLEN))),
        attributes(malformed ? Bytes{} : message.subspan(kHeaders), malformed) {}
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  static constexpr std::size_t kHeaders = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(Header));
  bool malformed;
  Header header;
  Attributes attributes;
};

Result<Event> refuse(const char* what) {
  return std::unexpected(system_error(EBADMSG, fmt::format("read the kernel's message about a {}", what)));
}

// IFLA_INET_CONF is an array: IPV4_DEVCONF_* count from 1.
std::uint32_t inet_setting(const Attributes& link, unsigned setting) {
  const auto settings = link.nested(IFLA_AF_SPEC).nested(AF_INET).bytes(IFLA_INET_CONF);
  const auto place = (setting - 1) * sizeof(std::uint32_t);
  return settings.size() < place + sizeof(std::uint32_t) ? 0
                                                         : read_as<std::uint32_t>(settings.subspan(place));
}

BridgeInfo bridge_info(const Attributes& link, const Attributes& data) {
  return {.multicast_snooping = data.flag(IFLA_BR_MCAST_SNOOPING),
          .vlan_filtering = data.flag(IFLA_BR_VLAN_FILTERING),
          .calls_firewall = data.flag(IFLA_BR_NF_CALL_IPTABLES) || data.flag(IFLA_BR_NF_CALL_IP6TABLES) ||
                            data.flag(IFLA_BR_NF_CALL_ARPTABLES),
          .ageing_time = data.number<std::uint32_t>(IFLA_BR_AGEING_TIME).value_or(0),
          .mac_limit = data.number<std::uint32_t>(kBridgeMaxLearned),
          .reaches_host = inet_setting(link, IPV4_DEVCONF_ARP_IGNORE) != kArpIgnoreAll ||
                          inet_setting(link, IPV4_DEVCONF_RP_FILTER) != kRpFilterStrict};
}

VxlanInfo vxlan_info(const Attributes& data) {
  VxlanInfo info;
  info.vni = Vni{data.number<std::uint32_t>(IFLA_VXLAN_ID).value_or(0)};
  info.local = data.address(data.has(IFLA_VXLAN_LOCAL6) ? IFLA_VXLAN_LOCAL6 : IFLA_VXLAN_LOCAL);
  // The kernel tells of the unset address as 0.0.0.0 or ::.
  if (info.local && !info.local->is_host()) info.local.reset();
  info.udp_port = data.port(IFLA_VXLAN_PORT).value_or(0);
  info.learning = data.flag(IFLA_VXLAN_LEARNING);
  info.ttl = data.number<std::uint8_t>(IFLA_VXLAN_TTL).value_or(0);
  info.tos_inherit = data.number<std::uint8_t>(IFLA_VXLAN_TOS).value_or(0) == kTosInherit;
  const bool is_v6 = info.local && !info.local->is_v4();
  info.udp_checksum =
      is_v6 ? !(data.flag(IFLA_VXLAN_UDP_ZERO_CSUM6_TX) && data.flag(IFLA_VXLAN_UDP_ZERO_CSUM6_RX))
            : data.flag(IFLA_VXLAN_UDP_CSUM);
  // Flags by presence (GBP, GPE) and by value.
  info.foreign_mode = data.flag(IFLA_VXLAN_COLLECT_METADATA) || data.flag(IFLA_VXLAN_TTL_INHERIT) ||
                      data.number<std::uint32_t>(IFLA_VXLAN_LINK).value_or(0) != 0 ||
                      data.has(IFLA_VXLAN_GROUP) || data.has(IFLA_VXLAN_GROUP6) || data.has(IFLA_VXLAN_GBP) ||
                      data.has(IFLA_VXLAN_GPE);
  return info;
}

LinkInfo link_info(const Attributes& link, const Attributes& info) {
  const auto kind = info.text(IFLA_INFO_KIND);
  const auto data = info.nested(IFLA_INFO_DATA);
  if (kind == "bridge") return bridge_info(link, data);
  if (kind == "vxlan") return vxlan_info(data);
  if (kind == "vlan" && data.port(IFLA_VLAN_PROTOCOL).value_or(ETH_P_8021Q) == ETH_P_8021Q) {
    // A parent in another namespace has a number that means nothing here.
    const auto parent = link.has(IFLA_LINK_NETNSID) ? std::nullopt : link.number<std::uint32_t>(IFLA_LINK);
    return VlanInfo{.vlan = VlanId{data.number<std::uint16_t>(IFLA_VLAN_ID).value_or(0)},
                    .parent = IfIndex{parent.value_or(0)}};
  }
  return PlainInfo{};
}

BridgePort bridge_port_flags(const Attributes& port) {
  return {.learning = port.flag(IFLA_BRPORT_LEARNING),
          .multicast_router =
              port.number<std::uint8_t>(IFLA_BRPORT_MULTICAST_ROUTER).value_or(0) == MDB_RTR_TYPE_PERM,
          .neigh_suppress = port.flag(IFLA_BRPORT_NEIGH_SUPPRESS)};
}

std::optional<BridgePort> bridge_port(const Attributes& info) {
  if (info.text(IFLA_INFO_SLAVE_KIND) != "bridge") return std::nullopt;
  return bridge_port_flags(info.nested(IFLA_INFO_SLAVE_DATA));
}

Result<Event> decode_link(Bytes message, bool is_gone) {
  Parts<ifinfomsg> parts(message);
  const auto& attributes = parts.attributes;
  if (parts.malformed || parts.header.ifi_index <= 0) return refuse("device");
  const auto index = index_of(parts.header.ifi_index);
  if (parts.header.ifi_family == AF_BRIDGE) {
    // AF_BRIDGE RTM_DELLINK says "left the bridge", and the device's own message says so too.
    if (is_gone || !attributes.has(IFLA_PROTINFO)) return Event{};
    const auto port = bridge_port_flags(attributes.nested(IFLA_PROTINFO));
    if (parts.malformed) return refuse("bridge port");
    return Event(BridgePortChanged{index, port});
  }
  if (parts.header.ifi_family != AF_UNSPEC) return Event{};
  if (is_gone) return Event(LinkGone{index});

  Link link;
  link.index = index;
  link.name = attributes.text(IFLA_IFNAME);
  link.alias = attributes.text(IFLA_IFALIAS);
  // Longer and shorter ones belong to devices that are no Ethernet.
  if (attributes.bytes(IFLA_ADDRESS).size() == link.address.bytes.size()) {
    link.address = attributes.mac(IFLA_ADDRESS).value_or(MacAddress{});
  }
  link.master = IfIndex{attributes.number<std::uint32_t>(IFLA_MASTER).value_or(0)};
  link.up = (parts.header.ifi_flags & IFF_UP) != 0;
  link.mtu = attributes.number<std::uint32_t>(IFLA_MTU).value_or(0);
  const auto info = attributes.nested(IFLA_LINKINFO);
  link.info = link_info(attributes, info);
  link.bridge_port = bridge_port(info);
  if (parts.malformed || link.name.empty()) return refuse("device");
  return Event(LinkChanged{std::move(link)});
}

Event bridge_entry(const ndmsg& header, const Attributes& attributes, bool is_gone) {
  if (attributes.number<std::uint16_t>(NDA_VLAN).value_or(0) != 0) return {};  // our bridges have no VLANs
  BridgeEntry entry;
  entry.bridge = IfIndex{attributes.number<std::uint32_t>(NDA_MASTER).value_or(0)};
  entry.port = index_of(header.ndm_ifindex);
  entry.mac = attributes.mac(NDA_LLADDR).value_or(MacAddress{});
  if ((header.ndm_state & NUD_PERMANENT) != 0) {
    entry.kind = BridgeEntryKind::Permanent;
  } else if ((header.ndm_flags & NTF_EXT_LEARNED) != 0) {
    entry.kind = BridgeEntryKind::ExternallyLearned;
  } else if ((header.ndm_state & NUD_NOARP) != 0) {
    entry.kind = BridgeEntryKind::Static;
  }
  if (is_gone) return BridgeEntryGone{entry};
  return BridgeEntryChanged{entry};
}

Event vxlan_entry(const ndmsg& header, const Attributes& attributes, bool is_gone) {
  VxlanEntry entry;
  entry.device = index_of(header.ndm_ifindex);
  entry.mac = attributes.mac(NDA_LLADDR).value_or(MacAddress{});
  entry.destination.address = attributes.address(NDA_DST);
  if (const auto vni = attributes.number<std::uint32_t>(NDA_VNI)) entry.destination.vni = Vni{*vni};
  entry.destination.udp_port = attributes.port(NDA_PORT).value_or(0);
  entry.destination.nexthop_group = attributes.number<std::uint32_t>(NDA_NH_ID).value_or(0);
  entry.lasting = (header.ndm_state & (NUD_PERMANENT | NUD_NOARP)) != 0;
  if (is_gone) return VxlanEntryGone{entry};
  return VxlanEntryChanged{entry};
}

Result<Event> decode_entry(Bytes message, bool is_gone) {
  if (is_about_neighbour(message)) return decode_neighbour(message, is_gone);
  if (message.size() > NLMSG_HDRLEN && message[NLMSG_HDRLEN] != std::byte{AF_BRIDGE}) return Event{};
  Parts<ndmsg> parts(message);
  const auto& attributes = parts.attributes;
  if (parts.malformed || parts.header.ndm_ifindex <= 0) return refuse("forwarding entry");
  Event event;
  if (attributes.has(NDA_MASTER)) {
    event = bridge_entry(parts.header, attributes, is_gone);
  } else if ((parts.header.ndm_flags & NTF_SELF) != 0 &&
             (attributes.has(NDA_DST) || attributes.has(NDA_NH_ID))) {
    event = vxlan_entry(parts.header, attributes, is_gone);
  }
  if (parts.malformed || (event && !attributes.has(NDA_LLADDR))) return refuse("forwarding entry");
  return event;
}

Event tag_filter(IfIndex index, const Attributes& attributes) {
  // What stands at our place, under our handle, and is no program of ours is no filter of ours.
  if (attributes.text(TCA_KIND) != "bpf") return TagFilterGone{index};
  const auto options = attributes.nested(TCA_OPTIONS);
  const auto flags = options.number<std::uint32_t>(TCA_BPF_FLAGS).value_or(0);
  const auto raw = options.bytes(TCA_BPF_OPS);
  std::vector<sock_filter> program(raw.size() / sizeof(sock_filter));
  if (!program.empty()) std::memcpy(program.data(), raw.data(), program.size() * sizeof(sock_filter));
  auto filter = read_tag_program(program);
  if (!filter || (flags & TCA_BPF_FLAG_ACT_DIRECT) == 0) return TagFilterGone{index};
  return TagFilterChanged{index, std::move(*filter)};
}

Result<Event> decode_announcer(const Parts<tcmsg>& parts, IfIndex index, bool is_gone) {
  const auto handle = parts.header.tcm_handle;
  if (handle != kAnnouncer.handle && !(is_gone && handle == 0)) return Event{};
  if (is_gone) return Event(AnnouncerGone{index});
  const auto announcer = read_announcer(parts.attributes);
  if (parts.malformed) return refuse("filter");
  return announcer ? Event(AnnouncerChanged{index, *announcer}) : Event(AnnouncerGone{index});
}

Result<Event> decode_filter(Bytes message, bool is_gone) {
  Parts<tcmsg> parts(message);
  if (parts.malformed) return refuse("filter");
  const auto& header = parts.header;
  const bool is_in_main_chain = parts.attributes.number<std::uint32_t>(TCA_CHAIN).value_or(0) == 0;
  const auto priority = TC_H_MAJ(header.tcm_info) >> 16;
  if (header.tcm_ifindex <= 0 || header.tcm_parent != kIngressHook || !is_in_main_chain) return Event{};
  const auto index = index_of(header.tcm_ifindex);
  if (priority == kAnnouncer.priority) return decode_announcer(parts, index, is_gone);
  if (priority != kTagFilter.priority) return Event{};
  // All filters of a priority go at once under handle 0.
  if (is_gone && header.tcm_handle == 0) return Event(TagFilterGone{index});
  if (header.tcm_handle != kTagFilter.handle) return Event{};
  if (is_gone) return Event(TagFilterGone{index});
  auto event = tag_filter(index, parts.attributes);
  if (parts.malformed) return refuse("filter");
  return event;
}

// With its hook a filter goes in silence, be the hook removed or exchanged.
Result<Event> decode_qdisc(Bytes message) {
  Parts<tcmsg> parts(message);
  if (parts.malformed) return refuse("qdisc");
  if (parts.header.tcm_parent != TC_H_INGRESS || parts.header.tcm_ifindex <= 0) return Event{};
  return Event(HookGone{index_of(parts.header.tcm_ifindex)});
}

}  // namespace

Result<std::optional<KernelEvent>> decode(Bytes message) {
  if (message.size() < NLMSG_HDRLEN) return refuse("nothing");
  const auto header = read_as<nlmsghdr>(message);
  if (header.nlmsg_len != message.size()) return refuse("wrong length");
  switch (header.nlmsg_type) {
    case RTM_NEWLINK: return decode_link(message, false);
    case RTM_DELLINK: return decode_link(message, true);
    case RTM_NEWNEIGH: return decode_entry(message, false);
    case RTM_DELNEIGH: return decode_entry(message, true);
    case RTM_NEWTFILTER: return decode_filter(message, false);
    case RTM_DELTFILTER: return decode_filter(message, true);
    case RTM_NEWNEXTHOP:
    case RTM_DELNEXTHOP: return decode_nexthop(message);
    case RTM_NEWQDISC:
    case RTM_DELQDISC: return decode_qdisc(message);
    default: return Event{};
  }
}

std::optional<IfIndex> ingress_hook_device(Bytes message) {
  if (message.size() < NLMSG_HDRLEN || read_as<nlmsghdr>(message).nlmsg_type != RTM_NEWQDISC)
    return std::nullopt;
  Parts<tcmsg> parts(message);
  if (parts.malformed || parts.header.tcm_ifindex <= 0 || parts.header.tcm_parent != TC_H_INGRESS)
    return std::nullopt;
  return index_of(parts.header.tcm_ifindex);
}

}  // namespace kvtep::rtnl::codec
