#include "netlinkd/planner/mac_limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kvtep::planner {
namespace {

// A port's devices: itself, and its VLAN devices.
using Devices = std::map<std::string, std::vector<IfIndex>>;

Devices devices_of_ports(const Desired& desired, const Installed& installed) {
  Devices devices;
  for (const auto& [name, wanted] : desired.ports) {
    if (const Link* link = installed.link_named(name)) devices[name].push_back(link->index);
  }
  for (const auto& [index, link] : installed.links()) {
    const auto* vlan = std::get_if<VlanInfo>(&link.info);
    const Link* parent = vlan == nullptr ? nullptr : installed.link(vlan->parent);
    const auto port = parent == nullptr ? devices.end() : devices.find(parent->name);
    if (port != devices.end()) port->second.push_back(index);
  }
  return devices;
}

std::size_t learned(const std::vector<IfIndex>& devices, const Installed& installed) {
  std::size_t count = 0;
  for (const auto device : devices) count += installed.learned(device);
  return count;
}

// The kernel keeps the limit, and refuses what is beyond it.
bool keeps_limit(const Link& bridge, std::uint32_t limit) {
  const auto* info = std::get_if<BridgeInfo>(&bridge.info);
  return info != nullptr && info->mac_limit == limit;
}

}  // namespace

FullTables full_tables(const Settings& settings, const Desired& desired, const Installed& installed) {
  FullTables full;
  if (settings.mac_limit > 0) {
    for (const auto& [vni, wanted] : desired.switches) {
      const Link* bridge = installed.link_named(wanted.bridge_name);
      if (bridge == nullptr) continue;
      const auto count = installed.learned(bridge->index);
      const auto most = settings.mac_limit - (keeps_limit(*bridge, settings.mac_limit) ? 1 : 0);
      if (count > most) full.switches.insert(vni);
    }
  }
  if (settings.port_mac_limit > 0) {
    for (const auto& [port, devices] : devices_of_ports(desired, installed)) {
      if (learned(devices, installed) > settings.port_mac_limit) full.ports.insert(port);
    }
  }
  return full;
}

std::set<Issue> issues_of(const FullTables& full, const Settings& settings, const Desired& desired) {
  std::set<Issue> issues;
  for (const auto vni : full.switches) {
    const auto wanted = desired.switches.find(vni);
    if (wanted == desired.switches.end()) continue;
    issues.insert({.object = "Logical_Switch " + wanted->second.logical_switch.to_string(),
                   .reason = fmt::format(
                       "its bridge {} has learned as many MACs as it may: no more than {} are published "
                       "(mac-limit)",
                       wanted->second.bridge_name, settings.mac_limit)});
  }
  for (const auto& port : full.ports) {
    issues.insert({.object = "Physical_Port " + port,
                   .reason = fmt::format("more MACs were learned there than it may have: no more than {} are "
                                         "published (port-mac-limit)",
                                         settings.port_mac_limit)});
  }
  return issues;
}

// What is chosen from.
struct MacLimits::Walk {
  std::map<std::string, Candidates> ports;
  std::map<Vni, Candidates> switches;  // but for the MACs of `ports`
  std::map<Vni, std::size_t> published;
};

MacLimits::MacLimits(const ReportInput& input) : input_(input) {
  find_reached();
  if (reached_ports_.empty() && reached_switches_.empty()) return;
  const auto switches = switches_concerned();
  Walk walk;
  take_published(switches, walk);
  take_waiting(switches, walk);
  admit(std::move(walk));
}

bool MacLimits::admits(Vni vni, const BridgeEntry& entry) const {
  const bool is_limited = reached_switches_.contains(vni) || port_of_device_.contains(entry.port);
  return !is_limited || entry.kind != BridgeEntryKind::Learned || admitted_.contains({vni, entry.mac});
}

// Also where the limit is just reached: the one whose going made it so may have left a row to another.
void MacLimits::find_reached() {
  const auto& settings = input_.view.settings;
  if (settings.mac_limit > 0) {
    for (const auto& [vni, wanted] : input_.desired.switches) {
      const Link* bridge = input_.installed.link_named(wanted.bridge_name);
      if (bridge != nullptr && input_.installed.learned(bridge->index) >= settings.mac_limit)
        reached_switches_.insert(vni);
    }
  }
  if (settings.port_mac_limit == 0) return;
  for (const auto& [port, devices] : devices_of_ports(input_.desired, input_.installed)) {
    if (learned(devices, input_.installed) < settings.port_mac_limit) continue;
    const auto& wanted = input_.desired.ports.at(port);
    auto& switches = reached_ports_[port];
    if (wanted.untagged) switches.insert(*wanted.untagged);
    for (const auto& [vlan, vni] : wanted.tagged) switches.insert(vni);
    for (const auto device : devices) port_of_device_.emplace(device, port);
  }
}

