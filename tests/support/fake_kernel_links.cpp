// Links: what operations, and an operator's hands, do to them.
#include "tests/support/fake_kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace kvtep::testing {
namespace {

constexpr std::size_t kNameLimit = 15;  // IFNAMSIZ, the terminating zero included, is 16
constexpr std::size_t kAliasLimit = 255;

void demand(int error, const std::string& what) {
  if (error != 0) throw std::logic_error(system_error(error, "fake kernel: " + what).message);
}

bool is_bridge(const Link& link) { return std::holds_alternative<BridgeInfo>(link.info); }
bool is_vxlan(const Link& link) { return std::holds_alternative<VxlanInfo>(link.info); }

// What decides the family of a vxlan device; one without a local address is IPv4.
bool is_v4(const VxlanInfo& info) { return !info.local || info.local->is_v4(); }

}  // namespace

FakeKernel::Device* FakeKernel::find(IfIndex index) {
  const auto place = devices_.find(index);
  return place == devices_.end() ? nullptr : &place->second;
}

FakeKernel::Device& FakeKernel::require(IfIndex index) {
  Device* device = find(index);
  if (device == nullptr) demand(ENODEV, "device " + std::to_string(index.value));
  return *device;
}

IfIndex FakeKernel::index_of(std::string_view name) const {
  for (const auto& [index, device] : devices_) {
    if (device.link.name == name) return index;
  }
  return {};
}

std::vector<IfIndex> FakeKernel::ports_of(IfIndex bridge) const {
  std::vector<IfIndex> ports;
  for (const auto& [index, device] : devices_) {
    if (device.link.master == bridge) ports.push_back(index);
  }
  return ports;
}

std::vector<IfIndex> FakeKernel::vlans_of(IfIndex parent) const {
  std::vector<IfIndex> vlans;
  for (const auto& [index, device] : devices_) {
    const auto* info = std::get_if<VlanInfo>(&device.link.info);
    if (info != nullptr && info->parent == parent) vlans.push_back(index);
  }
  return vlans;
}

FakeKernel::Errno FakeKernel::check_new_name(const std::string& name) const {
  if (name.empty() || name == "." || name == ".." || name.find_first_of("/: \t\n") != std::string::npos) {
    return EINVAL;
  }
  if (name.size() > kNameLimit) return ERANGE;  // the attribute's length is refused
  return index_of(name) ? EEXIST : 0;
}

// One VNI, UDP port and address family has one device (vxlan_vni_in_use).
FakeKernel::Errno FakeKernel::check_vxlan(const VxlanInfo& info) const {
  for (const auto& [index, device] : devices_) {
    const auto* other = std::get_if<VxlanInfo>(&device.link.info);
    if (other != nullptr && other->vni == info.vni && other->udp_port == info.udp_port &&
        is_v4(*other) == is_v4(info) && other->foreign_mode == info.foreign_mode) {
      return EEXIST;
    }
  }
  return 0;
}

FakeKernel::Errno FakeKernel::check_vlan(const VlanInfo& info) {
  if (find(info.parent) == nullptr) return ENODEV;
  const auto others = vlans_of(info.parent);
  const bool taken = std::ranges::any_of(
      others, [&](IfIndex other) { return std::get<VlanInfo>(require(other).link.info).vlan == info.vlan; });
  return taken ? EEXIST : 0;
}

// do_set_master() of net/core/rtnetlink.c, br_add_if().
FakeKernel::Errno FakeKernel::check_master(const Device& device, IfIndex master) {
  const Device* bridge = find(master);
  if (bridge == nullptr) return EINVAL;
  if (!is_bridge(bridge->link)) return EOPNOTSUPP;
  if (is_bridge(device.link)) return ELOOP;
  if (device.link.name == "lo") return EINVAL;
  return 0;
}

// Links

FakeKernel::Device& FakeKernel::add_device(const std::string& name, const LinkInfo& info) {
  last_index_.value += 1;
  Device device;
  const auto low = static_cast<std::uint8_t>(last_index_.value);
  const auto high = static_cast<std::uint8_t>(last_index_.value >> 8);
  device.link = {.index = last_index_,
                 .name = name,
                 .address = {{0x06, 0xfa, 0x4e, 0x00, high, low}},
                 .mtu = 1500,
                 .info = info};
  return devices_.emplace(last_index_, std::move(device)).first->second;
}

FakeKernel::Errno FakeKernel::run(const CreateBridge& op) {
  if (op.alias.size() > kAliasLimit) return ERANGE;
  if (op.address.is_zero() || op.address.is_group()) return EADDRNOTAVAIL;
  if (const Errno error = check_new_name(op.name)) return error;
  auto& bridge = add_device(op.name, new_bridge());
  bridge.link.address = op.address;
  bridge.link.alias = op.alias;
  add_local(bridge, op.address, bridge.link.index);
  tell_link(bridge);
  return bring_up(bridge);
}

