#include "netlinkd/planner/binding_counts.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "netlinkd/planner/ownership.hpp"

namespace kvtep::planner {
namespace {

using hwvtep::LogicalBindingStats;
using hwvtep::PhysicalPort;

constexpr std::uint64_t kEthernetHeader = 14;

std::uint64_t growth(std::uint64_t before, std::uint64_t now) { return now >= before ? now - before : now; }
std::uint64_t less(std::uint64_t from, std::uint64_t what) { return from - std::min(from, what); }

void add(LogicalBindingStats& sum, const LinkCounters& more) {
  sum.packets_from_local += static_cast<std::int64_t>(more.rx_packets);
  sum.bytes_from_local += static_cast<std::int64_t>(more.rx_bytes);
  sum.packets_to_local += static_cast<std::int64_t>(more.tx_packets);
  sum.bytes_to_local += static_cast<std::int64_t>(more.tx_bytes);
}

// The devices of the ports, and their counters since the reading before.
class Look {
 public:
  Look(const CounterReading& last, const VlanParents& last_vlans, const CounterReading& now, const View& view,
       const Installed& installed)
      : last_(last),
        last_vlans_(last_vlans),
        now_(now),
        switch_name_(view.settings.switch_name),
        installed_(installed) {
    for (const auto& [index, link] : installed.links()) {
      if (const auto* vlan = std::get_if<VlanInfo>(&link.info)) vlans_[vlan->parent].push_back(&link);
    }
  }

  // The VLAN device of a binding, in a bridge of ours.
  const Link* vlan_device(const std::string& port, std::int64_t vlan) const {
    const Link* parent = installed_.link_named(port);
    const auto found = parent == nullptr ? vlans_.end() : vlans_.find(parent->index);
    if (found == vlans_.end()) return nullptr;
    for (const Link* link : found->second) {
      if (std::get<VlanInfo>(link->info).vlan.value == vlan && is_ours(link->master)) return link;
    }
    return nullptr;
  }

  bool is_new(const Link& link) const { return !last_.contains(link.index); }
  LinkCounters total(const Link& link) const {
    const auto place = now_.find(link.index);
    return place == now_.end() ? LinkCounters{} : place->second;
  }
  // Of a device that was not there at the reading before: everything.
  LinkCounters grown(const Link& link) const {
    const auto now = total(link);
    const auto place = last_.find(link.index);
    if (place == last_.end()) return now;
    const auto& before = place->second;
    return {.rx_packets = growth(before.rx_packets, now.rx_packets),
            .rx_bytes = growth(before.rx_bytes, now.rx_bytes),
            .tx_packets = growth(before.tx_packets, now.tx_packets),
            .tx_bytes = growth(before.tx_bytes, now.tx_bytes)};
  }

  LinkCounters grown_untagged(const std::string& port) const {
    const Link* link = installed_.link_named(port);
    if (link == nullptr || !is_ours(link->master)) return {};
    // What a VLAN device carried that is gone cannot be told from untagged frames.
    for (const auto& [vlan, parent] : last_vlans_) {
      if (parent == link->index && installed_.link(vlan) == nullptr) return {};
    }
    auto result = grown(*link);
    const auto vlans = vlans_.find(link->index);
    if (vlans == vlans_.end()) return result;
    for (const Link* vlan : vlans->second) {
      const auto tagged = grown(*vlan);
      result.rx_packets = less(result.rx_packets, tagged.rx_packets);
      result.rx_bytes = less(result.rx_bytes, tagged.rx_bytes + tagged.rx_packets * kEthernetHeader);
      result.tx_packets = less(result.tx_packets, tagged.tx_packets);
      result.tx_bytes = less(result.tx_bytes, tagged.tx_bytes);
    }
    return result;
  }

 private:
  bool is_ours(IfIndex bridge) const {
    const Link* link = installed_.link(bridge);
    return link != nullptr && is_owned(*link, switch_name_);
  }

  const CounterReading& last_;
  const VlanParents& last_vlans_;
  const CounterReading& now_;
  std::string_view switch_name_;
  const Installed& installed_;
  std::map<IfIndex, std::vector<const Link*>> vlans_;
};

LogicalBindingStats published(const View& view, const PhysicalPort& port, std::int64_t vlan) {
  const auto place = port.vlan_stats.find(vlan);
  const auto* row = place == port.vlan_stats.end()
                        ? nullptr
                        : view.database.table<LogicalBindingStats>().find(place->second);
  return row == nullptr ? LogicalBindingStats{} : *row;
}

bool is_realized(const Desired& desired, const std::string& port, std::int64_t vlan) {
  const auto wish = desired.ports.find(port);
  if (wish == desired.ports.end()) return false;
  if (vlan == 0) return wish->second.untagged.has_value();
  return std::ranges::any_of(wish->second.tagged,
                             [&](const auto& tagged) { return tagged.first.value == vlan; });
}

}  // namespace

void BindingCounts::take(const CounterReading& reading, const View& view, const Desired& desired,
                         const Installed& installed) {
  const auto own = own_switch(view);
  if (!own) return;
  const Look look(last_, last_vlans_, reading, view, installed);
  BindingSums sums;
  const auto count = [&](const PhysicalPort& port, std::int64_t vlan, const Uuid& logical_switch) {
    BindingCount result{.logical_switch = logical_switch, .sum = {}};
    const auto before = sums_.find({port.name, vlan});
    const bool is_new = before == sums_.end() || before->second.logical_switch != logical_switch;
    if (!is_new) result.sum = before->second.sum;
    if (!has_reading_) result.sum = published(view, port, vlan);
    if (is_realized(desired, port.name, vlan)) {
      if (vlan == 0) {
        // Since when a new one has been there nobody can tell.
        if (!is_new) add(result.sum, look.grown_untagged(port.name));
      } else if (const Link* device = look.vlan_device(port.name, vlan)) {
        if (has_reading_ && (!is_new || look.is_new(*device))) add(result.sum, look.grown(*device));
      }
    }
    sums.insert_or_assign({port.name, vlan}, result);
  };
  for (const auto& uuid : own->row->ports) {
    const auto* port = view.database.table<PhysicalPort>().find(uuid);
    if (port == nullptr) continue;
    for (const auto& [vlan, logical_switch] : port->vlan_bindings) count(*port, vlan, logical_switch);
  }
  sums_ = std::move(sums);
  // A device that is not known yet is a new one when it is.
  last_.clear();
  last_vlans_.clear();
  for (const auto& [index, counters] : reading) {
    const Link* link = installed.link(index);
    if (link == nullptr) continue;
    last_.emplace(index, counters);
    if (const auto* vlan = std::get_if<VlanInfo>(&link->info)) last_vlans_.emplace(index, vlan->parent);
  }
  has_reading_ = true;
}

}  // namespace kvtep::planner
