#include "netlinkd/planner/local_rows.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "netlinkd/planner/local_groups.hpp"
#include "netlinkd/planner/mac_limits.hpp"
#include "netlinkd/planner/own_locators.hpp"
#include "netlinkd/planner/remote_mac.hpp"

namespace kvtep::planner {
namespace {

using hwvtep::LogicalSwitch;
using hwvtep::McastMacsLocal;
using hwvtep::PhysicalLocator;
using hwvtep::PhysicalLocatorSet;
using hwvtep::PhysicalSwitch;
using hwvtep::UcastMacsLocal;

class LocalRows {
 public:
  LocalRows(const ReportInput& input, std::size_t limit, IpAddress own_ip, Report& result)
      : input_(input),
        database_(input.view.database),
        limit_(limit),
        result_(result),
        locators_(database_, own_ip, result.transaction),
        limits_(input) {
    for (const auto& [id, row] : database_.table<PhysicalSwitch>()) {
      if (row.name == input.view.settings.switch_name) continue;
      for (const auto& text : row.tunnel_ips) {
        if (const auto address = IpAddress::parse(text)) foreign_ips_.insert(*address);
      }
    }
    for (const auto& [name, port] : input.desired.ports) {
      if (port.untagged) bound_.insert(*port.untagged);
      for (const auto& [vlan, vni] : port.tagged) bound_.insert(vni);
    }
  }

  void report_all() {
    report_multicast_rows();
    withdraw_from_unbound();
    for (const auto vni : bound_) {
      const auto& wish = input_.desired.switches.at(vni);
      const auto links = switch_links(wish, input_.installed, input_.view.settings.switch_name);
      if (links) report_switch(vni, wish.logical_switch, *links);
    }
  }

  // Without an address of our own no row can be right, but those of former times still have to go.
  void withdraw_unbound() {
    for (const auto& [id, row] : database_.table<McastMacsLocal>()) {
      if (row.MAC == kUnknownDestination && !is_foreign_set(row.locator_set) && !is_bound(row.logical_switch))
        result_.transaction.erase<McastMacsLocal>(id);
    }
    withdraw_from_unbound();
  }

  // Those whose own entry changed, and those that may take their room.
  void report_some(const std::set<MacLimits::Key>& macs) {
    for (const auto& [vni, mac] : macs) report_one(vni, mac);
    for (const auto& key : limits_.concerned()) {
      if (!macs.contains(key)) report_one(key.first, key.second);
    }
  }

  void report_one(Vni vni, const MacAddress& mac) {
    const auto wish = input_.desired.switches.find(vni);
    if (wish == input_.desired.switches.end()) return;
    const auto links = switch_links(wish->second, input_.installed, input_.view.settings.switch_name);
    report_mac(vni, wish->second.logical_switch, mac, links);
  }

 private:
  bool is_bound(const Uuid& logical_switch) const {
    const auto vni = input_.desired.vni_of.find(logical_switch);
    return vni != input_.desired.vni_of.end() && bound_.contains(vni->second);
  }

  // Rows that another Physical_Switch of this database published.
  bool is_foreign(const Uuid& locator) const {
    const auto* row = database_.table<PhysicalLocator>().find(locator);
    const auto address = row == nullptr ? std::nullopt : IpAddress::parse(row->dst_ip);
    return address && foreign_ips_.contains(*address);
  }

  bool is_foreign_set(const Uuid& locator_set) const {
    const auto* set = database_.table<PhysicalLocatorSet>().find(locator_set);
    return set != nullptr &&
           std::ranges::any_of(set->locators, [&](const Uuid& id) { return is_foreign(id); });
  }

  // What our locator for the switch has as its tunnel_key.
  OwnLocators::Key key_of(const Uuid& logical_switch) const {
    const auto vni = input_.desired.vni_of.find(logical_switch);
    if (vni == input_.desired.vni_of.end()) return std::nullopt;
    return input_.desired.switches.at(vni->second).has_own_vni ? OwnLocators::Key(vni->second) : std::nullopt;
  }

 public:
  // Mcast_Macs_Local: "unknown-dst", since here every frame of the switch finds somebody who floods it, and
  // the groups that hosts asked for.
  void report_multicast_rows() {
    auto missing = multicast_rows();
    for (const auto& [id, row] : database_.table<McastMacsLocal>()) {
      if (is_foreign_set(row.locator_set)) continue;
      const auto wanted = missing.find({row.logical_switch, row.MAC});
      if (wanted != missing.end() && locators_.is_set(row.locator_set, key_of(row.logical_switch))) {
        missing.erase(wanted);
      } else {
        result_.transaction.erase<McastMacsLocal>(id);
      }
    }
    for (const auto& [logical_switch, mac] : missing) {
      result_.transaction.insert(McastMacsLocal{.MAC = mac,
                                                .logical_switch = logical_switch,
                                                .locator_set = locators_.get_set(key_of(logical_switch))});
    }
  }