FakeKernel::Errno FakeKernel::run(const CreateVxlan& op) {
  if (op.alias.size() > kAliasLimit) return ERANGE;
  if (const Errno error = check_new_name(op.name)) return error;
  if (const Errno error = check_vxlan(op.info)) return error;
  Device* bridge = find(op.bridge);
  if (bridge == nullptr) return EINVAL;
  if (!is_bridge(bridge->link)) return EOPNOTSUPP;
  auto& vxlan = add_device(op.name, op.info);
  vxlan.link.alias = op.alias;
  tell_link(vxlan);
  attach(vxlan, *bridge);
  vxlan.link.bridge_port = BridgePort{.learning = false};
  tell_link(vxlan);
  return 0;
}

FakeKernel::Errno FakeKernel::run(const CreateVlan& op) {
  if (op.alias.size() > kAliasLimit) return ERANGE;
  if (const Errno error = check_new_name(op.name)) return error;
  if (const Errno error = check_vlan(op.info)) return error;
  auto& vlan = add_device(op.name, op.info);
  vlan.link.address = require(op.info.parent).link.address;
  vlan.link.mtu = require(op.info.parent).link.mtu;
  vlan.link.alias = op.alias;
  tell_link(vlan);
  return 0;
}

FakeKernel::Errno FakeKernel::run(const DeleteLink& op) {
  if (find(op.index) == nullptr) return ENODEV;
  if (op.index == IfIndex{1}) return EOPNOTSUPP;
  remove(op.index);
  return 0;
}

FakeKernel::Errno FakeKernel::run(const SetAlias& op) {
  Device* device = find(op.index);
  if (device == nullptr) return ENODEV;
  if (op.alias.size() > kAliasLimit) return ERANGE;
  device->link.alias = op.alias;
  tell_link(*device);
  return 0;
}

FakeKernel::Errno FakeKernel::run(const SetUp& op) {
  Device* device = find(op.index);
  return device == nullptr ? ENODEV : bring_up(*device);
}

FakeKernel::Errno FakeKernel::run(const SetMtu& op) {
  Device* device = find(op.index);
  if (device == nullptr) return ENODEV;
  const auto* vlan = std::get_if<VlanInfo>(&device->link.info);
  if (vlan != nullptr && op.mtu > require(vlan->parent).link.mtu) return ERANGE;
  if (device->link.mtu == op.mtu) return 0;
  device->link.mtu = op.mtu;
  tell_link(*device);
  follow_mtu(*device);
  return 0;
}

// vlan_device_event(NETDEV_CHANGEMTU), br_mtu_auto_adjust().
void FakeKernel::follow_mtu(const Device& device) {
  for (const auto index : vlans_of(device.link.index)) {
    if (require(index).link.mtu > device.link.mtu) run(SetMtu{.index = index, .mtu = device.link.mtu});
  }
  Device* bridge = find(device.link.master);
  if (bridge == nullptr) return;
  std::uint32_t smallest = 0;
  for (const auto port : ports_of(bridge->link.index)) {
    const auto mtu = require(port).link.mtu;
    if (smallest == 0 || mtu < smallest) smallest = mtu;
  }
  if (smallest == 0 || bridge->link.mtu == smallest) return;
  bridge->link.mtu = smallest;
  tell_link(*bridge);
}

FakeKernel::Errno FakeKernel::run(const SetMaster& op) {
  Device* device = find(op.index);
  if (device == nullptr) return ENODEV;
  if (device->link.master == op.bridge) return 0;
  // The kernel releases the device from its old bridge before it looks at the new one.
  if (device->link.master) release(*device);
  if (!op.bridge) return 0;
  if (const Errno error = check_master(*device, op.bridge)) return error;
  attach(*device, require(op.bridge));
  return 0;
}

FakeKernel::Errno FakeKernel::run(const ConfigureBridge& op) {
  Device* device = find(op.index);
  if (device == nullptr) return ENODEV;
  if (!is_bridge(device->link)) return EOPNOTSUPP;
  auto info = op.info;
  if (!info.mac_limit || !has_mac_limits_) info.mac_limit = std::get<BridgeInfo>(device->link.info).mac_limit;
  device->link.info = info;
  tell_link(*device);
  if (!op.info.multicast_snooping) flush_groups(*device, {});
  return 0;
}

FakeKernel::Errno FakeKernel::run(const ConfigureVxlan& op) {
  Device* device = find(op.index);
  if (device == nullptr) return ENODEV;
  auto* info = std::get_if<VxlanInfo>(&device->link.info);
  if (info == nullptr || op.info.vni != info->vni) return EOPNOTSUPP;
  if (op.info.local && is_v4(op.info) != is_v4(*info)) return EOPNOTSUPP;
  if (op.info.local) info->local = op.info.local;
  info->learning = op.info.learning;
  info->ttl = op.info.ttl;
  info->tos_inherit = op.info.tos_inherit;
  tell_link(*device);
  return 0;
}

