#include "tests/property/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace kvtep::testing {
namespace {

using hwvtep::LogicalSwitch;
using hwvtep::McastMacsRemote;
using hwvtep::PhysicalLocator;
using hwvtep::PhysicalLocatorSet;
using hwvtep::PhysicalPort;
using hwvtep::PhysicalSwitch;
using hwvtep::UcastMacsRemote;

class Judge {
 public:
  Judge(const Rows& rows, const Installed& installed) : rows_(rows), installed_(installed) {}

  std::vector<std::string> judge() {
    std::map<std::int64_t, std::vector<Uuid>> by_key;
    for (const auto& [id, row] : rows_.database.table<LogicalSwitch>()) {
      if (row.tunnel_key && *row.tunnel_key > 0 && *row.tunnel_key < (1 << 24))
        by_key[*row.tunnel_key].push_back(id);
    }
    for (const auto& [key, switches] : by_key) judge_switch(static_cast<std::uint32_t>(key), switches);
    judge_own_vnis();
    judge_ports();
    if (installed_.nexthops().size() != used_nexthops_) say("a nexthop is left over");
    for (const auto& [index, link] : installed_.links()) {
      if (link.alias.starts_with(mark()) && !expected_.contains(link.name)) say("{} is left over", link.name);
    }
    return std::move(findings_);
  }

 private:
  template <class... Words>
  void say(fmt::format_string<Words...> format, Words&&... words) {
    findings_.push_back(fmt::format(format, std::forward<Words>(words)...));
  }

  std::string mark() const { return "kvtep/" + rows_.settings.switch_name + "/"; }

  void judge_switch(std::uint32_t vni, const std::vector<Uuid>& candidates) {
    const auto name = fmt::format("kvbr{}", vni);
    expected_.insert(name);
    const Link* bridge = installed_.link_named(name);
    if (bridge == nullptr) return say("there is no {}", name);
    const auto owner = std::ranges::find_if(
        candidates, [&](const Uuid& id) { return bridge->alias.starts_with(mark() + id.to_string() + " "); });
    if (owner == candidates.end()) return say("{} has the alias '{}'", name, bridge->alias);
    realized_.emplace(*owner, vni);
    if (!bridge->up || bridge->info != LinkInfo(BridgeInfo{})) say("{} is not as it has to be", name);
    judge_vxlan(vni, *owner, *bridge);
  }

  // A switch without a key has a VNI of the range that nobody else's row has, as long as there are any; which
  // one is the daemon's choice.
  void judge_own_vnis() {
    const auto& range = rows_.settings.vni_range;
    if (!range) return;
    std::vector<Uuid> homeless;
    for (const auto& [id, row] : rows_.database.table<LogicalSwitch>()) {
      if (row.tunnel_key) continue;
      const auto alias = mark() + id.to_string() + " ";
      const auto bridge = std::ranges::find_if(installed_.links(), [&](const auto& entry) {
        return entry.second.alias.starts_with(alias) && entry.second.name.starts_with("kvbr");
      });
      if (bridge == installed_.links().end()) {
        homeless.push_back(id);
        continue;
      }
      const auto vni = static_cast<std::uint32_t>(std::stoul(bridge->second.name.substr(4)));
      if (!range->contains(Vni{vni})) say("{} is out of the range", bridge->second.name);
      needs_key_.insert(id);
      judge_switch(vni, {id});
    }
    for (auto vni = range->first.value; vni <= range->last.value && !homeless.empty(); ++vni) {
      const bool has_device = expected_.contains(fmt::format("kvbr{}", vni));
      if (!has_device && !is_somebody_elses(vni)) say("VNI {} is free, and a switch has none", vni);
    }
  }

  bool is_somebody_elses(std::uint32_t vni) const {
    return std::ranges::any_of(installed_.links(), [&](const auto& entry) {
      const auto* info = std::get_if<VxlanInfo>(&entry.second.info);
      return info != nullptr && info->vni.value == vni && entry.second.name.starts_with("foreign") &&
             info->local->is_v4() == rows_.settings.tunnel_ip->is_v4();
    });
  }

