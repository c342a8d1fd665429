#include "netlinkd/agent/audit.hpp"

#include <algorithm>
#include <type_traits>

#include "netlinkd/base/overloaded.hpp"

namespace kvtep::agent {
namespace {

KernelEvent changed(const BridgeEntry& entry) { return BridgeEntryChanged{entry}; }
KernelEvent changed(const VxlanEntry& entry) { return VxlanEntryChanged{entry}; }
KernelEvent gone(const BridgeEntry& entry) { return BridgeEntryGone{entry}; }
KernelEvent gone(const VxlanEntry& entry) { return VxlanEntryGone{entry}; }

}  // namespace

void Audit::heard(const KernelEvent& event) {
  std::visit(Overloaded{[&](const LinkChanged& e) { links_.insert(e.link.index); },
                        [&](const LinkGone& e) { links_.insert(e.index); },
                        [&](const BridgePortChanged& e) { links_.insert(e.index); },
                        [&](const BridgeEntryChanged& e) { entries_.emplace(e.entry.bridge, e.entry.mac); },
                        [&](const BridgeEntryGone& e) { entries_.emplace(e.entry.bridge, e.entry.mac); },
                        [&](const VxlanEntryChanged& e) { entries_.emplace(e.entry.device, e.entry.mac); },
                        [&](const VxlanEntryGone& e) { entries_.emplace(e.entry.device, e.entry.mac); },
                        [&](const TagFilterChanged& e) { tag_filters_.insert(e.index); },
                        [&](const TagFilterGone& e) { tag_filters_.insert(e.index); },
                        [&](const HookGone& e) {
                          tag_filters_.insert(e.index);
                          announcers_.insert(e.index);
                        },
                        [&](const AnnouncerChanged& e) { announcers_.insert(e.index); },
                        [&](const AnnouncerGone& e) { announcers_.insert(e.index); },
                        [&](const NeighbourChanged& e) {
                          neighbours_.emplace(e.neighbour.device, e.neighbour.address);
                        },
                        [&](const NeighbourGone& e) { neighbours_.emplace(e.device, e.address); },
                        [&](const GroupJoined& e) { members_.insert(e.member); },
                        [&](const GroupLeft& e) { members_.insert(e.member); },
                        [&](const NexthopChanged& e) { nexthops_.insert(e.nexthop.id); },
                        [&](const NexthopGone& e) { nexthops_.insert(e.id); },
                        [&](const SourceFilterChanged& e) { source_filters_.insert(e.table); },
                        [&](const SourceFilterGone& e) { source_filters_.insert(e.table); },
                        [](const HostChanged&) {},
                        [](const Overrun&) {}},
             event);
}

void Audit::dumped(Installed there) {
  there_ = std::move(there);
  has_dump_ = true;
  for (const auto& [index, link] : there_.links()) devices_.push_back(index);
}

std::vector<KernelEvent> Audit::next(const Installed& known, std::size_t budget) {
  differences_.clear();
  if (!compared_links_) {
    compare_links(known);
    compare_filters(known);
    compare_nexthops(known);
    compared_links_ = true;
    return std::move(differences_);
  }
  while (!devices_.empty() && budget > 0) {
    const auto device = devices_.back();
    compare(bridge_walk_, device, there_.bridge_table(device), known.bridge_table(device), budget);
    if (!bridge_walk_.is_done) break;
    compare(vxlan_walk_, device, there_.vxlan_table(device).hosts, known.vxlan_table(device).hosts, budget);
    if (!vxlan_walk_.is_done) break;
    compare_groups(device, known);
    compare_members(device, known);
    compare_neighbours(device, known);
    budget -= std::min(budget, 1 + there_.neighbours(device).size());
    devices_.pop_back();
    bridge_walk_ = {};
    vxlan_walk_ = {};
  }
  return std::move(differences_);
}

void Audit::compare_links(const Installed& known) {
  if (there_.host() != known.host()) differences_.emplace_back(HostChanged{there_.host()});
  for (const auto& [index, link] : there_.links()) {
    const Link* before = known.link(index);
    if (!links_.contains(index) && (before == nullptr || *before != link))
      differences_.emplace_back(LinkChanged{link});
  }
  for (const auto& [index, link] : known.links()) {
    if (!links_.contains(index) && there_.link(index) == nullptr) differences_.emplace_back(LinkGone{index});
  }
}

void Audit::compare_filters(const Installed& known) {
  for (const auto& [index, link] : known.links()) {
    if (tag_filters_.contains(index) || there_.link(index) == nullptr) continue;
    const auto* before = known.tag_filter(index);
    const auto* now = there_.tag_filter(index);
    if (now == nullptr && before != nullptr) differences_.emplace_back(TagFilterGone{index});
    if (now != nullptr && (before == nullptr || *before != *now))
      differences_.emplace_back(TagFilterChanged{index, *now});
  }
  for (const auto& [index, link] : known.links()) {
    const auto now = there_.announcer(index);
    if (announcers_.contains(index) || there_.link(index) == nullptr || now == known.announcer(index))
      continue;
    differences_.push_back(now ? KernelEvent(AnnouncerChanged{index, *now})
                               : KernelEvent(AnnouncerGone{index}));
  }
  for (const auto& [table, filter] : there_.source_filters()) {
    const auto before = known.source_filters().find(table);
    const bool same = before != known.source_filters().end() && before->second == filter;
    if (!same && !source_filters_.contains(table))
      differences_.emplace_back(SourceFilterChanged{table, filter});
  }
  for (const auto& [table, filter] : known.source_filters()) {
    if (!there_.source_filters().contains(table) && !source_filters_.contains(table))
      differences_.emplace_back(SourceFilterGone{table});
  }
}

void Audit::compare_nexthops(const Installed& known) {
  for (const auto& [id, nexthop] : there_.nexthops()) {
    const auto before = known.nexthops().find(id);
    const bool same = before != known.nexthops().end() && before->second == nexthop;
    if (!same && !nexthops_.contains(id)) differences_.emplace_back(NexthopChanged{nexthop});
  }
  for (const auto& [id, nexthop] : known.nexthops()) {
    if (!there_.nexthops().contains(id) && !nexthops_.contains(id))
      differences_.emplace_back(NexthopGone{id});
  }
}

void Audit::compare_groups(IfIndex device, const Installed& known) {
  const auto& there = there_.vxlan_table(device).groups;
  const auto& before = known.vxlan_table(device).groups;
  if (there == before) return;
  const auto add_missing = [&](const auto& from, const auto& in, auto make_event) {
    for (const auto& [mac, list] : from) {
      if (was_heard(device, mac)) continue;
      const auto other = in.find(mac);
      for (const auto& destination : list) {
        // The entry went with its group.
        if (nexthops_.contains(destination.nexthop_group)) continue;
        if (other == in.end() || !other->second.contains(destination))
          differences_.push_back(make_event(VxlanEntry{device, mac, destination}));
      }
    }
  };
  add_missing(there, before, [](const VxlanEntry& entry) { return changed(entry); });
  add_missing(before, there, [](const VxlanEntry& entry) { return gone(entry); });
}

void Audit::compare_members(IfIndex device, const Installed& known) {
  const auto& there = there_.group_members(device);
  const auto& before = known.group_members(device);
  for (const auto& member : there) {
    if (!before.contains(member) && !members_.contains(member))
      differences_.emplace_back(GroupJoined{member});
  }
  for (const auto& member : before) {
    if (!there.contains(member) && !members_.contains(member)) differences_.emplace_back(GroupLeft{member});
  }
}

void Audit::compare_neighbours(IfIndex device, const Installed& known) {
  const auto& there = there_.neighbours(device);
  const auto& before = known.neighbours(device);
  if (there == before) return;
  for (const auto& [address, neighbour] : there) {
    const auto other = before.find(address);
    const bool same = other != before.end() && other->second == neighbour;
    if (!same && !neighbours_.contains({device, address}))
      differences_.emplace_back(NeighbourChanged{neighbour});
  }
  for (const auto& [address, neighbour] : before) {
    if (!there.contains(address) && !neighbours_.contains({device, address}))
      differences_.emplace_back(NeighbourGone{device, address});
  }
}

template <class Entry>
void Audit::compare(Walk<Entry>& walk, IfIndex device, const absl::flat_hash_map<MacAddress, Entry>& there,
                    const absl::flat_hash_map<MacAddress, Entry>& known, std::size_t& budget) {
  if (walk.is_done) return;
  if (!walk.at) walk.at = there.begin();
  for (; *walk.at != there.end() && budget > 0; ++*walk.at, --budget) {
    const auto& [mac, entry] = **walk.at;
    const auto before = known.find(mac);
    if (before != known.end()) ++walk.matched;
    if (!was_heard(device, mac) && (before == known.end() || before->second != entry))
      differences_.push_back(changed(entry));
  }
  if (*walk.at != there.end()) return;
  if (!walk.leftovers) {
    walk.leftovers.emplace();
    // As a rule both hold the same MACs, and there is nothing to look for.
    if (known.size() != walk.matched) {
      for (const auto& [mac, entry] : known) walk.leftovers->push_back(mac);
    }
  }
  for (; !walk.leftovers->empty() && budget > 0; --budget) {
    const auto mac = walk.leftovers->back();
    walk.leftovers->pop_back();
    const auto before = known.find(mac);
    if (before != known.end() && !there.contains(mac) && !was_heard(device, mac))
      differences_.push_back(gone(before->second));
  }
  walk.is_done = walk.leftovers->empty();
}

}  // namespace kvtep::agent