FakeKernel::Errno FakeKernel::run(const ConfigureBridgePort& op) {
  Device* device = find(op.index);
  if (device == nullptr) return ENODEV;
  if (!device->link.bridge_port) return EOPNOTSUPP;
  const bool changes = device->link.bridge_port != op.port;
  device->link.bridge_port = op.port;
  if (changes) tell(BridgePortChanged{op.index, op.port});
  return 0;
}

FakeKernel::Errno FakeKernel::bring_up(Device& device) {
  if (device.link.up) return 0;
  const auto* vlan = std::get_if<VlanInfo>(&device.link.info);
  if (vlan != nullptr && !require(vlan->parent).link.up) return ENETDOWN;
  device.link.up = true;
  tell_link(device);
  // vlan_device_event(NETDEV_UP): a parent takes its VLAN devices along.
  for (const auto index : vlans_of(device.link.index)) bring_up(require(index));
  return 0;
}

void FakeKernel::bring_down(Device& device) {
  if (!device.link.up) return;
  for (const auto index : vlans_of(device.link.index)) bring_down(require(index));
  device.link.up = false;
  flush_neighbours(device);
  if (is_vxlan(device.link)) flush_learned(device);
  if (is_bridge(device.link)) {
    for (const auto port : ports_of(device.link.index)) flush_port(device, port, false);
  }
  if (device.link.master) {
    flush_port(require(device.link.master), device.link.index, false);
    flush_groups(require(device.link.master), device.link.index);
  }
  tell_link(device);
}

void FakeKernel::attach(Device& device, Device& bridge) {
  device.link.master = bridge.link.index;
  device.link.bridge_port = BridgePort{};
  tell(BridgePortChanged{device.link.index, *device.link.bridge_port});
  tell_link(device);
  add_local(bridge, device.link.address, device.link.index);
}

void FakeKernel::release(Device& device) {
  Device& bridge = require(device.link.master);
  flush_port(bridge, device.link.index, true);
  flush_groups(bridge, device.link.index);
  device.link.master = {};
  device.link.bridge_port.reset();
  tell_link(device);
}

void FakeKernel::remove(IfIndex index) {
  for (const auto vlan : vlans_of(index)) remove(vlan);
  Device& device = require(index);
  bring_down(device);
  if (device.link.master) release(device);
  for (const auto port : ports_of(index)) release(require(port));
  while (!device.entries.empty()) {
    const auto entry = device.entries.begin();
    tell(BridgeEntryGone{value(device, entry->first, entry->second)});
    device.entries.erase(entry);
  }
  flush_all(device);
  flush_neighbours(device);
  devices_.erase(index);
  tell(LinkGone{index});
  forget_target(index);
}

// An operator's hands

IfIndex FakeKernel::add_port(const std::string& name) {
  demand(check_new_name(name), "add the port " + name);
  const auto& device = add_device(name, PlainInfo{});
  tell_link(device);
  return device.link.index;
}

IfIndex FakeKernel::add_bridge(const std::string& name) {
  demand(check_new_name(name), "add the bridge " + name);
  auto info = new_bridge();
  info.multicast_snooping = true;
  info.reaches_host = true;
  auto& device = add_device(name, info);
  add_local(device, device.link.address, device.link.index);
  tell_link(device);
  return device.link.index;
}

IfIndex FakeKernel::add_vxlan(const std::string& name, const VxlanInfo& info) {
  demand(check_new_name(name), "add the vxlan device " + name);
  demand(check_vxlan(info), "add the vxlan device " + name);
  const auto& device = add_device(name, info);
  tell_link(device);
  return device.link.index;
}

IfIndex FakeKernel::add_vlan(const std::string& name, const VlanInfo& info) {
  demand(run(CreateVlan{.name = name, .alias = {}, .info = info}), "add the VLAN device " + name);
  return index_of(name);
}

void FakeKernel::delete_link(IfIndex index) {
  demand(run(DeleteLink{.index = index, .name = {}}), "delete device " + std::to_string(index.value));
}

void FakeKernel::set_up(IfIndex index) { demand(bring_up(require(index)), "set the device up"); }

void FakeKernel::set_down(IfIndex index) { bring_down(require(index)); }

void FakeKernel::rename(IfIndex index, const std::string& name) {
  Device& device = require(index);
  demand(check_new_name(name), "rename " + device.link.name + " to " + name);
  device.link.name = name;
  tell_link(device);
}

void FakeKernel::set_alias(IfIndex index, const std::string& alias) {
  Device& device = require(index);
  device.link.alias = alias;
  // netdev_state_change(): where the device is down, nobody is told.
  if (device.link.up) tell_link(device);
}

void FakeKernel::enslave(IfIndex index, IfIndex bridge) {
  demand(run(SetMaster{.index = index, .bridge = bridge}), "set a master");
}

}  // namespace kvtep::testing
