// What kvtep asks of the kernel: one value an operation, each idempotent, each about one object. The planner
// makes them, rtnl encodes them (an operation may be several netlink messages, always sent together), and
// every one of them comes back as an OpResult.
//
// Devices of ours are named at creation; everything else goes by IfIndex, so that an operation can never hit
// another device that took over a name.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/fdb.hpp"
#include "netlinkd/model/link.hpp"
#include "netlinkd/model/neighbour.hpp"
#include "netlinkd/model/nexthop.hpp"
#include "netlinkd/model/source_filter.hpp"
#include "netlinkd/model/tag_filter.hpp"

namespace kvtep {

// A bridge that is no host of its networks: no IPv6 address (IFLA_INET6_ADDR_GEN_MODE none), no multicast
// snooping, no default PVID, a MAC address of its own, and all else as in BridgeInfo{}. Carries `alias` and
// is up when the operation is done.
struct CreateBridge {
  std::string name;
  std::string alias;
  MacAddress address;
  bool operator==(const CreateBridge&) const = default;
};
// A vxlan device as a port of `bridge`, down, with learning off on the device and on the bridge port, no IPv6
// address.
struct CreateVxlan {
  std::string name;
  std::string alias;
  VxlanInfo info;
  IfIndex bridge;
  bool operator==(const CreateVxlan&) const = default;
};
// An 802.1Q device, down, no IPv6 address.
struct CreateVlan {
  std::string name;
  std::string alias;
  VlanInfo info;
  bool operator==(const CreateVlan&) const = default;
};
struct DeleteLink {
  IfIndex index;
  std::string name;  // for messages only
  bool operator==(const DeleteLink&) const = default;
};
struct SetAlias {
  IfIndex index;
  std::string alias;
  bool operator==(const SetAlias&) const = default;
};
struct SetUp {
  IfIndex index;
  bool operator==(const SetUp&) const = default;
};
struct SetMtu {
  IfIndex index;
  std::uint32_t mtu = 0;
  bool operator==(const SetMtu&) const = default;
};
// Makes the device a port of `bridge`; of none where it is 0.
struct SetMaster {
  IfIndex index;
  IfIndex bridge;
  bool operator==(const SetMaster&) const = default;
};
// Everything of `info` can be changed on a live bridge.
struct ConfigureBridge {
  IfIndex index;
  BridgeInfo info;
  bool operator==(const ConfigureBridge&) const = default;
};
// What can be changed on a live vxlan device: local, learning, ttl, tos.
struct ConfigureVxlan {
  IfIndex index;
  VxlanInfo info;
  bool operator==(const ConfigureVxlan&) const = default;
};
struct ConfigureBridgePort {
  IfIndex index;
  BridgePort port;
  bool operator==(const ConfigureBridgePort&) const = default;
};
struct SetTagFilter {
  IfIndex index;
  TagFilter filter;
  bool operator==(const SetTagFilter&) const = default;
};
struct RemoveTagFilter {
  IfIndex index;
  bool operator==(const RemoveTagFilter&) const = default;
};
// Both tables by one message (NTF_SELF|NTF_MASTER|NTF_EXT_LEARNED); replaces what stood there.
struct SetRemoteMac {
  IfIndex vxlan;
  MacAddress mac;
  TunnelDestination destination;
  bool operator==(const SetRemoteMac&) const = default;
};
// From either table or both.
struct RemoveRemoteMac {
  IfIndex vxlan;
  MacAddress mac;
  bool from_vxlan = true;
  bool from_bridge = true;
  bool operator==(const RemoveRemoteMac&) const = default;
};
// One destination of a group MAC's entries on a vxlan device, or of the flood list, which is the zero MAC's.
struct AddFloodDestination {
  IfIndex vxlan;
  TunnelDestination destination;
  MacAddress group;
  bool operator==(const AddFloodDestination&) const = default;
};
struct RemoveFloodDestination {
  IfIndex vxlan;
  TunnelDestination destination;
  MacAddress group;
  bool operator==(const RemoveFloodDestination&) const = default;
};
// The flood list of the vxlan device becomes this node behind a nexthop group. Where the group and the entry
// are there, that is one step. The kernel refuses the entry beside plain ones.
struct SetServiceNode {
  IfIndex vxlan;
  ServiceNodeIds ids;
  IpAddress node;
  bool has_group = false;
  bool has_entry = false;
  bool operator==(const SetServiceNode&) const = default;
};
// The group, with it the entry that names it, and the nexthop. `vxlan` is 0 where the device is gone.
struct RemoveServiceNode {
  IfIndex vxlan;
  ServiceNodeIds ids;
  bool operator==(const RemoveServiceNode&) const = default;
};
// The nftables table of that name becomes this filter and nothing else, in one step.
struct SetSourceFilter {
  std::string table;
  SourceFilter filter;
  bool operator==(const SetSourceFilter&) const = default;
};
struct RemoveSourceFilter {
  std::string table;
  bool operator==(const RemoveSourceFilter&) const = default;
};

// A neighbour entry on the bridge, NUD_NOARP and NTF_EXT_LEARNED; replaces what stood there.
struct SetNeighbour {
  IfIndex bridge;
  IpAddress address;
  MacAddress mac;
  bool operator==(const SetNeighbour&) const = default;
};
struct RemoveNeighbour {
  IfIndex bridge;
  IpAddress address;
  bool operator==(const RemoveNeighbour&) const = default;
};
struct SetAnnouncer {
  IfIndex index;
  Announcer announcer;
  bool operator==(const SetAnnouncer&) const = default;
};
struct RemoveAnnouncer {
  IfIndex index;
  bool operator==(const RemoveAnnouncer&) const = default;
};

using KernelOp =
    std::variant<CreateBridge, CreateVxlan, CreateVlan, DeleteLink, SetAlias, SetUp, SetMtu, SetMaster,
                 ConfigureBridge, ConfigureVxlan, ConfigureBridgePort, SetTagFilter, RemoveTagFilter,
                 SetRemoteMac, RemoveRemoteMac, AddFloodDestination, RemoveFloodDestination, SetServiceNode,
                 RemoveServiceNode, SetSourceFilter, RemoveSourceFilter, SetNeighbour, RemoveNeighbour,
                 SetAnnouncer, RemoveAnnouncer>;

// `error` holds the errno and the kernel's extended acknowledgement; empty where the kernel did it. Results
// come in the order of the operations, one each.
struct OpResult {
  KernelOp op;
  std::optional<Error> error;
};

// "set the remote MAC 00:00:00:00:aa:01 to 192.168.1.10 on device 7": for logs and test failures.
std::string describe(const KernelOp& op);
std::ostream& operator<<(std::ostream& out, const KernelOp& op);

}  // namespace kvtep