  void judge_vxlan(std::uint32_t vni, const Uuid& owner, const Link& bridge) {
    const auto name = fmt::format("kvvx{}", vni);
    if (is_somebody_elses(vni)) return;
    expected_.insert(name);
    const Link* vxlan = installed_.link_named(name);
    if (vxlan == nullptr) return say("there is no {}", name);
    const auto* info = std::get_if<VxlanInfo>(&vxlan->info);
    if (info == nullptr || info->vni.value != vni || info->local != rows_.settings.tunnel_ip ||
        info->learning || info->udp_port != 4789)
      return say("{} has other settings", name);
    if (vxlan->master != bridge.index || !vxlan->up || vxlan->bridge_port->learning)
      say("{} is no silent port of {} that is up", name, bridge.name);
    const auto* filter = installed_.tag_filter(vxlan->index);
    if (filter == nullptr || !filter->allowed.empty()) say("{} lets tagged frames in", name);
    judge_lists(owner, *vxlan, vni);
    judge_remote_macs(owner, *vxlan, bridge, vni);
    judge_neighbours(owner, *vxlan, bridge, vni);
  }

  // Where a locator's packets go; nothing where it is none, or our own.
  std::optional<TunnelDestination> destination_of(const Uuid& owner, const Uuid& locator,
                                                  std::uint32_t vni) const {
    const auto* row = rows_.database.table<PhysicalLocator>().find(locator);
    if (row == nullptr || row->encapsulation_type != "vxlan_over_ipv4") return std::nullopt;
    const auto address = IpAddress::parse(row->dst_ip);
    if (!address || address == rows_.settings.tunnel_ip) return std::nullopt;
    if (address->is_v4() != rows_.settings.tunnel_ip->is_v4()) return std::nullopt;
    TunnelDestination destination{.address = *address};
    if (!row->tunnel_key && needs_key_.contains(owner)) return std::nullopt;
    if (!row->tunnel_key || *row->tunnel_key == vni) return destination;
    if (*row->tunnel_key <= 0) return std::nullopt;
    destination.vni = Vni{static_cast<std::uint32_t>(*row->tunnel_key)};
    return destination;
  }

  void judge_lists(const Uuid& owner, const Link& vxlan, std::uint32_t vni) {
    std::map<MacAddress, std::set<TunnelDestination>> wanted;
    for (const auto& [id, row] : rows_.database.table<McastMacsRemote>()) {
      const auto* set = rows_.database.table<PhysicalLocatorSet>().find(row.locator_set);
      const auto mac = row.MAC == "unknown-dst" ? MacAddress{} : MacAddress::parse(row.MAC);
      const bool is_list = mac && (mac->is_zero() || mac->is_group());
      if (row.logical_switch != owner || !is_list || set == nullptr) continue;
      for (const auto& locator : set->locators) {
        if (const auto to = destination_of(owner, locator, vni)) wanted[*mac].insert(*to);
      }
    }
    const auto* row = rows_.database.table<LogicalSwitch>().find(owner);
    for (auto& [mac, list] : wanted) {
      if (row->replication_mode != "source_node") list = {*list.begin()};
    }
    const auto there = resolved(installed_.vxlan_table(vxlan.index).groups);
    for (const auto& [mac, list] : wanted) {
      const auto found = there.find(mac);
      if (found == there.end() || found->second != list)
        say("{} sends {} to {} places instead of {}", vxlan.name, mac.to_string(),
            found == there.end() ? 0 : found->second.size(), list.size());
    }
    for (const auto& [mac, list] : there) {
      if (!wanted.contains(mac)) say("{} has a list for {}", vxlan.name, mac.to_string());
    }
  }

