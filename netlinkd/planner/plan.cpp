#include "netlinkd/planner/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "netlinkd/planner/announcers.hpp"
#include "netlinkd/planner/neighbours.hpp"
#include "netlinkd/planner/ownership.hpp"
#include "netlinkd/planner/port_plan.hpp"
#include "netlinkd/planner/service_nodes.hpp"

namespace kvtep::planner {
namespace {

// The bridge and the vxlan device of every desired switch.
class SwitchPlanner {
 public:
  SwitchPlanner(const Installed& installed, std::string_view switch_name, Plan& plan)
      : installed_(installed), switch_name_(switch_name), plan_(plan) {}

  void plan(const DesiredSwitch& wanted) {
    const Link* bridge = plan_bridge(wanted);
    if (bridge == nullptr) return;
    const Link* vxlan = plan_vxlan(wanted, *bridge);
    if (vxlan != nullptr) plan_multicast(wanted, *vxlan);
  }

  void plan_leftover_nexthops() { service_nodes_.plan_leftovers(); }

 private:
  void step(KernelOp op) { plan_.steps.push_back({.op = std::move(op)}); }

  // The device of that name if it is ours. Where it is not, nothing can be made of the switch: said as a
  // conflict.
  const Link* owned(const std::string& name) {
    const Link* link = installed_.link_named(name);
    if (link == nullptr || is_owned(*link, switch_name_)) return link;
    plan_.conflicts.insert({.object = "device " + name, .reason = "somebody else's device has the name"});
    return nullptr;
  }

  // A device of ours whose alias somebody changed gets it back before anything else is made of it. Not where
  // the alias is another kvtepd's.
  bool lost_mark(const Link& link, const DesiredSwitch& wanted) {
    if (is_owned(link, switch_name_) || link.alias.starts_with("kvtep/")) return false;
    step(SetAlias{.index = link.index, .alias = wanted.alias});
    return true;
  }

  const Link* plan_bridge(const DesiredSwitch& wanted) {
    const Link* found = installed_.link_named(wanted.bridge_name);
    // An address that is made of our switch's name and the VNI: nobody else's bridge has that one.
    if (found != nullptr && is_bridge(*found) && found->address == wanted.bridge_address &&
        lost_mark(*found, wanted))
      return nullptr;
    const Link* bridge = owned(wanted.bridge_name);
    if (bridge == nullptr) {
      if (installed_.link_named(wanted.bridge_name) == nullptr) {
        step(CreateBridge{
            .name = wanted.bridge_name, .alias = wanted.alias, .address = wanted.bridge_address});
      }
      return nullptr;
    }
    if (!is_bridge(*bridge)) {
      step(DeleteLink{.index = bridge->index, .name = bridge->name});
      return nullptr;
    }
    if (bridge->alias != wanted.alias) step(SetAlias{.index = bridge->index, .alias = wanted.alias});
    const auto& there = std::get<BridgeInfo>(bridge->info);
    auto info = wanted.bridge;
    if (!there.mac_limit) info.mac_limit.reset();  // the kernel has no such limit
    if (there != info) step(ConfigureBridge{.index = bridge->index, .info = info});
    if (!bridge->up) step(SetUp{.index = bridge->index});
    return bridge;
  }

  const Link* plan_vxlan(const DesiredSwitch& wanted, const Link& bridge) {
    const Link* found = installed_.link_named(wanted.vxlan_name);
    // Made as we make them, and in our bridge.
    if (found != nullptr && found->info == LinkInfo(wanted.vxlan) && found->master == bridge.index &&
        lost_mark(*found, wanted))
      return nullptr;
    const Link* vxlan = owned(wanted.vxlan_name);
    if (vxlan == nullptr) {
      if (installed_.link_named(wanted.vxlan_name) == nullptr && vni_is_free(wanted.vxlan)) {
        step(CreateVxlan{
            .name = wanted.vxlan_name, .alias = wanted.alias, .info = wanted.vxlan, .bridge = bridge.index});
      }
      return nullptr;
    }
    if (!can_be_made(*vxlan, wanted.vxlan)) {
      step(DeleteLink{.index = vxlan->index, .name = vxlan->name});
      return nullptr;
    }
    // The kernel does not announce the new alias of a device that is down: that waits until it is up.
    if (vxlan->up && vxlan->alias != wanted.alias)
      step(SetAlias{.index = vxlan->index, .alias = wanted.alias});
    if (std::get<VxlanInfo>(vxlan->info) != wanted.vxlan) {
      step(ConfigureVxlan{.index = vxlan->index, .info = wanted.vxlan});
    }
    if (vxlan->mtu != wanted.mtu) step(SetMtu{.index = vxlan->index, .mtu = wanted.mtu});
    plan_vxlan_port(wanted, *vxlan, bridge);
    return vxlan;
  }

