// The two tables of forwarding entries, after net/bridge/br_fdb.c and drivers/net/vxlan/vxlan_core.c.
#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "tests/support/fake_kernel.hpp"

namespace kvtep::testing {
namespace {

bool has_many(const MacAddress& mac) { return mac.is_zero() || mac.is_group(); }

const VxlanInfo* vxlan_info(const Link& link) { return std::get_if<VxlanInfo>(&link.info); }

}  // namespace

BridgeEntryKind FakeKernel::Entry::kind() const {
  if (is_local) return BridgeEntryKind::Permanent;
  if (is_external) return BridgeEntryKind::ExternallyLearned;
  return is_static ? BridgeEntryKind::Static : BridgeEntryKind::Learned;
}

BridgeEntry FakeKernel::value(const Device& bridge, const MacAddress& mac, const Entry& entry) {
  return {.bridge = bridge.link.index, .port = entry.port, .mac = mac, .kind = entry.kind()};
}

void FakeKernel::tell_entry(const Device& bridge, const MacAddress& mac) {
  tell(BridgeEntryChanged{value(bridge, mac, bridge.entries.at(mac))});
}

// The bridge's table

// fdb_add_local(): of several devices with one address the first keeps the entry.
void FakeKernel::add_local(Device& bridge, const MacAddress& mac, IfIndex port) {
  const auto place = bridge.entries.find(mac);
  if (place != bridge.entries.end()) {
    if (place->second.is_local) return;
    tell(BridgeEntryGone{value(bridge, mac, place->second)});
  }
  bridge.entries[mac] = {.port = port, .is_local = true, .is_static = true};
  tell_entry(bridge, mac);
}

// fdb_delete_local(): another port, or the bridge itself, with the same address takes the entry over, in
// silence.
void FakeKernel::erase_local(Device& bridge, const MacAddress& mac) {
  const auto place = bridge.entries.find(mac);
  const IfIndex gone = place->second.port;
  for (const auto port : ports_of(bridge.link.index)) {
    if (port == gone || require(port).link.address != mac) continue;
    place->second.port = port;
    return;
  }
  if (gone != bridge.link.index && bridge.link.address == mac) {
    place->second.port = bridge.link.index;
    return;
  }
  tell(BridgeEntryGone{value(bridge, mac, place->second)});
  bridge.entries.erase(place);
}

// br_fdb_delete_by_port(): a port that goes down keeps what is static or came from outside.
void FakeKernel::flush_port(Device& bridge, IfIndex port, bool everything) {
  std::vector<MacAddress> doomed;
  for (const auto& [mac, entry] : bridge.entries) {
    if (entry.port == port && (everything || (!entry.is_static && !entry.is_external))) doomed.push_back(mac);
  }
  for (const auto& mac : doomed) {
    const auto place = bridge.entries.find(mac);
    if (place->second.is_local) {
      erase_local(bridge, mac);
    } else {
      tell(BridgeEntryGone{value(bridge, mac, place->second)});
      bridge.entries.erase(place);
    }
  }
}

// br_fdb_external_learn_add(): a local or static entry moves, and stays local or static.
void FakeKernel::add_external(Device& bridge, IfIndex port, const MacAddress& mac) {
  auto [place, is_new] = bridge.entries.try_emplace(mac);
  auto& entry = place->second;
  const bool changes = is_new || entry.port != port || !entry.is_external;
  entry.port = port;
  entry.is_external = true;
  entry.is_counted = false;
  if (changes) tell_entry(bridge, mac);
}

FakeKernel::Errno FakeKernel::erase_bridge_entry(Device& device, const MacAddress& mac) {
  Device* bridge = find(device.link.master);
  if (bridge == nullptr) return 0;  // the kernel skips the half that has no table
  const auto place = bridge->entries.find(mac);
  if (place == bridge->entries.end() || place->second.port != device.link.index) return ENOENT;
  tell(BridgeEntryGone{value(*bridge, mac, place->second)});
  bridge->entries.erase(place);
  return 0;
}

void FakeKernel::lose_mac_limits() {
  has_mac_limits_ = false;
  for (auto& [index, device] : devices_) {
    if (auto* info = std::get_if<BridgeInfo>(&device.link.info)) info->mac_limit.reset();
  }
}

BridgeInfo FakeKernel::new_bridge() const {
  return {.mac_limit = has_mac_limits_ ? std::optional<std::uint32_t>(0) : std::nullopt};
}

// fdb_create(): counted is what frames made an entry of, until somebody else takes it over.
bool FakeKernel::is_full(const Device& bridge) {
  const auto limit = std::get<BridgeInfo>(bridge.link.info).mac_limit.value_or(0);
  const auto count =
      std::ranges::count_if(bridge.entries, [](const auto& entry) { return entry.second.is_counted; });
  return limit > 0 && static_cast<std::size_t>(count) >= limit;
}

// br_fdb_update(), behind the checks that a frame has to pass before it.
namespace {

// 64 bytes on the wire; a VLAN device gets them without the Ethernet header and the tag.
constexpr LinkCounters kUntaggedFrame{.rx_packets = 1, .rx_bytes = 64};
constexpr LinkCounters kTaggedFrame{.rx_packets = 1, .rx_bytes = 46};

}  // namespace

void FakeKernel::learn(IfIndex port, const MacAddress& mac) {
  Device& device = require(port);
  Device* bridge = find(device.link.master);
  const auto* vlan = std::get_if<VlanInfo>(&device.link.info);
  const bool runs = device.link.up && (vlan == nullptr || require(vlan->parent).link.up);
  if (runs) carry(port, vlan == nullptr ? kUntaggedFrame : kTaggedFrame);
  if (bridge == nullptr || !bridge->link.up || !runs || !device.link.bridge_port->learning) return;
  if (has_many(mac)) return;
  if (!bridge->entries.contains(mac) && is_full(*bridge)) return;
  auto [place, is_new] = bridge->entries.try_emplace(mac, Entry{.port = port, .is_counted = true});
  auto& entry = place->second;
  if (!is_new) {
    if (entry.is_local || entry.port == port) return;
    entry.port = port;
    entry.is_external = false;
  }
  tell_entry(*bridge, mac);
}

void FakeKernel::age_out(IfIndex bridge, const MacAddress& mac) {
  Device& device = require(bridge);
  const auto place = device.entries.find(mac);
  if (place == device.entries.end() || place->second.kind() != BridgeEntryKind::Learned) {
    throw std::logic_error("fake kernel: no learned entry for " + mac.to_string());
  }
  tell(BridgeEntryGone{value(device, mac, place->second)});
  device.entries.erase(place);
}

void FakeKernel::add_entry(const BridgeEntry& entry) {
  Device& bridge = require(entry.bridge);
  if (entry.kind == BridgeEntryKind::ExternallyLearned) return add_external(bridge, entry.port, entry.mac);
  const bool is_local = entry.kind == BridgeEntryKind::Permanent;
  auto& place = bridge.entries[entry.mac];
  place.port = entry.port;
  place.is_local = is_local;
  place.is_counted = false;
  place.is_static = is_local || entry.kind == BridgeEntryKind::Static;
  tell_entry(bridge, entry.mac);
}

void FakeKernel::remove_entry(const BridgeEntry& entry) {
  if (erase_bridge_entry(require(entry.port), entry.mac) != 0) {
    throw std::logic_error("fake kernel: no entry for " + entry.mac.to_string());
  }
}

// The vxlan device's table

bool FakeKernel::fits(const Device& vxlan, const TunnelDestination& destination) {
  const auto& info = *vxlan_info(vxlan.link);
  const bool is_v4 = !info.local || info.local->is_v4();
  return !destination.address || destination.address->is_v4() == is_v4;
}

// The kernel does not speak of a VNI or a port that are the device's own.
TunnelDestination FakeKernel::reported(const Device& vxlan, TunnelDestination destination) {
  const auto& info = *vxlan_info(vxlan.link);
  if (destination.vni == info.vni) destination.vni.reset();
  if (destination.udp_port == info.udp_port) destination.udp_port = 0;
  return destination;
}

FakeKernel::Errno FakeKernel::run(const SetRemoteMac& op) {
  Device* vxlan = find(op.vxlan);
  if (vxlan == nullptr) return ENODEV;
  // The bridge's half comes first, and stays where the other half fails.
  if (Device* bridge = find(vxlan->link.master)) {
    if (op.mac.is_zero()) return EINVAL;
    add_external(*bridge, op.vxlan, op.mac);
  }
  if (vxlan_info(vxlan->link) == nullptr) return EINVAL;
  const auto destination = reported(*vxlan, op.destination);
  if (!fits(*vxlan, destination)) return EAFNOSUPPORT;
  if (has_many(op.mac)) return EOPNOTSUPP;
  const Destinations wanted{.lasting = true, .list = {destination}};
  auto [place, is_new] = vxlan->destinations.try_emplace(op.mac, wanted);
  auto& there = place->second;
  if (!is_new && there.lasting == wanted.lasting && there.list == wanted.list) return 0;
  there = wanted;
  tell(VxlanEntryChanged{{.device = op.vxlan, .mac = op.mac, .destination = destination}});
  return 0;
}

FakeKernel::Errno FakeKernel::run(const RemoveRemoteMac& op) {
  Device* vxlan = find(op.vxlan);
  if (vxlan == nullptr) return ENODEV;
  const Errno bridge_half = op.from_bridge ? erase_bridge_entry(*vxlan, op.mac) : 0;
  const Errno vxlan_half = op.from_vxlan ? erase_destination(*vxlan, op.mac, std::nullopt) : 0;
  if (!op.from_bridge) return vxlan_half;
  if (!op.from_vxlan) return bridge_half;
  // One half that was gone already is what was wanted.
  if (bridge_half == ENOENT && vxlan_half == 0) return 0;
  if (vxlan_half == ENOENT && bridge_half == 0) return 0;
  return bridge_half != 0 ? bridge_half : vxlan_half;
}

FakeKernel::Errno FakeKernel::run(const AddFloodDestination& op) {
  Device* vxlan = find(op.vxlan);
  if (vxlan == nullptr) return ENODEV;
  if (vxlan_info(vxlan->link) == nullptr) return EINVAL;
  if (!has_many(op.group)) return EINVAL;
  const auto destination = reported(*vxlan, op.destination);
  if (!fits(*vxlan, destination)) return EAFNOSUPPORT;
  auto& list = vxlan->destinations[op.group].list;
  if (std::ranges::find(list, destination) != list.end()) return 0;
  if (!list.empty() && list.front().nexthop_group != 0) return 0;  // ignored
  list.push_back(destination);
  tell(VxlanEntryChanged{{.device = op.vxlan, .mac = op.group, .destination = destination}});
  return 0;
}

FakeKernel::Errno FakeKernel::run(const RemoveFloodDestination& op) {
  Device* vxlan = find(op.vxlan);
  if (vxlan == nullptr) return ENODEV;
  if (vxlan_info(vxlan->link) == nullptr) return EINVAL;
  if (!has_many(op.group)) return EINVAL;
  if (!fits(*vxlan, op.destination)) return EAFNOSUPPORT;
  return erase_destination(*vxlan, op.group, reported(*vxlan, op.destination));
}

FakeKernel::Errno FakeKernel::erase_destination(Device& vxlan, const MacAddress& mac,
                                                const std::optional<TunnelDestination>& which) {
  if (vxlan_info(vxlan.link) == nullptr) return EINVAL;
  const auto place = vxlan.destinations.find(mac);
  if (place == vxlan.destinations.end()) return ENOENT;
  auto& [lasting, list] = place->second;
  // Linux 6.18 does not mind that there is no such destination, where there are others.
  if (which && std::ranges::find(list, *which) == list.end()) return 0;
  const auto removed = which ? std::vector{*which} : list;
  for (const auto& destination : removed) {
    std::erase(list, destination);
    tell(VxlanEntryGone{
        {.device = vxlan.link.index, .mac = mac, .destination = destination, .lasting = lasting}});
  }
  if (list.empty()) vxlan.destinations.erase(place);
  return 0;
}

// vxlan_stop(): what was learned goes; what is lasting, and the flood list, stays.
void FakeKernel::flush_learned(Device& vxlan) {
  std::vector<MacAddress> doomed;
  for (const auto& [mac, destinations] : vxlan.destinations) {
    if (!destinations.lasting && !mac.is_zero()) doomed.push_back(mac);
  }
  for (const auto& mac : doomed) erase_destination(vxlan, mac, std::nullopt);
}

void FakeKernel::flush_all(Device& vxlan) {
  while (!vxlan.destinations.empty()) {
    erase_destination(vxlan, vxlan.destinations.begin()->first, std::nullopt);
  }
}

void FakeKernel::add_entry(const VxlanEntry& entry) {
  Device& vxlan = require(entry.device);
  if (!fits(vxlan, entry.destination)) throw std::logic_error("fake kernel: another address family");
  auto& there = vxlan.destinations[entry.mac];
  there.lasting = entry.lasting;
  if (!has_many(entry.mac)) there.list.clear();
  if (std::ranges::find(there.list, entry.destination) == there.list.end()) {
    there.list.push_back(entry.destination);
  }
  tell(VxlanEntryChanged{entry});
}

void FakeKernel::remove_entry(const VxlanEntry& entry) {
  if (erase_destination(require(entry.device), entry.mac, entry.destination) != 0) {
    throw std::logic_error("fake kernel: no entry for " + entry.mac.to_string());
  }
}

}  // namespace kvtep::testing
