#include "netlinkd/agent/drift.hpp"

#include <utility>

#include "netlinkd/agent/op_key.hpp"

namespace kvtep::agent {
namespace {

// The object itself comes first; then what it stands or falls with: the bridge that it is put into, the port
// that a VLAN device is on.
std::vector<std::string> objects_of(const KernelOp& op, const Installed& installed) {
  std::vector<std::string> names;
  const auto add = [&](IfIndex index) {
    if (const Link* link = installed.link(index); link != nullptr) names.push_back(link->name);
  };
  const auto key = key_of(op);
  if (!key.name.empty()) names.push_back(key.name);
  add(key.index);
  if (const Link* link = installed.link(key.index); link != nullptr) {
    if (const auto* vlan = std::get_if<VlanInfo>(&link->info)) add(vlan->parent);
  }
  if (const auto* vxlan = std::get_if<CreateVxlan>(&op)) add(vxlan->bridge);
  if (const auto* vlan = std::get_if<CreateVlan>(&op)) add(vlan->info.parent);
  if (const auto* master = std::get_if<SetMaster>(&op)) add(master->bridge);
  return names;
}

}  // namespace

std::vector<std::string> DriftWatch::look(const std::vector<planner::Step>& steps,
                                          const Installed& installed) {
  const bool is_progress = std::exchange(is_new_, false);
  const auto before = std::exchange(unsettled_, {});
  std::vector<std::string> changed;
  for (const auto& step : steps) {
    const auto objects = objects_of(step.op, installed);
    bool is_known = is_progress || objects.empty();
    for (const auto& object : objects) {
      is_known = is_known || before.contains(object) || unsettled_.contains(object);
    }
    if (!is_known) changed.push_back(objects.front());
    unsettled_.insert(objects.begin(), objects.end());
  }
  return changed;
}

}  // namespace kvtep::agent