  // An entry may stand behind a nexthop group: what counts is where the frames go.
  std::map<MacAddress, std::set<TunnelDestination>> resolved(
      std::map<MacAddress, std::set<TunnelDestination>> lists) {
    const auto found = lists.find(MacAddress{});
    if (found == lists.end() || found->second.begin()->nexthop_group == 0) return lists;
    const auto& nexthops = installed_.nexthops();
    const auto group = nexthops.find(found->second.begin()->nexthop_group);
    if (found->second.size() != 1 || group == nexthops.end() || group->second.members.size() != 1) {
      say("a nexthop group is none");
      return lists;
    }
    const auto nexthop = nexthops.find(group->second.members.front());
    used_nexthops_ += 2;
    found->second = {{.address = nexthop->second.address}};
    return lists;
  }

  void judge_remote_macs(const Uuid& owner, const Link& vxlan, const Link& bridge, std::uint32_t vni) {
    std::map<MacAddress, TunnelDestination> wanted;
    for (const auto& [id, row] : rows_.database.table<UcastMacsRemote>()) {
      const auto mac = MacAddress::parse(row.MAC);
      const auto to = destination_of(owner, row.locator, vni);
      if (row.logical_switch != owner || !mac || !to) continue;
      const auto entry = wanted.emplace(*mac, *to).first;
      entry->second = std::min(entry->second, *to);
    }
    const auto& hosts = installed_.vxlan_table(vxlan.index).hosts;
    const auto& forwarding = installed_.bridge_table(bridge.index);
    for (const auto& [mac, to] : wanted) {
      const auto entry = forwarding.find(mac);
      if (entry != forwarding.end() && entry->second.port != vxlan.index) continue;  // its host is here
      const auto host = hosts.find(mac);
      if (entry == forwarding.end() || host == hosts.end() || host->second.destination != to)
        say("{} is not behind {}", mac.to_string(), to.address->to_string());
    }
    for (const auto& [mac, host] : hosts) {
      if (!wanted.contains(mac)) say("{} is still remote on {}", mac.to_string(), vxlan.name);
    }
    for (const auto& [mac, entry] : forwarding) {
      const bool is_remote = entry.port == vxlan.index && entry.kind != BridgeEntryKind::Permanent;
      if (is_remote && !wanted.contains(mac)) say("{} is still remote in {}", mac.to_string(), bridge.name);
    }
  }

  // The bridge answers for the addresses of hosts behind the tunnel; of two MACs with one, the lower has it.
  void judge_neighbours(const Uuid& owner, const Link& vxlan, const Link& bridge, std::uint32_t vni) {
    std::map<IpAddress, MacAddress> wanted;
    bool says_address = false;
    for (const auto& [id, row] : rows_.database.table<UcastMacsRemote>()) {
      const auto mac = MacAddress::parse(row.MAC);
      const auto address = IpAddress::parse(row.ipaddr);
      if (row.logical_switch != owner || !mac || !address || !address->is_host()) continue;
      says_address = true;
      if (!destination_of(owner, row.locator, vni)) continue;
      const auto entry = wanted.emplace(*address, *mac).first;
      entry->second = std::min(entry->second, *mac);
    }
    const auto& there = installed_.neighbours(bridge.index);
    for (const auto& [address, mac] : wanted) {
      const auto found = there.find(address);
      if (found == there.end() || found->second.mac != mac)
        say("{} is not answered with {} on {}", address.to_string(), mac.to_string(), bridge.name);
    }
    for (const auto& [address, neighbour] : there) {
      if (!wanted.contains(address)) say("{} is still answered on {}", address.to_string(), bridge.name);
    }
    if (vxlan.bridge_port && vxlan.bridge_port->neigh_suppress != says_address)
      say("neighbours are suppressed at {}, or not, against the rows", vxlan.name);
    for (const auto& [index, link] : installed_.links()) {
      if (link.master != bridge.index || index == vxlan.index) continue;
      const auto announcer = installed_.announcer(index);
      if (says_address ? announcer != Announcer{vxlan.index} : announcer.has_value())
        say("{} announces its hosts to the tunnel, or not, against the rows", link.name);
    }
  }

