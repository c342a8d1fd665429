#include "netlinkd/planner/desired.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "netlinkd/base/glob.hpp"
#include "netlinkd/planner/locators.hpp"
#include "netlinkd/planner/neighbours.hpp"
#include "netlinkd/planner/own_vnis.hpp"
#include "netlinkd/planner/ownership.hpp"

namespace kvtep::planner {
namespace {

using hwvtep::LogicalSwitch;
using hwvtep::McastMacsRemote;
using hwvtep::PhysicalLocatorSet;
using hwvtep::PhysicalPort;
using hwvtep::PhysicalSwitch;

using Candidates = std::map<Vni, std::vector<Uuid>>;

std::string object(const Uuid& id, const LogicalSwitch& row) {
  return fmt::format("Logical_Switch {} ({})", id.to_string(), row.name);
}

// An address of the bridge's own that no daemon on another machine derives too, and that survives a restart:
// udev and the kernel would otherwise change it as ports come and go. FNV-1a, 40 bits of it, locally
// administered.
MacAddress bridge_address(const std::string& switch_name, Vni vni) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : fmt::format("{}/{}", switch_name, vni.value))
    hash = (hash ^ c) * 0x100000001b3;
  MacAddress address{{0x06, 0, 0, 0, 0, 0}};
  for (std::size_t i = 1; i < address.bytes.size(); ++i) {
    address.bytes[i] = static_cast<std::uint8_t>(hash >> (8 * i));
  }
  return address;
}

// service_node (the default where the column is empty) takes one; source_node all. BFD does not choose yet.
void apply_replication_mode(const LogicalSwitch& row, std::set<TunnelDestination>& flood) {
  const bool source_node = row.replication_mode == "source_node";
  if (!source_node && flood.size() > 1) flood.erase(std::next(flood.begin()), flood.end());
}

class DesiredBuilder {
 public:
  DesiredBuilder(const View& view, const Installed& installed, const IpAddress& own_ip)
      : view_(view), installed_(installed), own_ip_(own_ip) {}

  Desired build() {
    result_.copies_probes = !view_.lets_probes_pass;
    result_.inventory = inventory(view_, installed_);
    for (const auto& [id, issue] : view_.index.issues()) result_.issues.insert(issue);
    if (!tunnel_ip(view_)) {
      result_.issues.insert({.object = "Physical_Switch " + view_.settings.switch_name,
                             .reason = "it has no tunnel IP (--tunnel-ip, Physical_Switch.tunnel_ips): its "
                                       "tunnels still end at " +
                                       own_ip_.to_string()});
    }
    const auto bound = bound_switches();
    Candidates candidates;
    std::set<Uuid> without_vni;
    for (const auto& [id, row] : view_.database.table<LogicalSwitch>()) {
      if (view_.settings.realize_bound_only && !bound.contains(id)) continue;
      if (!row.tunnel_key && view_.settings.vni_range && !view_.is_held(id)) {
        without_vni.insert(id);
      } else if (const auto vni = usable_vni(id, row)) {
        candidates[*vni].push_back(id);
      }
    }
    for (auto& [vni, rows] : candidates) realize(vni, rows);
    realize_with_own_vnis(without_vni, candidates);
    resolve_bindings();
    judge_host();
    if (view_.settings.known_sources_only) result_.source_filter = source_filter();
    return std::move(result_);
  }

 private:
  // OVN sets key 0 on every switch that it does not use, and takes the key away when it stops: no mistake,
  // but whoever looks for the switch's devices wants to know.
  std::optional<Vni> usable_vni(const Uuid& id, const LogicalSwitch& row) {
    const auto vni = Vni::from_key(row.tunnel_key.value_or(0));
    if (!vni && view_.is_held(id)) return view_.held_keys->at(id);
    if (!vni) {
      result_.issues.insert({.object = object(id, row),
                             .reason = row.tunnel_key.value_or(0) == 0
                                           ? "it has no tunnel_key (VNI)"
                                           : fmt::format("the tunnel_key {} is no VNI", *row.tunnel_key),
                             .is_expected = row.tunnel_key.value_or(0) == 0});
    }
    return vni;
  }

  // Of several switches with one VNI, the one that has it keeps it, so that a newcomer's mistake hurts nobody
  // else; else the first by name.
  void realize(Vni vni, std::vector<Uuid>& rows) {
    const auto& table = view_.database.table<LogicalSwitch>();
    const auto bridge_name = fmt::format("kvbr{}", vni.value);
    const Link* bridge = installed_.link_named(bridge_name);
    const auto holder = bridge ? owner_uuid(bridge->alias, view_.settings.switch_name) : std::nullopt;
    std::ranges::sort(rows, {}, [&](const Uuid& id) {
      return std::tuple(view_.is_held(id), holder != id.to_string(), table.find(id)->name, id);
    });
    for (auto loser = std::next(rows.begin()); loser != rows.end(); ++loser) {
      result_.issues.insert(
          {.object = object(*loser, *table.find(*loser)),
           .reason = fmt::format("its VNI {} is taken by the Logical_Switch {} ({})", vni.value,
                                 rows.front().to_string(), table.find(rows.front())->name)});
    }
    add_switch(rows.front(), vni);
  }

