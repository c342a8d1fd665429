#include "netlinkd/planner/port_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "netlinkd/planner/ownership.hpp"

namespace kvtep::planner {
namespace {

constexpr std::size_t kNameLimit = 15;

class PortPlanner {
 public:
  PortPlanner(const Desired& desired, const Installed& installed, std::string_view switch_name, Plan& plan)
      : desired_(desired), installed_(installed), switch_name_(switch_name), plan_(plan) {
    for (const auto& [index, link] : installed.links()) {
      has_neighbours_ = has_neighbours_ || (link.alias.starts_with("kvtep/") && !is_owned(link, switch_name));
      if (const auto* vlan = std::get_if<VlanInfo>(&link.info))
        vlan_devices_[{vlan->parent, vlan->vlan}] = &link;
    }
  }

  std::set<std::string> plan() {
    for (const auto& [name, wanted] : desired_.ports) {
      const Link* port = installed_.link_named(name);
      if (port == nullptr || !is_free(*port)) continue;  // a missing one comes back as an event
      for (const auto& [vlan, vni] : wanted.tagged) plan_tagged(*port, vlan, vni);
      if (wanted.untagged) plan_untagged(*port, wanted);
    }
    for (const auto& [index, link] : installed_.links()) release(link);
    return std::move(wished_vlan_devices_);
  }

 private:
  void step(KernelOp op) { plan_.steps.push_back({.op = std::move(op)}); }

  void conflict(const Link& port, std::string reason) {
    plan_.conflicts.insert({.object = "port " + port.name, .reason = std::move(reason)});
    plan_.conflicting_ports.insert(port.name);
  }

  // The switch's bridge where it is there already.
  const Link* bridge_of(Vni vni) const {
    const auto wanted = desired_.switches.find(vni);
    if (wanted == desired_.switches.end()) return nullptr;
    const Link* bridge = installed_.link_named(wanted->second.bridge_name);
    return bridge != nullptr && is_owned(*bridge, switch_name_) && is_bridge(*bridge) ? bridge : nullptr;
  }

  const Link* vlan_device(const Link& port, VlanId vlan) const {
    const auto device = vlan_devices_.find({port.index, vlan});
    return device == vlan_devices_.end() ? nullptr : device->second;
  }

  bool is_in_our_bridge(const Link& link) const {
    const Link* master = installed_.link(link.master);
    return master != nullptr && is_owned(*master, switch_name_);
  }

  // A port in somebody else's bridge or bond is never stolen.
  bool is_free(const Link& port) {
    if (!port.master || is_in_our_bridge(port)) return true;
    const Link* master = installed_.link(port.master);
    conflict(port, fmt::format("the device belongs to {}, which is not ours",
                               master ? master->name : "another device"));
    return false;
  }

  // Puts a guarded device into the bridge: the filter has to be seen in place first.
  bool enslave(const Link& link, const Link& bridge, bool guarded) {
    if (link.master == bridge.index) return true;
    if (!guarded) return false;
    // Or its new network's hosts would be announced in the old one's tunnel.
    if (link.master && installed_.announcer(link.index)) step(RemoveAnnouncer{.index = link.index});
    step(SetMaster{.index = link.index, .bridge = bridge.index});
    return false;
  }

  // Whose MACs are not learned is not published, and gets its frames by flooding alone.
  void plan_bridge_port(const Link& link) {
    if (!link.bridge_port || link.bridge_port->learning) return;
    auto port = *link.bridge_port;
    port.learning = true;
    step(ConfigureBridgePort{.index = link.index, .port = port});
  }

  void plan_untagged(const Link& port, const DesiredPort& wanted) {
    const bool guarded = plan_port_filter(port, wanted);
    const Link* bridge = bridge_of(*wanted.untagged);
    if (bridge != nullptr && enslave(port, *bridge, guarded)) plan_bridge_port(port);
  }

  // The VLANs with a device on the port pass, to that device; a VLAN whose device is about to go stays open
  // until then. True once what is installed lets nothing else in.
  bool plan_port_filter(const Link& port, const DesiredPort& wanted) {
    const TagFilter* installed = installed_.tag_filter(port.index);
    TagFilter target;
    for (const auto& [vlan, vni] : wanted.tagged) {
      if (vlan_device(port, vlan) != nullptr) target.allowed.insert(vlan);
    }
    TagFilter transition = target;
    if (installed != nullptr) {
      for (const auto vlan : installed->allowed) {
        if (vlan_device(port, vlan) != nullptr) transition.allowed.insert(vlan);
      }
    }
    if (installed == nullptr || *installed != transition) {
      step(SetTagFilter{.index = port.index, .filter = transition});
      return false;
    }
    if (*installed != target) {
      plan_.steps.push_back({.op = SetTagFilter{.index = port.index, .filter = target}, .is_removal = true});
    }
    return true;
  }