  void judge_ports() {
    std::map<std::string, std::map<std::int64_t, std::uint32_t>> bindings;
    for (const auto& [switch_id, own] : rows_.database.table<PhysicalSwitch>()) {
      if (own.name != rows_.settings.switch_name) continue;
      for (const auto& id : own.ports) {
        const auto* row = rows_.database.table<PhysicalPort>().find(id);
        for (const auto& [vlan, owner] : row->vlan_bindings) {
          const auto vni = realized_.find(owner);
          if (vni != realized_.end() && vlan <= 4094) bindings[row->name][vlan] = vni->second;
        }
      }
    }
    for (const auto& [index, link] : installed_.links()) {
      if (link.name.starts_with("eth") && std::holds_alternative<PlainInfo>(link.info))
        judge_port(link, bindings[link.name]);
    }
  }

  void judge_port(const Link& port, const std::map<std::int64_t, std::uint32_t>& bindings) {
    const Link* master = installed_.link(port.master);
    if (master != nullptr && master->name.starts_with("foreign")) return;  // not stolen: checked by the story
    const auto untagged = bindings.find(0);
    const auto bridge = untagged == bindings.end() ? "" : fmt::format("kvbr{}", untagged->second);
    if ((master == nullptr ? "" : master->name) != bridge) say("{} is not in '{}'", port.name, bridge);
    if (const auto* filter = installed_.tag_filter(port.index)) {
      for (const auto vlan : filter->allowed) {
        if (!bindings.contains(vlan.value) && !has_foreign_device(port, vlan))
          say("{} lets VLAN {} in, which is not bound", port.name, vlan.value);
      }
    } else if (master != nullptr) {
      say("{} lets every VLAN in", port.name);
    }
    for (const auto& [vlan, vni] : bindings) {
      if (vlan != 0) judge_vlan(port, vlan, vni);
    }
  }

  bool has_foreign_device(const Link& port, VlanId vlan) const {
    return std::ranges::any_of(installed_.links(), [&](const auto& entry) {
      return entry.second.info == LinkInfo(VlanInfo{.vlan = vlan, .parent = port.index}) &&
             entry.second.name.starts_with("foreign");
    });
  }

  void judge_vlan(const Link& port, std::int64_t vlan, std::uint32_t vni) {
    const LinkInfo info = VlanInfo{.vlan = VlanId{static_cast<std::uint16_t>(vlan)}, .parent = port.index};
    const Link* device = nullptr;
    for (const auto& [index, link] : installed_.links()) {
      if (link.info == info) device = &link;
    }
    if (device != nullptr && device->name.starts_with("foreign")) return;
    if (device == nullptr) return say("{} has no device for VLAN {}", port.name, vlan);
    expected_.insert(device->name);
    const Link* master = installed_.link(device->master);
    if (master == nullptr || master->name != fmt::format("kvbr{}", vni))
      say("{} is not in kvbr{}", device->name, vni);
    const auto* filter = installed_.tag_filter(port.index);
    const bool passes =
        filter == nullptr || filter->allowed.contains(VlanId{static_cast<std::uint16_t>(vlan)});
    if (!passes) say("VLAN {} is shut out of {}", vlan, port.name);
    if (device->up != port.up) say("{} is not up and down with its port", device->name);
  }

  const Rows& rows_;
  const Installed& installed_;
  std::map<Uuid, std::uint32_t> realized_;
  std::set<std::string> expected_;
  std::size_t used_nexthops_ = 0;
  std::set<Uuid> needs_key_;  // switches whose VNI is no row's
  std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> disagreements(const Rows& rows, const Installed& installed) {
  return Judge(rows, installed).judge();
}

}  // namespace kvtep::testing
