#include "netlinkd/planner/ownership.hpp"

namespace kvtep::planner {

bool can_be_port(const Link& link, const Installed& installed, std::string_view switch_name) {
  if (link.name == "lo" || is_owned(link, switch_name) || is_bridge(link) || is_vxlan(link)) return false;
  const auto* vlan = std::get_if<VlanInfo>(&link.info);
  if (vlan == nullptr) return true;
  // A VLAN device on a port in a bridge of ours, not marked yet: it is being made.
  const Link* parent = installed.link(vlan->parent);
  return parent == nullptr || link.name != parent->name + "." + std::to_string(vlan->vlan.value) ||
         !link.alias.empty() || link.up;
}

}  // namespace kvtep::planner