  void plan_tagged(const Link& port, VlanId vlan, Vni vni) {
    const auto wanted = desired_.switches.find(vni);
    if (wanted == desired_.switches.end()) return;
    const auto name = vlan_device_name(port, vlan);
    wished_vlan_devices_.insert(name);
    const Link* device = vlan_device(port, vlan);
    if (device == nullptr) {
      if (const Link* other = installed_.link_named(name); other != nullptr) {
        conflict(port,
                 fmt::format("the name {} of its VLAN {} is taken by another device", name, vlan.value));
        return;
      }
      step(CreateVlan{
          .name = name, .alias = wanted->second.alias, .info = {.vlan = vlan, .parent = port.index}});
      return;
    }
    const Link* bridge = bridge_of(vni);
    if (!is_owned(*device, switch_name_) && device->name == name && bridge != nullptr &&
        device->master == bridge->index && !device->alias.starts_with("kvtep/")) {
      // Somebody changed the mark of a device that is where we put it.
      step(SetAlias{.index = device->index, .alias = wanted->second.alias});
      return;
    }
    if (!is_owned(*device, switch_name_)) {
      conflict(port, fmt::format("its VLAN {} belongs to the device {}, which is not ours", vlan.value,
                                 device->name));
      return;
    }
    wished_vlan_devices_.insert(device->name);  // whatever an operator renamed it to
    plan_vlan_device(*device, port, wanted->second.alias, bridge);
  }

  void plan_vlan_device(const Link& device, const Link& port, const std::string& alias, const Link* bridge) {
    if (device.up && device.alias != alias) step(SetAlias{.index = device.index, .alias = alias});
    const TagFilter* filter = installed_.tag_filter(device.index);
    const bool guarded = filter != nullptr && *filter == TagFilter{};
    if (!guarded) step(SetTagFilter{.index = device.index, .filter = {}});
    // It follows its port down, but not up.
    if (device.mtu != port.mtu) step(SetMtu{.index = device.index, .mtu = port.mtu});
    const bool in_place = bridge != nullptr && enslave(device, *bridge, guarded);
    if (in_place) plan_bridge_port(device);
    // The kernel refuses to set it up while the port is down, and does it itself when the port comes up.
    if (in_place && guarded && port.up && !device.up) step(SetUp{.index = device.index});
  }

  // Takes out of our bridges what has no business there, and our filter off the ports that are free again.
  void release(const Link& link) {
    if (is_owned(link, switch_name_)) return;
    const auto wanted = desired_.ports.find(link.name);
    const bool wants_bridge = wanted != desired_.ports.end() && wanted->second.untagged;
    if (is_in_our_bridge(link)) {
      if (!wants_bridge) plan_.steps.push_back({.op = SetMaster{.index = link.index}, .is_removal = true});
      return;
    }
    // Where another kvtepd works in this namespace, a filter on a device that is no port of ours may be its
    // own.
    const bool may_be_ours = desired_.inventory.contains(link.name) || !has_neighbours_;
    if (!wants_bridge && may_be_ours && installed_.tag_filter(link.index) != nullptr) {
      step(RemoveTagFilter{.index = link.index});
    }
  }

  const Desired& desired_;
  const Installed& installed_;
  std::string_view switch_name_;
  Plan& plan_;
  std::map<std::pair<IfIndex, VlanId>, const Link*> vlan_devices_;
  std::set<std::string> wished_vlan_devices_;
  bool has_neighbours_ = false;
};

}  // namespace

std::set<std::string> plan_ports(const Desired& desired, const Installed& installed,
                                 std::string_view switch_name, Plan& plan) {
  return PortPlanner(desired, installed, switch_name, plan).plan();
}

std::string vlan_device_name(const Link& port, VlanId vlan) {
  auto name = fmt::format("{}.{}", port.name, vlan.value);
  if (name.size() > kNameLimit) name = fmt::format("kv{:x}.{}", port.index.value, vlan.value);
  return name;
}

}  // namespace kvtep::planner
