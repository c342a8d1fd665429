// A network device as the kernel describes it (RTM_NEWLINK): the part that kvtep compares. Plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <variant>

#include "netlinkd/base/ids.hpp"
#include "netlinkd/base/ip_address.hpp"
#include "netlinkd/base/mac_address.hpp"

namespace kvtep {

// IFLA_INFO_KIND "bridge"; IFLA_BR_*.
struct BridgeInfo {
  bool multicast_snooping = false;
  bool vlan_filtering = false;
  // IFLA_BR_NF_CALL_*: br_netfilter shows the bridge's frames to the host's firewall.
  bool calls_firewall = false;
  std::uint32_t ageing_time = 30000;  // IFLA_BR_AGEING_TIME, in hundredths of a second
  // IFLA_BR_FDB_MAX_LEARNED: how many MACs it learns; 0: any number. Empty where the kernel has no such
  // limit.
  std::optional<std::uint32_t> mac_limit = 0;
  // The host is no host of the bridge's network: it answers no ARP request there (arp_ignore) and takes no
  // IPv4 packet whose sender it would not reach by the bridge (rp_filter). IFLA_INET_CONF.
  bool reaches_host = false;

  bool operator==(const BridgeInfo&) const = default;
};

// IFLA_INFO_KIND "vxlan"; IFLA_VXLAN_*. All our devices are configured alike but for `vni` and `local`:
// Spectrum refuses to offload them otherwise. `vni` and `udp_port` cannot be changed on a live device.
struct VxlanInfo {
  Vni vni;
  std::optional<IpAddress> local;
  std::uint16_t udp_port = 4789;
  bool learning = false;
  std::uint8_t ttl = 64;
  bool tos_inherit = true;
  bool udp_checksum = false;
  // External (collect-metadata) mode, a lower device or a default destination: never on a device of ours.
  bool foreign_mode = false;

  bool operator==(const VxlanInfo&) const = default;
};

// IFLA_INFO_KIND "vlan"; IFLA_VLAN_ID. Only 802.1Q: a device of another protocol is PlainInfo.
struct VlanInfo {
  VlanId vlan;
  IfIndex parent;  // IFLA_LINK

  bool operator==(const VlanInfo&) const = default;
};

// Every other kind, physical ports among them.
struct PlainInfo {
  bool operator==(const PlainInfo&) const = default;
};

using LinkInfo = std::variant<PlainInfo, BridgeInfo, VxlanInfo, VlanInfo>;

// What a bridge keeps of a port (IFLA_BRPORT_*). Only there while the device has a bridge as its master.
struct BridgePort {
  bool learning = true;
  // Multicast of every group goes there (IFLA_BRPORT_MULTICAST_ROUTER is 2), whoever asked for it.
  bool multicast_router = false;
  // IFLA_BRPORT_NEIGH_SUPPRESS: the bridge answers ARP requests and Neighbour Solicitations for hosts behind
  // the port itself, from the neighbours that it knows, and sends none of those there.
  bool neigh_suppress = false;

  bool operator==(const BridgePort&) const = default;
};

struct Link {
  IfIndex index;
  std::string name;
  std::string alias;  // IFLA_IFALIAS
  MacAddress address;
  IfIndex master;   // IFLA_MASTER
  bool up = false;  // IFF_UP, the administrative state
  std::uint32_t mtu = 0;
  LinkInfo info;
  std::optional<BridgePort> bridge_port;

  bool operator==(const Link&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Link& link);

}  // namespace kvtep