 private:
  // (Logical_Switch, MAC) of each row that ought to be there.
  std::set<std::pair<Uuid, std::string>> multicast_rows() const {
    std::set<std::pair<Uuid, std::string>> rows;
    for (const auto vni : bound_) {
      const auto& wish = input_.desired.switches.at(vni);
      rows.emplace(wish.logical_switch, kUnknownDestination);
      const auto links = switch_links(wish, input_.installed, input_.view.settings.switch_name);
      if (!links || !wish.bridge.multicast_snooping) continue;
      for (const auto& mac :
           local_groups(input_.installed, *links, [&](IfIndex port) { return is_bound(vni, port); }))
        rows.emplace(wish.logical_switch, mac.to_string());
    }
    return rows;
  }

  // At once and all of it, whatever the limit: these rows keep the controller from deleting its
  // Logical_Switch.
  void withdraw_from_unbound() {
    for (const auto& [id, row] : database_.table<UcastMacsLocal>()) {
      const bool readable = parse_host_mac(row.MAC).has_value();
      if ((!is_bound(row.logical_switch) || !readable) && !is_foreign(row.locator))
        result_.transaction.erase<UcastMacsLocal>(id);
    }
  }

  void report_switch(Vni vni, const Uuid& logical_switch, const SwitchLinks& links) {
    for (const auto& [mac, entry] : input_.installed.bridge_table(links.bridge)) {
      if (local_port(input_.installed, links, mac)) report_mac(vni, logical_switch, mac, links);
    }
    const auto published = input_.view.index.local_macs().find(logical_switch);
    if (published == input_.view.index.local_macs().end()) return;
    for (const auto& [mac, rows] : published->second) {
      if (!local_port(input_.installed, links, mac)) report_mac(vni, logical_switch, mac, links);
    }
  }

  bool is_local(Vni vni, const MacAddress& mac, const std::optional<SwitchLinks>& links) const {
    const auto index = links ? local_port(input_.installed, *links, mac) : std::nullopt;
    if (!index || !is_bound(vni, *index)) return false;
    return limits_.admits(vni, input_.installed.bridge_table(links->bridge).at(mac));
  }

  // A port that was just unbound is still in the bridge for a moment.
  bool is_bound(Vni vni, IfIndex index) const {
    const Link* port = input_.installed.link(index);
    if (port == nullptr) return false;
    if (const auto* vlan = std::get_if<VlanInfo>(&port->info)) {
      const Link* parent = input_.installed.link(vlan->parent);
      const auto wish = parent ? input_.desired.ports.find(parent->name) : input_.desired.ports.end();
      if (wish == input_.desired.ports.end()) return false;
      const auto tagged = wish->second.tagged.find(vlan->vlan);
      return tagged != wish->second.tagged.end() && tagged->second == vni;
    }
    const auto wish = input_.desired.ports.find(port->name);
    return wish != input_.desired.ports.end() && wish->second.untagged == vni;
  }

  void report_mac(Vni vni, const Uuid& logical_switch, const MacAddress& mac,
                  const std::optional<SwitchLinks>& links) {
    if (rows_ >= limit_) {
      result_.rest.macs.emplace(vni, mac);
      return;
    }
    bool missing = is_local(vni, mac, links);
    const auto own = locators_.existing(key_of(logical_switch));
    const auto address = missing ? address_of(vni, mac) : std::string();
    for (const auto& id : input_.view.index.local_rows(logical_switch, mac)) {
      const auto* row = database_.table<UcastMacsLocal>().find(id);
      if (row == nullptr || is_foreign(row->locator)) continue;
      if (missing && own == row->locator && row->MAC == mac.to_string()) {
        missing = false;
        auto wanted = *row;
        wanted.ipaddr = address;
        if (wanted == *row) continue;
        result_.transaction.update_changed(id, *row, wanted);
        ++rows_;
      } else {
        result_.transaction.erase<UcastMacsLocal>(id);
        ++rows_;
      }
    }
    if (!missing) return;
    result_.transaction.insert(UcastMacsLocal{.MAC = mac.to_string(),
                                              .logical_switch = logical_switch,
                                              .locator = locators_.get(key_of(logical_switch)),
                                              .ipaddr = address});
    ++rows_;
  }

  std::string address_of(Vni vni, const MacAddress& mac) const {
    const auto known = input_.address_of ? input_.address_of(vni, mac) : std::nullopt;
    return known ? known->to_string() : std::string();
  }

  const ReportInput& input_;
  const hwvtep::Database& database_;
  std::size_t limit_;
  std::size_t rows_ = 0;
  Report& result_;
  OwnLocators locators_;
  MacLimits limits_;
  std::set<IpAddress> foreign_ips_;
  std::set<Vni> bound_;
};

}  // namespace

void report_local_macs(const ReportInput& input, const ReportScope& scope, std::size_t limit,
                       Report& result) {
  const auto own_ip = tunnel_ip_in_use(input.view, input.installed);
  if (!own_ip) {
    if (scope.everything) LocalRows(input, limit, {}, result).withdraw_unbound();
    return;
  }
  LocalRows rows(input, limit, *own_ip, result);
  if (scope.everything) {
    rows.report_all();
    return;
  }
  if (scope.groups) rows.report_multicast_rows();
  if (!scope.macs.empty()) rows.report_some(scope.macs);
}

}  // namespace kvtep::planner
