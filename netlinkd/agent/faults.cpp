// What the operations that do not work come to in the fault columns.

#include "netlinkd/agent/agent.hpp"
#include "netlinkd/planner/mac_limits.hpp"

namespace kvtep::agent {

planner::Faults Agent::faults() const {
  const auto& troubles = retry_.troubles();
  planner::Faults faults{.mac_table_exhaustion = troubles.macs > 0,
                         .tunnel_exhaustion = troubles.tunnels > 0,
                         .unspecified = troubles.parked > 0,
                         .full = {},
                         .conflicting_ports = last_links_.conflicting_ports,
                         .failing_ports = {}};
  if (!desired_) return faults;
  faults.full = planner::full_tables(options_.settings, *desired_, installed_);
  if (troubles.parked == 0) return faults;
  for (const auto index : retry_.parked_devices()) {
    const Link* link = installed_.link(index);
    // What is wrong with a VLAN device is wrong with its port.
    if (link != nullptr && !desired_->inventory.contains(link->name)) {
      const auto* vlan = std::get_if<VlanInfo>(&link->info);
      if (vlan != nullptr) link = installed_.link(vlan->parent);
    }
    if (link != nullptr && desired_->inventory.contains(link->name)) faults.failing_ports.insert(link->name);
  }
  return faults;
}

void Agent::look_at_faults() {
  auto now = faults();
  if (now == last_faults_) return;
  last_faults_ = std::move(now);
  unreported_.everything = true;  // rows too: where a table was full, some wait for room
  for (const auto& issue : issues_of_full_tables()) say(issue);
}

std::set<Issue> Agent::issues_of_full_tables() const {
  if (!desired_) return {};
  return planner::issues_of(last_faults_.full, options_.settings, *desired_);
}

}  // namespace kvtep::agent
