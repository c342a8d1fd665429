// From rows to tunnel destinations.
#pragma once

#include <expected>
#include <set>
#include <string>

#include "netlinkd/planner/desired.hpp"

namespace kvtep::planner {

// Physical_Locator.encapsulation_type, the only one that the schema has.
inline constexpr std::string_view kVxlanOverIpv4 = "vxlan_over_ipv4";

// What a frame of a switch can be sent to; `why not` is for people.
struct TunnelEnd {
  IpAddress own;  // our own tunnel IP: its family is the underlay's, and it is never a destination
  Vni vni;        // of the Logical_Switch's vxlan device
  // The Logical_Switch has no tunnel_key: each locator has to have one.
  bool needs_key = false;
};
TunnelEnd tunnel_end(const DesiredSwitch& wanted);

// Where the locator's packets go, with its tunnel_key where that differs from the switch's; or the reason why
// it is no destination. Our own address is neither: an empty optional.
std::expected<std::optional<TunnelDestination>, std::string> destination(const hwvtep::Database& database,
                                                                         const Uuid& locator,
                                                                         const TunnelEnd& end);

}  // namespace kvtep::planner
