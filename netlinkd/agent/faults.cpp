// What the operations that do not work come to in the fault columns.

#include "netlinkd/agent/agent.hpp"

namespace kvtep::agent {

planner::Faults Agent::faults() const {
  const auto& troubles = retry_.troubles();
  planner::Faults faults{.mac_table_exhaustion = troubles.macs > 0,
                         .tunnel_exhaustion = troubles.tunnels > 0,
                         .unspecified = troubles.parked > 0,
                         .conflicting_ports = last_links_.conflicting_ports,
                         .failing_ports = {}};
  if (troubles.parked == 0 || !desired_) return faults;
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
  unreported_.everything = true;
}

}  // namespace kvtep::agent