  // Up comes last: until learning is off and the filter stands, no frame may pass.
  void plan_vxlan_port(const DesiredSwitch& wanted, const Link& vxlan, const Link& bridge) {
    // Where the bridge snoops, the tunnel still has to get every group: the members at the other ends do not
    // speak IGMP to this bridge.
    const BridgePort port{.learning = false,
                          .multicast_router = wanted.bridge.multicast_snooping,
                          .neigh_suppress = answers_for_hosts(wanted, bridge.index, installed_)};
    const bool in_place = vxlan.master == bridge.index;
    const bool silent = in_place && vxlan.bridge_port == port;
    const TagFilter* filter = installed_.tag_filter(vxlan.index);
    const bool guarded = filter != nullptr && *filter == TagFilter{};
    if (!in_place) step(SetMaster{.index = vxlan.index, .bridge = bridge.index});
    if (in_place && !silent) step(ConfigureBridgePort{.index = vxlan.index, .port = port});
    if (!guarded) step(SetTagFilter{.index = vxlan.index, .filter = {}});
    if (silent && guarded && !vxlan.up) step(SetUp{.index = vxlan.index});
  }

  // The VNI and the UDP port of a live device cannot be changed, nor its mode.
  static bool can_be_made(const Link& link, const VxlanInfo& wanted) {
    const auto* info = std::get_if<VxlanInfo>(&link.info);
    return info != nullptr && info->vni == wanted.vni && info->udp_port == wanted.udp_port &&
           info->udp_checksum == wanted.udp_checksum && !info->foreign_mode &&
           (!info->local || !wanted.local || info->local->is_v4() == wanted.local->is_v4());
  }

  // The kernel lets a (VNI, UDP port) have one device in each address family.
  bool vni_is_free(const VxlanInfo& wanted) {
    for (const auto& [index, link] : installed_.links()) {
      const auto* info = std::get_if<VxlanInfo>(&link.info);
      if (info == nullptr || info->vni != wanted.vni || info->udp_port != wanted.udp_port ||
          info->foreign_mode)
        continue;
      if (info->local && wanted.local && info->local->is_v4() != wanted.local->is_v4()) continue;
      if (is_owned(link, switch_name_)) {
        // A device of ours that was renamed: it has to make room, and is no longer anybody's wish.
        step(DeleteLink{.index = index, .name = link.name});
      } else {
        plan_.conflicts.insert({.object = fmt::format("VNI {}", wanted.vni.value),
                                .reason = fmt::format("somebody else's device {} has the VNI", link.name)});
      }
      return false;
    }
    return true;
  }

  void plan_multicast(const DesiredSwitch& wanted, const Link& vxlan) {
    static const std::set<TunnelDestination> kNone;
    const auto& groups = installed_.vxlan_table(vxlan.index).groups;
    const bool is_behind_group = service_nodes_.plan(wanted, vxlan);
    for (const auto& [mac, list] : wanted.multicast) {
      if (mac.is_zero() && is_behind_group) continue;
      const auto there = groups.find(mac);
      plan_list(vxlan.index, mac, list, there == groups.end() ? kNone : there->second);
    }
    for (const auto& [mac, list] : groups) {
      if (mac.is_zero() && is_behind_group) continue;
      if (!wanted.multicast.contains(mac)) plan_list(vxlan.index, mac, kNone, list);
    }
  }

  void plan_list(IfIndex vxlan, const MacAddress& mac, const std::set<TunnelDestination>& wanted,
                 const std::set<TunnelDestination>& there) {
    // Beside a nexthop group the kernel lets nothing stand, and ignores what is added.
    for (const auto& destination : there) {
      if (destination.nexthop_group != 0 && !ServiceNodeIds::containing(destination.nexthop_group))
        step(RemoveFloodDestination{.vxlan = vxlan, .destination = destination, .group = mac});
    }
    // Add before remove: a short duplicate rather than a loss.
    for (const auto& destination : wanted) {
      if (!there.contains(destination))
        step(AddFloodDestination{.vxlan = vxlan, .destination = destination, .group = mac});
    }
    // The kernel may refuse the addition: what is there goes on until something that is wanted is there.
    const bool is_replaced =
        wanted.empty() || std::ranges::any_of(wanted, [&](const auto& each) { return there.contains(each); });
    for (const auto& destination : there) {
      if (wanted.contains(destination) || !is_replaced || destination.nexthop_group != 0) continue;
      // Where other destinations take over, waiting would only send every frame twice.
      plan_.steps.push_back(
          {.op = RemoveFloodDestination{.vxlan = vxlan, .destination = destination, .group = mac},
           .is_removal = wanted.empty()});
    }
  }