std::map<Vni, SwitchLinks> MacLimits::switches_concerned() const {
  std::set<Vni> vnis = reached_switches_;
  for (const auto& [port, bound] : reached_ports_) vnis.insert(bound.begin(), bound.end());
  std::map<Vni, SwitchLinks> switches;
  for (const auto vni : vnis) {
    const auto wanted = input_.desired.switches.find(vni);
    if (wanted == input_.desired.switches.end()) continue;
    const auto links = switch_links(wanted->second, input_.installed, input_.view.settings.switch_name);
    if (links) switches.emplace(vni, *links);
  }
  return switches;
}

void MacLimits::take(Vni vni, const BridgeEntry& entry, bool is_waiting, Walk& walk) const {
  const Candidate candidate{.is_waiting = is_waiting, .key = {vni, entry.mac}};
  if (const auto port = port_of_device_.find(entry.port); port != port_of_device_.end()) {
    walk.ports[port->second].push_back(candidate);
  } else if (reached_switches_.contains(vni)) {
    walk.switches[vni].push_back(candidate);
  }
}

void MacLimits::take_published(const std::map<Vni, SwitchLinks>& switches, Walk& walk) const {
  for (const auto& [vni, links] : switches) {
    const auto rows = input_.view.index.local_macs().find(input_.desired.switches.at(vni).logical_switch);
    if (rows == input_.view.index.local_macs().end()) continue;
    const auto& table = input_.installed.bridge_table(links.bridge);
    for (const auto& [mac, ids] : rows->second) {
      const auto entry = table.find(mac);
      if (entry == table.end() || entry->second.kind != BridgeEntryKind::Learned) continue;
      if (!local_port(input_.installed, links, mac)) continue;
      take(vni, entry->second, false, walk);
      ++walk.published[vni];
    }
  }
}

void MacLimits::take_waiting(const std::map<Vni, SwitchLinks>& switches, Walk& walk) const {
  const auto& settings = input_.view.settings;
  std::set<Vni> has_room;
  for (const auto vni : reached_switches_) {
    if (walk.published[vni] < settings.mac_limit) has_room.insert(vni);
  }
  for (const auto& [port, bound] : reached_ports_) {
    if (walk.ports[port].size() < settings.port_mac_limit) has_room.insert(bound.begin(), bound.end());
  }
  for (const auto vni : has_room) {
    const auto links = switches.find(vni);
    if (links == switches.end()) continue;
    const auto& logical_switch = input_.desired.switches.at(vni).logical_switch;
    for (const auto& [mac, entry] : input_.installed.bridge_table(links->second.bridge)) {
      const bool is_waiting = entry.kind == BridgeEntryKind::Learned &&
                              local_port(input_.installed, links->second, mac) &&
                              input_.view.index.local_rows(logical_switch, mac).empty();
      if (is_waiting) take(vni, entry, true, walk);
    }
  }
}

MacLimits::Candidates MacLimits::select(Candidates all, std::size_t limit) {
  if (all.size() > limit) {
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(limit);
    std::nth_element(all.begin(), end, all.end());
    for (auto left_out = end; left_out != all.end(); ++left_out) {
      if (!left_out->is_waiting) concerned_.insert(left_out->key);
    }
    all.erase(end, all.end());
  }
  return all;
}

// A port's limit first, so that what it leaves out takes no room from the others of the switch.
void MacLimits::admit(Walk walk) {
  const auto keep = [&](const Candidate& candidate) {
    admitted_.insert(candidate.key);
    if (candidate.is_waiting) concerned_.insert(candidate.key);
  };
  for (auto& [port, candidates] : walk.ports) {
    for (const auto& candidate : select(std::move(candidates), input_.view.settings.port_mac_limit)) {
      if (reached_switches_.contains(candidate.key.first)) {
        walk.switches[candidate.key.first].push_back(candidate);
      } else {
        keep(candidate);
      }
    }
  }
  for (auto& [vni, candidates] : walk.switches) {
    for (const auto& candidate : select(std::move(candidates), input_.view.settings.mac_limit))
      keep(candidate);
  }
}

}  // namespace kvtep::planner
