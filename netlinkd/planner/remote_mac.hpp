// Remote MACs, one at a time: there may be a million, and one that changes must not cost a look at the
// others.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "netlinkd/model/desired.hpp"
#include "netlinkd/model/installed.hpp"
#include "netlinkd/planner/desired.hpp"
#include "netlinkd/planner/locators.hpp"
#include "netlinkd/planner/plan.hpp"

namespace kvtep::planner {

// Where the database wants frames for the MAC sent: of several rows, the one with the lowest address wins.
// Rows that cannot be honoured are added to `issues` where it is given.
std::optional<TunnelDestination> remote_destination(const View& view, const Uuid& logical_switch,
                                                    const MacAddress& mac, const TunnelEnd& end,
                                                    std::set<Issue>* issues = nullptr);

// The devices of a realized switch.
struct SwitchLinks {
  IfIndex bridge;
  IfIndex vxlan;

  bool operator==(const SwitchLinks&) const = default;
};
// Nothing until both are there and ours.
std::optional<SwitchLinks> switch_links(const DesiredSwitch& wanted, const Installed& installed,
                                        std::string_view switch_name);

// The port of ours behind which the bridge has seen the MAC (learned, or set by an operator): none where the
// MAC is unknown, remote, or the bridge's own.
std::optional<IfIndex> local_port(const Installed& installed, const SwitchLinks& links,
                                  const MacAddress& mac);

// What has to be done so that the MAC is where `wanted` says. Where the MAC has been seen on a local port
// since `wanted` was programmed, `yields` is true, and the local entry is left alone: local learning wins
// until the row changes.
std::optional<Step> plan_remote_mac(const MacAddress& mac, const std::optional<TunnelDestination>& wanted,
                                    bool yields, const SwitchLinks& links, const Installed& installed);

}  // namespace kvtep::planner
