// For which IP addresses a bridge answers, one at a time: there may be as many as there are remote MACs
// (Ucast_Macs_Remote.ipaddr). Pure.
#pragma once

#include <optional>
#include <set>

#include "netlinkd/planner/remote_mac.hpp"

namespace kvtep::planner {

// Whether the bridge answers for hosts behind the tunnel: as long as it has answers, or an entry of ours is
// there.
bool answers_for_hosts(const DesiredSwitch& wanted, IfIndex bridge, const Installed& installed);

// Whether any row says an address, and the kernel can answer for it: a bridge that answers keeps
// announcements of moves from the tunnel, so it must be able to copy these.
bool has_answers(const View& view, const Uuid& logical_switch);

// The MAC with which the database wants the address answered: of several, the lowest wins. The address of a
// row whose locator cannot be used, or is our own, is no remote host's. Rows that lose are added to `issues`
// where it is given.
std::optional<MacAddress> remote_neighbour(const View& view, const Uuid& logical_switch,
                                           const IpAddress& address, const TunnelEnd& end,
                                           std::set<Issue>* issues = nullptr);

// Somebody else's entry for the address, which is left alone.
const Neighbour* foreign_neighbour(const IpAddress& address, const SwitchLinks& links,
                                   const Installed& installed);

// What has to be done so that the bridge answers for the address with `wanted`, or not at all.
std::optional<Step> plan_neighbour(const IpAddress& address, const std::optional<MacAddress>& wanted,
                                   const SwitchLinks& links, const Installed& installed);

}  // namespace kvtep::planner
