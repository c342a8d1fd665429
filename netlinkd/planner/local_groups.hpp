// Which multicast groups hosts of a switch asked for, as MAC addresses (Mcast_Macs_Local). Pure.
#pragma once

#include <functional>
#include <optional>
#include <set>

#include "netlinkd/model/installed.hpp"
#include "netlinkd/planner/remote_mac.hpp"

namespace kvtep::planner {

// RFC 1112 section 6.4 and RFC 2464 section 7. Several groups may have one MAC.
MacAddress group_mac(const IpAddress& group);

// Groups of link-local scope are left out: every IPv6 host is in one of its own (its solicited-node group),
// and a bridge floods them whatever anybody asked for.
std::set<MacAddress> local_groups(const Installed& installed, const SwitchLinks& links,
                                  const std::function<bool(IfIndex)>& is_bound_port);

}  // namespace kvtep::planner