  void realize_with_own_vnis(const std::set<Uuid>& switches, const Candidates& candidates) {
    if (switches.empty()) return;
    std::set<Vni> taken;
    for (const auto& [vni, rows] : candidates) taken.insert(vni);
    const auto& range = *view_.settings.vni_range;
    for (const auto& [id, vni] :
         choose_vnis(switches, range, taken, installed_, view_.settings.switch_name)) {
      if (vni) {
        add_switch(id, *vni, true);
        continue;
      }
      result_.issues.insert(
          {.object = object(id, *view_.database.table<LogicalSwitch>().find(id)),
           .reason = fmt::format("it has no tunnel_key, and no VNI of {} to {} is left (vni-range)",
                                 range.first.value, range.last.value)});
    }
  }

  void add_switch(const Uuid& id, Vni vni, bool has_own_vni = false) {
    const auto& row = *view_.database.table<LogicalSwitch>().find(id);
    result_.vni_of.emplace(id, vni);
    auto& wanted = result_.switches[vni];
    wanted = {.logical_switch = id,
              .bridge_name = fmt::format("kvbr{}", vni.value),
              .vxlan_name = fmt::format("kvvx{}", vni.value),
              .alias = ownership_alias(view_.settings.switch_name, id.to_string(), row.name),
              .bridge_address = bridge_address(view_.settings.switch_name, vni),
              .bridge = {.multicast_snooping = view_.settings.multicast_snooping,
                         .ageing_time = view_.settings.ageing_time * 100,
                         .mac_limit = view_.settings.mac_limit},
              .vxlan = VxlanInfo{.vni = vni, .local = own_ip_},
              .has_own_vni = has_own_vni,
              .multicast = {},
              .answers_for_hosts = has_answers(view_, id)};
    wanted.multicast = multicast(row, wanted, wanted.has_standby);
  }

  std::map<MacAddress, std::set<TunnelDestination>> multicast(const LogicalSwitch& row,
                                                              const DesiredSwitch& wanted,
                                                              bool& has_standby) {
    std::map<MacAddress, std::set<TunnelDestination>> lists;
    for (const auto& [mac, rows] : view_.index.multicast_rows(wanted.logical_switch)) {
      auto list = union_of(rows, tunnel_end(wanted));
      const auto all = list.size();
      apply_replication_mode(row, list);
      has_standby = has_standby || (view_.has_nexthop_groups && mac.is_zero() && list.size() < all);
      // An entry without destinations would hide the flood list for that group.
      if (!list.empty()) lists.emplace(mac, std::move(list));
    }
    return lists;
  }

  // Several rows of Mcast_Macs_Remote for one MAC and switch are one list.
  std::set<TunnelDestination> union_of(const RowIds& rows, const TunnelEnd& end) {
    std::set<TunnelDestination> list;
    for (const auto& row_id : rows) {
      const auto* row = view_.database.table<McastMacsRemote>().find(row_id);
      const auto* set =
          row == nullptr ? nullptr : view_.database.table<PhysicalLocatorSet>().find(row->locator_set);
      if (set == nullptr) continue;
      for (const auto& locator : set->locators) {
        const auto to = destination(view_.database, locator, end);
        if (!to) {
          result_.issues.insert(
              {.object = fmt::format("Mcast_Macs_Remote {}", row_id.to_string()), .reason = to.error()});
        } else if (*to) {
          list.insert(**to);
        }
      }
    }
    return list;
  }

  // The locators of all switches: routed traffic comes back from hypervisors that a switch's own rows do not
  // name.
  SourceFilter source_filter() const {
    SourceFilter filter{.tunnel_ip = own_ip_, .udp_port = VxlanInfo{}.udp_port, .allowed = {}};
    for (const auto& [id, row] : view_.database.table<hwvtep::PhysicalLocator>()) {
      const auto address = IpAddress::parse(row.dst_ip);
      const bool fits = address && address->can_end_tunnel() && address->is_v4() == own_ip_.is_v4();
      if (fits && *address != own_ip_) filter.allowed.insert(*address);
    }
    return filter;
  }

  // What nothing of ours can mend.
  void judge_host() {
    const auto& host = installed_.host();
    if (host.firewall_sees_bridges && !result_.switches.empty()) {
      result_.issues.insert({.object = "sysctl net.bridge.bridge-nf-call-*",
                             .reason = "the host's firewall sees, and may drop, bridged packets: 0 is meant "
                                       "for iptables, ip6tables and arptables"});
    }
    std::uint32_t largest = 0;
    for (const auto& [vni, wanted] : result_.switches) largest = std::max(largest, wanted.mtu);
    if (!host.narrowest_path) return;
    // Outer IP, UDP and VXLAN headers and the inner Ethernet one (RFC 7348 section 5).
    const auto needed = largest + (host.narrowest_path->to.is_v4() ? 50U : 70U);
    if (result_.switches.empty() || host.narrowest_path->mtu >= needed) return;
    result_.issues.insert(
        {.object = "the path to " + host.narrowest_path->to.to_string(),
         .reason =
             fmt::format("its MTU is {}, and the ports' largest packets take {} in the tunnel: they are "
                         "fragmented, or their sender is told what fits",
                         host.narrowest_path->mtu, needed)});
  }

