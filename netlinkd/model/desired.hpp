// What the database asks for, resolved to devices: the part that has to do with links and flood lists. Remote
// MACs are not copied in here (there may be a million): planner/remote_mac.hpp answers for one at a time.
#pragma once

#include <iosfwd>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "netlinkd/model/kernel_op.hpp"
#include "ovsdb-client/wire/uuid.hpp"

namespace kvtep {

// One realized Logical_Switch: a bridge and a vxlan device.
struct DesiredSwitch {
  ovsdb::Uuid logical_switch;
  std::string bridge_name;
  std::string vxlan_name;
  std::string alias;
  MacAddress bridge_address;
  BridgeInfo bridge;
  VxlanInfo vxlan;
  // The VNI was chosen here: our locators name it, and the locators of others name theirs.
  bool has_own_vni = false;
  // As large as the largest bound port's: were it smaller, the bridge would drop large frames in silence. At
  // that size the vxlan driver tells a host what its path can carry ("fragmentation needed").
  std::uint32_t mtu = 1500;
  // Only one of several service nodes is on the flood list: another may have to take its place at once.
  bool has_standby = false;
  // Where each group MAC is sent; the zero MAC's is the flood list: everything that nobody else has an entry
  // for.
  std::map<MacAddress, std::set<TunnelDestination>> multicast;
  // Rows of Ucast_Macs_Remote say what IP addresses remote hosts have: the bridge answers for them.
  bool answers_for_hosts = false;

  bool operator==(const DesiredSwitch&) const = default;
};

// One physical port with at least one binding to a realized Logical_Switch.
struct DesiredPort {
  std::optional<Vni> untagged;
  std::map<VlanId, Vni> tagged;

  bool operator==(const DesiredPort&) const = default;
};

// A row, or a port, that cannot be honoured, and why. Nothing else stops because of it.
struct Issue {
  std::string object;  // "Ucast_Macs_Remote 4f0d… (00:00:00:00:aa:01)": a table's row or a device, for people
  std::string reason;
  bool is_expected = false;  // a controller means it so, for any number of rows: not worth a warning

  auto operator<=>(const Issue&) const = default;
};

struct Desired {
  // Announcers copy probes, too: the kernel's bridges keep them from the tunnel.
  bool copies_probes = true;
  std::map<Vni, DesiredSwitch> switches;
  std::map<std::string, DesiredPort> ports;  // by device name; only those with a binding
  std::set<std::string> inventory;  // the devices that are physical ports of this switch, bound or not
  // Names of Physical_Port rows with a binding that cannot be honoured: port_fault_status "invalid_vlan_map".
  std::set<std::string> refused_bindings;
  std::optional<SourceFilter> source_filter;
  std::map<ovsdb::Uuid, Vni> vni_of;  // realized switches only
  std::set<Issue> issues;

  bool operator==(const Desired&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Issue& issue);

}  // namespace kvtep
