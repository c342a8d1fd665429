// What each binding of a port has carried: readings of the kernel's counters in, one sum a binding out
// (vtep(5), table Logical_Binding_Stats). Pure.
//
//   (port, v)  the counters of the VLAN device
//   (port, 0)  the port's counters less those of all VLAN devices on it, ours or not: the kernel counts a
//              tagged frame at both, at the port with its Ethernet header, at the VLAN device, where it comes
//              in, without
//
// "From local" is what comes in by the port, "to local" what leaves by it: as ovs-vtep has it.
//
// A sum only grows while the binding is there: what is added is the growth since the reading before, and a
// counter that is lower than it was (a device made anew, a driver reset) has begun at zero. A binding that
// was there before this daemon goes on from what the database says, a later one starts at zero; what passes
// while no daemon runs is not counted. Nor are untagged frames between two readings where a VLAN device of
// the port went: the port's counters hold its last frames, too.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "netlinkd/hwvtep/physical.hpp"
#include "netlinkd/model/desired.hpp"
#include "netlinkd/model/installed.hpp"
#include "netlinkd/model/link_counters.hpp"
#include "netlinkd/planner/desired.hpp"

namespace kvtep::planner {

// Physical_Port.name and the key in vlan_bindings.
using BindingKey = std::pair<std::string, std::int64_t>;

struct BindingCount {
  Uuid logical_switch;
  hwvtep::LogicalBindingStats sum;

  bool operator==(const BindingCount&) const = default;
};
using BindingSums = std::map<BindingKey, BindingCount>;

using VlanParents = std::map<IfIndex, IfIndex>;  // by VLAN device

class BindingCounts {
 public:
  void take(const CounterReading& reading, const View& view, const Desired& desired,
            const Installed& installed);

  // Every binding that was there at the last reading.
  const BindingSums& sums() const { return sums_; }

 private:
  BindingSums sums_;
  CounterReading last_;
  VlanParents last_vlans_;
  bool has_reading_ = false;
};

}  // namespace kvtep::planner