  template <class Visitor>
  void for_each_port_row(Visitor visit) const {
    const auto own = own_switch(view_);
    if (!own) return;
    for (const auto& id : own->row->ports) {
      const auto* row = view_.database.table<PhysicalPort>().find(id);
      if (row != nullptr) visit(*row);
    }
  }

  std::set<Uuid> bound_switches() const {
    std::set<Uuid> bound;
    for_each_port_row([&](const PhysicalPort& row) {
      for (const auto& [key, logical_switch] : row.vlan_bindings) bound.insert(logical_switch);
    });
    return bound;
  }

  void resolve_bindings() {
    for_each_port_row([&](const PhysicalPort& row) {
      if (row.vlan_bindings.empty()) return;
      if (!view_.settings.ports.empty() && !matches_any(view_.settings.ports, row.name)) {
        return refuse(row, "the device is no port of this switch");
      }
      if (const Link* link = installed_.link_named(row.name); link != nullptr && !can_be_port(*link)) {
        return refuse(row, "the device cannot be a port of a switch");
      }
      for (const auto& [key, logical_switch] : row.vlan_bindings) bind(row, key, logical_switch);
    });
  }

  void refuse(const PhysicalPort& row, std::string reason) {
    result_.issues.insert({.object = "Physical_Port " + row.name, .reason = std::move(reason)});
    result_.refused_bindings.insert(row.name);
  }

  bool can_be_port(const Link& link) const {
    return planner::can_be_port(link, installed_, view_.settings.switch_name);
  }

  void bind(const PhysicalPort& row, std::int64_t key, const Uuid& logical_switch) {
    const auto vni = result_.vni_of.find(logical_switch);
    if (vni == result_.vni_of.end()) return;  // the switch is not realized, and has its own issue
    const auto vlan = VlanId::from_key(key);
    if (!vlan) {
      return refuse(row, fmt::format("{} is no VLAN that can be bound", key));
    }
    if (const Link* link = installed_.link_named(row.name); link != nullptr) {
      auto& mtu = result_.switches.at(vni->second).mtu;
      mtu = std::max(mtu, link->mtu);
    }
    auto& port = result_.ports[row.name];
    if (*vlan == kUntagged) {
      port.untagged = vni->second;
    } else {
      port.tagged[*vlan] = vni->second;
    }
  }

  const View& view_;
  const Installed& installed_;
  const IpAddress& own_ip_;
  Desired result_;
};

}  // namespace

std::optional<OwnSwitch> own_switch(const View& view) {
  for (const auto& [id, row] : view.database.table<PhysicalSwitch>()) {
    if (row.name == view.settings.switch_name) return OwnSwitch{.uuid = id, .row = &row};
  }
  return std::nullopt;
}

std::optional<IpAddress> tunnel_ip(const View& view) {
  if (view.settings.tunnel_ip) return view.settings.tunnel_ip;
  const auto own = own_switch(view);
  if (!own) return std::nullopt;
  std::optional<IpAddress> v6;
  for (const auto& text : own->row->tunnel_ips) {
    const auto address = IpAddress::parse(text);
    if (!address || !address->can_end_tunnel()) continue;
    if (address->is_v4()) return address;
    if (!v6) v6 = address;
  }
  return v6;
}

std::optional<IpAddress> tunnel_ip_in_use(const View& view, const Installed& installed) {
  if (const auto address = tunnel_ip(view)) return address;
  for (const auto& [index, link] : installed.links()) {
    const auto* vxlan = std::get_if<VxlanInfo>(&link.info);
    if (vxlan != nullptr && vxlan->local && is_owned(link, view.settings.switch_name)) return vxlan->local;
  }
  return std::nullopt;
}

std::set<std::string> inventory(const View& view, const Installed& installed) {
  std::set<std::string> listed;
  if (const auto own = own_switch(view)) {
    for (const auto& id : own->row->ports) {
      const auto* row = view.database.table<PhysicalPort>().find(id);
      if (row != nullptr) listed.insert(row->name);
    }
  }
  std::set<std::string> devices;
  for (const auto& [index, link] : installed.links()) {
    if (!can_be_port(link, installed, view.settings.switch_name)) continue;
    const bool ours = view.settings.ports.empty() ? listed.contains(link.name)
                                                  : matches_any(view.settings.ports, link.name);
    if (ours) devices.insert(link.name);
  }
  return devices;
}

std::optional<Desired> desired(const View& view, const Installed& installed) {
  const auto own_ip = tunnel_ip_in_use(view, installed);
  if (!own_ip) return std::nullopt;
  return DesiredBuilder(view, installed, *own_ip).build();
}

}  // namespace kvtep::planner
