#include "netlinkd/model/installed.hpp"

namespace kvtep {
namespace {

// A host's MAC, as opposed to the flood list's (zero) or a group's.
bool is_host(const MacAddress& mac) { return !mac.is_zero() && !mac.is_group(); }

template <class Map, class Key, class Value>
bool assign(Map& map, const Key& key, const Value& value) {
  const auto [place, inserted] = map.try_emplace(key, value);
  if (inserted) return true;
  if (place->second == value) return false;
  place->second = value;
  return true;
}

template <class Map, class Key>
const typename Map::mapped_type& at_or_empty(const Map& map, const Key& key) {
  static const typename Map::mapped_type kEmpty{};
  const auto place = map.find(key);
  return place == map.end() ? kEmpty : place->second;
}

}  // namespace

Installed Installed::from(const Snapshot& snapshot) {
  Installed installed;
  for (const auto& event : snapshot.events) installed.apply(event);
  return installed;
}

bool Installed::apply(const KernelEvent& event) {
  return std::visit([this](const auto& e) { return take(e); }, event);
}

const Link* Installed::link(IfIndex index) const {
  const auto place = links_.find(index);
  return place == links_.end() ? nullptr : &place->second;
}

const Link* Installed::link_named(std::string_view name) const {
  const auto place = by_name_.find(name);
  return place == by_name_.end() ? nullptr : link(place->second);
}

const BridgeTable& Installed::bridge_table(IfIndex bridge) const {
  return at_or_empty(bridge_tables_, bridge);
}

const VxlanTable& Installed::vxlan_table(IfIndex device) const { return at_or_empty(vxlan_tables_, device); }

const TagFilter* Installed::tag_filter(IfIndex index) const {
  const auto place = tag_filters_.find(index);
  return place == tag_filters_.end() ? nullptr : &place->second;
}

bool Installed::take(const LinkChanged& event) {
  const auto place = links_.find(event.link.index);
  if (place != links_.end()) {
    if (place->second == event.link) return false;
    // After a rename the old name may already be another device's.
    const auto named = by_name_.find(place->second.name);
    if (place->second.name != event.link.name && named != by_name_.end() &&
        named->second == event.link.index) {
      by_name_.erase(named);
    }
  }
  by_name_[event.link.name] = event.link.index;
  links_[event.link.index] = event.link;
  return true;
}

bool Installed::take(const LinkGone& event) {
  const auto place = links_.find(event.index);
  if (place == links_.end()) return false;
  const auto named = by_name_.find(place->second.name);
  if (named != by_name_.end() && named->second == event.index) by_name_.erase(named);
  links_.erase(place);
  // The kernel may still announce each entry's end; without the device they mean nothing.
  for (const auto& [mac, entry] : bridge_table(event.index)) count(entry, -1);
  bridge_tables_.erase(event.index);
  vxlan_tables_.erase(event.index);
  tag_filters_.erase(event.index);
  neighbours_.erase(event.index);
  announcers_.erase(event.index);
  // The kernel's filters forget a target that is gone, and tell nobody.
  for (auto& [port, announcer] : announcers_) {
    if (announcer.vxlan == event.index) announcer.vxlan = {};
  }
  group_members_.erase(event.index);
  return true;
}

bool Installed::take(const BridgePortChanged& event) {
  const auto place = links_.find(event.index);
  if (place == links_.end() || place->second.bridge_port == event.port) return false;
  place->second.bridge_port = event.port;
  return true;
}

bool Installed::take(const BridgeEntryChanged& event) {
  const auto [place, is_new] = bridge_tables_[event.entry.bridge].try_emplace(event.entry.mac, event.entry);
  if (!is_new) {
    if (place->second == event.entry) return false;
    count(place->second, -1);
    place->second = event.entry;
  }
  count(event.entry, +1);
  return true;
}

bool Installed::take(const BridgeEntryGone& event) {
  const auto table = bridge_tables_.find(event.entry.bridge);
  if (table == bridge_tables_.end()) return false;
  const auto entry = table->second.find(event.entry.mac);
  if (entry == table->second.end()) return false;
  count(entry->second, -1);
  table->second.erase(entry);
  if (table->second.empty()) bridge_tables_.erase(table);
  return true;
}

std::size_t Installed::learned(IfIndex device) const {
  const auto place = learned_.find(device);
  return place == learned_.end() ? 0 : place->second;
}

void Installed::count(const BridgeEntry& entry, int by) {
  if (entry.kind != BridgeEntryKind::Learned) return;
  for (const auto device : {entry.bridge, entry.port}) {
    const auto place = learned_.try_emplace(device).first;
    place->second += static_cast<std::size_t>(by);
    if (place->second == 0) learned_.erase(place);
  }
}

bool Installed::take(const VxlanEntryChanged& event) {
  auto& table = vxlan_tables_[event.entry.device];
  if (is_host(event.entry.mac)) return assign(table.hosts, event.entry.mac, event.entry);
  return table.groups[event.entry.mac].insert(event.entry.destination).second;
}

bool Installed::take(const VxlanEntryGone& event) {
  const auto table = vxlan_tables_.find(event.entry.device);
  if (table == vxlan_tables_.end()) return false;
  bool known = false;
  if (is_host(event.entry.mac)) {
    // Replacing a destination may announce the old one's end after the new one's beginning.
    const auto host = table->second.hosts.find(event.entry.mac);
    known = host != table->second.hosts.end() && host->second.destination == event.entry.destination;
    if (known) table->second.hosts.erase(host);
  } else if (const auto group = table->second.groups.find(event.entry.mac);
             group != table->second.groups.end()) {
    known = group->second.erase(event.entry.destination) > 0;
    if (group->second.empty()) table->second.groups.erase(group);
  }
  if (table->second == VxlanTable{}) vxlan_tables_.erase(table);
  return known;
}

bool Installed::take(const TagFilterChanged& event) {
  return assign(tag_filters_, event.index, event.filter);
}

bool Installed::take(const TagFilterGone& event) { return tag_filters_.erase(event.index) > 0; }

std::optional<Announcer> Installed::announcer(IfIndex port) const {
  const auto place = announcers_.find(port);
  return place == announcers_.end() ? std::nullopt : std::optional(place->second);
}

const NeighbourTable& Installed::neighbours(IfIndex bridge) const { return at_or_empty(neighbours_, bridge); }

bool Installed::take(const HookGone& event) {
  const bool guarded = tag_filters_.erase(event.index) > 0;
  return announcers_.erase(event.index) > 0 || guarded;
}

bool Installed::take(const AnnouncerChanged& event) {
  return assign(announcers_, event.index, event.announcer);
}

bool Installed::take(const AnnouncerGone& event) { return announcers_.erase(event.index) > 0; }

bool Installed::take(const NeighbourChanged& event) {
  return assign(neighbours_[event.neighbour.device], event.neighbour.address, event.neighbour);
}

bool Installed::take(const NeighbourGone& event) {
  const auto table = neighbours_.find(event.device);
  if (table == neighbours_.end()) return false;
  const bool known = table->second.erase(event.address) > 0;
  if (table->second.empty()) neighbours_.erase(table);
  return known;
}

const std::set<GroupMember>& Installed::group_members(IfIndex bridge) const {
  static const std::set<GroupMember> kNone;
  const auto place = group_members_.find(bridge);
  return place == group_members_.end() ? kNone : place->second;
}

bool Installed::take(const GroupJoined& event) {
  return group_members_[event.member.bridge].insert(event.member).second;
}

bool Installed::take(const GroupLeft& event) {
  const auto place = group_members_.find(event.member.bridge);
  if (place == group_members_.end()) return false;
  const bool known = place->second.erase(event.member) > 0;
  if (place->second.empty()) group_members_.erase(place);
  return known;
}

bool Installed::take(const NexthopChanged& event) {
  return assign(nexthops_, event.nexthop.id, event.nexthop);
}

bool Installed::take(const NexthopGone& event) {
  if (nexthops_.erase(event.id) == 0) return false;
  std::vector<VxlanEntry> orphans;
  for (const auto& [device, table] : vxlan_tables_) {
    for (const auto& [mac, list] : table.groups) {
      for (const auto& destination : list) {
        if (destination.nexthop_group == event.id) orphans.push_back({device, mac, destination});
      }
    }
  }
  for (const auto& entry : orphans) take(VxlanEntryGone{entry});
  return true;
}

bool Installed::take(const SourceFilterChanged& event) {
  return assign(source_filters_, event.table, event.filter);
}

bool Installed::take(const SourceFilterGone& event) { return source_filters_.erase(event.table) > 0; }

bool Installed::take(const HostChanged& event) {
  const bool is_new = host_ != event.host;
  host_ = event.host;
  return is_new;
}

bool Installed::operator==(const Installed& other) const {
  return links_ == other.links_ && bridge_tables_ == other.bridge_tables_ &&
         vxlan_tables_ == other.vxlan_tables_ && tag_filters_ == other.tag_filters_ &&
         neighbours_ == other.neighbours_ && announcers_ == other.announcers_ &&
         group_members_ == other.group_members_ && nexthops_ == other.nexthops_ &&
         source_filters_ == other.source_filters_;
}

}  // namespace kvtep
