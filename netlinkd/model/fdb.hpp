// Forwarding entries. The kernel keeps two tables: a bridge's (which port?) and a vxlan device's (which
// VTEP?).
#pragma once

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>

#include "netlinkd/base/ids.hpp"
#include "netlinkd/base/ip_address.hpp"
#include "netlinkd/base/mac_address.hpp"

namespace kvtep {

// How a bridge's entry came about (ndm_state and ndm_flags of RTM_NEWNEIGH with NDA_MASTER).
enum class BridgeEntryKind {
  Learned,           // from a frame; ages
  Static,            // an operator's, for a host behind the port (NUD_NOARP)
  Permanent,         // the port's or bridge's own address (NUD_PERMANENT): never a host
  ExternallyLearned  // NTF_EXT_LEARNED: ours, where it is on a vxlan port
};

// An entry of a bridge's table: frames for `mac` leave by `port`. Its identity is (bridge, mac).
struct BridgeEntry {
  IfIndex bridge;
  IfIndex port;
  MacAddress mac;
  BridgeEntryKind kind = BridgeEntryKind::Learned;

  bool operator==(const BridgeEntry&) const = default;
};

// Where a vxlan device sends a frame. `vni` and `udp_port` only where they differ from the device's own
// (NDA_VNI, NDA_PORT); an entry that names a nexthop group (NDA_NH_ID) has no address.
struct TunnelDestination {
  std::optional<IpAddress> address;
  std::optional<Vni> vni;
  std::uint16_t udp_port = 0;
  std::uint32_t nexthop_group = 0;

  auto operator<=>(const TunnelDestination&) const = default;
};

// An entry of a vxlan device's table ("self"). A host's MAC has one destination; the zero MAC (the flood
// list) and group MACs have one entry a destination.
struct VxlanEntry {
  IfIndex device;
  MacAddress mac;
  TunnelDestination destination;
  // NUD_PERMANENT or NUD_NOARP: it does not age and outlives the device's going down.
  bool lasting = true;

  bool operator==(const VxlanEntry&) const = default;
};

std::ostream& operator<<(std::ostream& out, BridgeEntryKind kind);
std::ostream& operator<<(std::ostream& out, const BridgeEntry& entry);
std::ostream& operator<<(std::ostream& out, const TunnelDestination& destination);
std::ostream& operator<<(std::ostream& out, const VxlanEntry& entry);

}  // namespace kvtep
