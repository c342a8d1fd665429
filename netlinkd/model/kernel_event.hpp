// What the kernel tells, by notification or in a dump; both are the same values, so that start, loss and
// ordinary change are one path. `Overrun` is a value too: every consumer has to say what it does about lost
// notifications.
#pragma once

#include <iosfwd>
#include <string>
#include <variant>
#include <vector>

#include "netlinkd/model/fdb.hpp"
#include "netlinkd/model/group.hpp"
#include "netlinkd/model/host.hpp"
#include "netlinkd/model/link.hpp"
#include "netlinkd/model/neighbour.hpp"
#include "netlinkd/model/nexthop.hpp"
#include "netlinkd/model/source_filter.hpp"
#include "netlinkd/model/tag_filter.hpp"

namespace kvtep {

struct LinkChanged {
  Link link;
  bool operator==(const LinkChanged&) const = default;
};
// The device is gone from this namespace: deleted, or moved to another one. Its entries and filter went with
// it.
struct LinkGone {
  IfIndex index;
  bool operator==(const LinkGone&) const = default;
};
// A bridge port's own notification (AF_BRIDGE RTM_NEWLINK), which brings the port's flags and nothing else.
struct BridgePortChanged {
  IfIndex index;
  BridgePort port;
  bool operator==(const BridgePortChanged&) const = default;
};
struct BridgeEntryChanged {
  BridgeEntry entry;
  bool operator==(const BridgeEntryChanged&) const = default;
};
struct BridgeEntryGone {
  BridgeEntry entry;
  bool operator==(const BridgeEntryGone&) const = default;
};
struct VxlanEntryChanged {
  VxlanEntry entry;
  bool operator==(const VxlanEntryChanged&) const = default;
};
struct VxlanEntryGone {
  VxlanEntry entry;
  bool operator==(const VxlanEntryGone&) const = default;
};
struct TagFilterChanged {
  IfIndex index;
  TagFilter filter;
  bool operator==(const TagFilterChanged&) const = default;
};
// The filter is gone, or what stands at its place is no filter of ours.
struct TagFilterGone {
  IfIndex index;
  bool operator==(const TagFilterGone&) const = default;
};
// The ingress hook is gone, or was exchanged: with it went all filters, in silence.
struct HookGone {
  IfIndex index;
  bool operator==(const HookGone&) const = default;
};
struct AnnouncerChanged {
  IfIndex index;
  Announcer announcer;
  bool operator==(const AnnouncerChanged&) const = default;
};
struct AnnouncerGone {
  IfIndex index;
  bool operator==(const AnnouncerGone&) const = default;
};
struct NeighbourChanged {
  Neighbour neighbour;
  bool operator==(const NeighbourChanged&) const = default;
};
struct NeighbourGone {
  IfIndex device;
  IpAddress address;
  bool operator==(const NeighbourGone&) const = default;
};
struct GroupJoined {
  GroupMember member;
  bool operator==(const GroupJoined&) const = default;
};
struct GroupLeft {
  GroupMember member;
  bool operator==(const GroupLeft&) const = default;
};
struct NexthopChanged {
  Nexthop nexthop;
  bool operator==(const NexthopChanged&) const = default;
};
// With a group the entries that name it go, of which the kernel does not tell.
struct NexthopGone {
  std::uint32_t id = 0;
  bool operator==(const NexthopGone&) const = default;
};
// A source filter as it was read: in a dump, and after each operation on it (nf_tables' own notifications are
// not listened to).
struct SourceFilterChanged {
  std::string table;
  SourceFilter filter;
  bool operator==(const SourceFilterChanged&) const = default;
};
struct SourceFilterGone {
  std::string table;
  bool operator==(const SourceFilterGone&) const = default;
};
// Comes with every dump, and by no notification.
struct HostChanged {
  Host host;
  bool operator==(const HostChanged&) const = default;
};
// Notifications were lost (ENOBUFS, MSG_TRUNC): only a new dump tells what is there.
struct Overrun {
  bool operator==(const Overrun&) const = default;
};

using KernelEvent =
    std::variant<LinkChanged, LinkGone, BridgePortChanged, BridgeEntryChanged, BridgeEntryGone,
                 VxlanEntryChanged, VxlanEntryGone, TagFilterChanged, TagFilterGone, GroupJoined, GroupLeft,
                 NexthopChanged, NexthopGone, SourceFilterChanged, SourceFilterGone, HostChanged, HookGone,
                 AnnouncerChanged, AnnouncerGone, NeighbourChanged, NeighbourGone, Overrun>;

// A complete dump: links first, then filters, then entries. Only *Changed events.
struct Snapshot {
  std::vector<KernelEvent> events;
};

std::ostream& operator<<(std::ostream& out, const KernelEvent& event);

}  // namespace kvtep
