#include "netlinkd/ctl/teardown.hpp"

#include <vector>

#include "netlinkd/planner/ownership.hpp"
#include "netlinkd/planner/plan.hpp"
#include "netlinkd/rtnl/transactor.hpp"

namespace kvtep::ctl {
namespace {

// A plan has only steps whose preconditions are there; taking everything down needs three or four plans.
constexpr int kMostPlans = 16;

// The devices in bridges of ours, and those under VLAN devices of ours: once these are gone, nothing says any
// more that their filters are ours. A daemon that was killed may have left a filter on a port that is out of
// its bridge.
std::set<std::string> ports_of(const Installed& installed, const std::string& switch_name) {
  std::set<std::string> ports;
  for (const auto& [index, link] : installed.links()) {
    const Link* master = installed.link(link.master);
    if (master != nullptr && planner::is_owned(*master, switch_name)) ports.insert(link.name);
    const auto* vlan = std::get_if<VlanInfo>(&link.info);
    const Link* parent = vlan == nullptr ? nullptr : installed.link(vlan->parent);
    if (parent != nullptr && planner::is_owned(link, switch_name)) ports.insert(parent->name);
  }
  return ports;
}

}  // namespace

Result<std::size_t> teardown(const std::string& switch_name) {
  auto kernel = rtnl::Transactor::open();
  if (!kernel) return std::unexpected(kernel.error());
  Desired nothing;
  std::size_t operations = 0;
  for (int i = 0; i < kMostPlans; ++i) {
    const auto snapshot = kernel->dump();
    if (!snapshot) return std::unexpected(snapshot.error());
    const auto installed = Installed::from(*snapshot);
    nothing.inventory.merge(ports_of(installed, switch_name));
    std::vector<KernelOp> ops;
    for (auto& step : planner::plan_links(nothing, installed, switch_name).steps)
      ops.push_back(std::move(step.op));
    if (ops.empty()) return operations;
    operations += ops.size();
    std::optional<Error> first;
    bool progress = false;
    for (const auto& result : kernel->apply(ops)) {
      progress = progress || !result.error;
      if (result.error && !first) first = result.error;
    }
    if (!progress) return std::unexpected(*first);
  }
  return std::unexpected(usage_error("somebody puts back what is removed: is kvtepd running?"));
}

}  // namespace kvtep::ctl
