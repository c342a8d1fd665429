// The part of plan_links() that has to do with physical ports: which bridge a port is in, its VLAN devices,
// its filter.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "netlinkd/planner/plan.hpp"

namespace kvtep::planner {

// Adds the steps and conflicts to `plan`; returns the names of the VLAN devices that are wished for.
std::set<std::string> plan_ports(const Desired& desired, const Installed& installed,
                                 std::string_view switch_name, Plan& plan);

// "<port>.<vlan>" where it fits into the 15 bytes of a device name (IFNAMSIZ), else "kv<ifindex of the
// port>.<vlan>".
std::string vlan_device_name(const Link& port, VlanId vlan);

}  // namespace kvtep::planner
