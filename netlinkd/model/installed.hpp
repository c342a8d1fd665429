// What the kernel has, as far as it told us: a table built from a Snapshot and the events after it, and from
// nothing else. An operation that was sent is not in here until the kernel's own notification says so.
//
// Value type; not thread-safe; apply() takes any sequence of events and never fails: what cannot be placed
// (an entry of an unknown device) is kept or dropped as the comments say.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "netlinkd/model/kernel_event.hpp"

namespace kvtep {

// One bridge's table.
using BridgeTable = absl::flat_hash_map<MacAddress, BridgeEntry>;

// One bridge's neighbours.
using NeighbourTable = absl::flat_hash_map<IpAddress, Neighbour>;

// One vxlan device's table: a host has one destination, the zero MAC and groups have several.
struct VxlanTable {
  absl::flat_hash_map<MacAddress, VxlanEntry> hosts;
  std::map<MacAddress, std::set<TunnelDestination>> groups;

  bool operator==(const VxlanTable&) const = default;
};

class Installed {
 public:
  // False where the event told nothing new. An Overrun changes nothing: the caller has to dump.
  bool apply(const KernelEvent& event);
  static Installed from(const Snapshot& snapshot);

  const std::map<IfIndex, Link>& links() const { return links_; }
  const Link* link(IfIndex index) const;
  const Link* link_named(std::string_view name) const;
  // Never null: an empty table where the device has no entry.
  const BridgeTable& bridge_table(IfIndex bridge) const;
  const VxlanTable& vxlan_table(IfIndex device) const;
  // How many entries a bridge has learned, or how many of them are behind a port of a bridge.
  std::size_t learned(IfIndex device) const;
  const NeighbourTable& neighbours(IfIndex bridge) const;
  const TagFilter* tag_filter(IfIndex index) const;
  // The vxlan device into which the port's announcements are copied; 0 where it is gone.
  std::optional<Announcer> announcer(IfIndex port) const;
  // Never null, as the tables.
  const std::set<GroupMember>& group_members(IfIndex bridge) const;
  const std::map<std::uint32_t, Nexthop>& nexthops() const { return nexthops_; }                 // by id
  const std::map<std::string, SourceFilter>& source_filters() const { return source_filters_; }  // by table

  const Host& host() const { return host_; }

  // Of what notifications tell: not of the host.
  bool operator==(const Installed& other) const;

 private:
  bool take(const LinkChanged& event);
  bool take(const LinkGone& event);
  bool take(const BridgePortChanged& event);
  bool take(const BridgeEntryChanged& event);
  bool take(const BridgeEntryGone& event);
  bool take(const VxlanEntryChanged& event);
  bool take(const VxlanEntryGone& event);
  bool take(const TagFilterChanged& event);
  bool take(const TagFilterGone& event);
  bool take(const HookGone& event);
  bool take(const AnnouncerChanged& event);
  bool take(const AnnouncerGone& event);
  bool take(const NeighbourChanged& event);
  bool take(const NeighbourGone& event);
  bool take(const GroupJoined& event);
  bool take(const GroupLeft& event);
  bool take(const NexthopChanged& event);
  bool take(const NexthopGone& event);
  bool take(const SourceFilterChanged& event);
  bool take(const SourceFilterGone& event);
  bool take(const HostChanged& event);
  bool take(const Overrun&) { return false; }
  void count(const BridgeEntry& entry, int by);

  Host host_;
  std::map<IfIndex, Link> links_;
  std::map<std::string, IfIndex, std::less<>> by_name_;
  absl::flat_hash_map<IfIndex, BridgeTable> bridge_tables_;
  absl::flat_hash_map<IfIndex, std::size_t> learned_;  // of bridge_tables_, by bridge and by port
  absl::flat_hash_map<IfIndex, VxlanTable> vxlan_tables_;
  absl::flat_hash_map<IfIndex, NeighbourTable> neighbours_;
  std::map<IfIndex, TagFilter> tag_filters_;
  std::map<IfIndex, Announcer> announcers_;
  std::map<IfIndex, std::set<GroupMember>> group_members_;  // by bridge
  std::map<std::uint32_t, Nexthop> nexthops_;
  std::map<std::string, SourceFilter> source_filters_;
};

// The ifalias of a device of ours is the ownership mark: "kvtep/SWITCH/UUID NAME", cut to what an alias
// holds. Device names are never parsed back.
std::string ownership_alias(std::string_view switch_name, std::string_view logical_switch_uuid,
                            std::string_view logical_switch_name);
// The UUID in an alias of ours, as text; nothing where the alias is not ours.
std::optional<std::string_view> owner_uuid(std::string_view alias, std::string_view switch_name);

}  // namespace kvtep
