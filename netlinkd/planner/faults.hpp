// What report() writes to the fault columns, but for what the rows tell by themselves: vtep(5),
// Physical_Switch.switch_fault_status and Physical_Port.port_fault_status. Values.
#pragma once

#include <set>
#include <string>

#include "netlinkd/base/ids.hpp"

namespace kvtep::planner {

// Where more MACs were learned than Settings allow.
struct FullTables {
  std::set<Vni> switches;
  std::set<std::string> ports;  // by name

  bool empty() const { return switches.empty() && ports.empty(); }
  bool operator==(const FullTables&) const = default;
};

struct Faults {
  bool mac_table_exhaustion = false;  // the kernel takes no more entries
  bool tunnel_exhaustion = false;     // nor vxlan devices or flood destinations
  bool unspecified = false;           // it refuses something else for good
  FullTables full;                    // "mac_table_exhaustion" too
  // Physical ports by name.
  std::set<std::string> conflicting_ports;  // somebody else holds them: "invalid_vlan_map"
  std::set<std::string> failing_ports;      // the kernel refuses something for good: "unspecified_fault"

  bool operator==(const Faults&) const = default;
};

}  // namespace kvtep::planner
