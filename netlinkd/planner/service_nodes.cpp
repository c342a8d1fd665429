#include "netlinkd/planner/service_nodes.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "netlinkd/planner/ownership.hpp"

namespace kvtep::planner {
namespace {

// The only destination of the flood list; nothing where it has a VNI of its own, which a nexthop has not.
std::optional<IpAddress> single_node(const DesiredSwitch& wanted) {
  const auto list = wanted.multicast.find(MacAddress{});
  if (list == wanted.multicast.end() || list->second.size() != 1) return std::nullopt;
  const auto& destination = *list->second.begin();
  return destination.vni ? std::nullopt : destination.address;
}

}  // namespace

bool ServiceNodes::plan(const DesiredSwitch& wanted, const Link& vxlan) {
  if (!wanted.vxlan.local) return false;
  const auto ids = ServiceNodeIds::of(wanted.vxlan.vni, wanted.vxlan.local->is_v4());
  const auto& groups = installed_.vxlan_table(vxlan.index).groups;
  const auto there = groups.find(MacAddress{});
  const bool is_empty = there == groups.end();
  const bool has_entry = !is_empty && there->second.contains({.nexthop_group = ids.group});
  if (has_entry) in_use_.insert(ids);
  const auto node = single_node(wanted);
  if (node && (has_entry || (is_empty && wanted.has_standby && are_free(ids)))) {
    in_use_.insert(ids);
    set(*node, ids, vxlan.index, has_entry);
    return true;
  }
  if (!has_entry) return false;
  const bool is_wanted = wanted.multicast.contains(MacAddress{});
  plan_.steps.push_back(
      {.op = RemoveServiceNode{.vxlan = vxlan.index, .ids = ids}, .is_removal = !is_wanted});
  return !is_wanted;
}

void ServiceNodes::set(const IpAddress& node, const ServiceNodeIds& ids, IfIndex vxlan, bool has_entry) {
  const auto& nexthops = installed_.nexthops();
  const auto nexthop = nexthops.find(ids.nexthop);
  const auto group = nexthops.find(ids.group);
  const bool is_right = nexthop != nexthops.end() && nexthop->second.address == node;
  const bool has_group = group != nexthops.end() && group->second.members == std::vector{ids.nexthop};
  if (is_right && has_group && has_entry) return;
  plan_.steps.push_back(
      {.op = SetServiceNode{
           .vxlan = vxlan, .ids = ids, .node = node, .has_group = has_group, .has_entry = has_entry}});
}

bool ServiceNodes::are_free(const ServiceNodeIds& ids) const {
  return std::ranges::none_of(std::array{ids.nexthop, ids.group}, [&](std::uint32_t id) {
    const auto found = installed_.nexthops().find(id);
    return found != installed_.nexthops().end() && found->second.protocol != kNexthopProtocol;
  });
}

void ServiceNodes::plan_leftovers() {
  std::set<ServiceNodeIds> leftovers;
  for (const auto& [id, nexthop] : installed_.nexthops()) {
    const auto ids = ServiceNodeIds::containing(id);
    if (nexthop.protocol == kNexthopProtocol && ids && !in_use_.contains(*ids)) leftovers.insert(*ids);
  }
  if (leftovers.empty()) return;
  for (const auto& [index, link] : installed_.links()) {
    const auto* vxlan = std::get_if<VxlanInfo>(&link.info);
    if (vxlan != nullptr && vxlan->local && !is_owned(link, switch_name_))
      leftovers.erase(ServiceNodeIds::of(vxlan->vni, vxlan->local->is_v4()));
  }
  for (const auto& ids : leftovers)
    plan_.steps.push_back({.op = RemoveServiceNode{.vxlan = {}, .ids = ids}, .is_removal = true});
}

}  // namespace kvtep::planner