  const Installed& installed_;
  std::string_view switch_name_;
  Plan& plan_;
  ServiceNodes service_nodes_{installed_, switch_name_, plan_};
};

// Devices of ours that nobody wishes for any more.
void plan_leftovers(const Desired& desired, const std::set<std::string>& vlan_devices,
                    const Installed& installed, std::string_view switch_name, Plan& plan) {
  std::set<std::string_view> wanted(vlan_devices.begin(), vlan_devices.end());
  for (const auto& [vni, wish] : desired.switches) {
    wanted.insert(wish.bridge_name);
    wanted.insert(wish.vxlan_name);
  }
  for (const auto& [index, link] : installed.links()) {
    if (!is_owned(link, switch_name) || wanted.contains(link.name)) continue;
    if (const auto* vlan = std::get_if<VlanInfo>(&link.info); vlan != nullptr) {
      // The filter of the port first: without the device, the port's bridge would take the VLAN's frames.
      const TagFilter* filter = installed.tag_filter(vlan->parent);
      const Link* parent = installed.link(vlan->parent);
      const Link* master = parent != nullptr ? installed.link(parent->master) : nullptr;
      const bool is_bridged = master != nullptr && is_owned(*master, switch_name);
      if (is_bridged && filter != nullptr && filter->allowed.contains(vlan->vlan)) continue;
    }
    plan.steps.push_back({.op = DeleteLink{.index = index, .name = link.name}, .is_removal = true});
  }
}

// Sources are added at once, and taken away after a while: what a controller takes back and repeats was never
// gone.
void plan_source_filter(const Desired& desired, const Installed& installed, std::string_view switch_name,
                        Plan& plan) {
  const auto table = source_filter_table(switch_name);
  const auto there = installed.source_filters().find(table);
  const bool is_there = there != installed.source_filters().end();
  if (!desired.source_filter) {
    if (is_there) plan.steps.push_back({.op = RemoveSourceFilter{.table = table}});
    return;
  }
  auto next = *desired.source_filter;
  const bool same_end =
      is_there && there->second.tunnel_ip == next.tunnel_ip && there->second.udp_port == next.udp_port;
  if (same_end) next.allowed.insert(there->second.allowed.begin(), there->second.allowed.end());
  const bool only_removals = same_end && next == there->second;
  if (only_removals && next == *desired.source_filter) return;
  plan.steps.push_back(
      {.op = SetSourceFilter{.table = table, .filter = only_removals ? *desired.source_filter : next},
       .is_removal = only_removals});
}

// One object, one operation: two rules may both have found the same device in the way.
void drop_repeated_steps(Plan& plan) {
  std::vector<Step> once;
  once.reserve(plan.steps.size());
  std::set<IfIndex> deleted;
  for (auto& step : plan.steps) {
    const auto* removal = std::get_if<DeleteLink>(&step.op);
    if (removal != nullptr && !deleted.insert(removal->index).second) continue;
    once.push_back(std::move(step));
  }
  plan.steps = std::move(once);
}

}  // namespace

Plan plan_links(const Desired& desired, const Installed& installed, std::string_view switch_name) {
  Plan plan;
  // A short duplicate rather than a loss: copied before it is suppressed, and until it is no longer.
  auto last_steps = plan_announcers(desired, installed, switch_name, plan);
  SwitchPlanner switches(installed, switch_name, plan);
  for (const auto& [vni, wanted] : desired.switches) switches.plan(wanted);
  const auto vlan_devices = plan_ports(desired, installed, switch_name, plan);
  switches.plan_leftover_nexthops();
  plan_leftovers(desired, vlan_devices, installed, switch_name, plan);
  plan_source_filter(desired, installed, switch_name, plan);
  plan.steps.insert(plan.steps.end(), last_steps.begin(), last_steps.end());
  drop_repeated_steps(plan);
  return plan;
}

}  // namespace kvtep::planner
