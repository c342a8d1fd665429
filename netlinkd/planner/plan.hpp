// plan(): the difference between what is desired and what is installed, as operations. Pure: no clock, no
// I/O, no log.
//
// A plan holds only operations whose preconditions the kernel has already confirmed (a vxlan device is
// created once its bridge is there, set up once its tag filter is there), so a change of several steps takes
// several plans. That is what makes start, restart, lost events, drift and retry one path, and why no
// dependency graph is needed.
//
// Laws, held by tests/property: plan(s, s) is empty; applying plans to a kernel that obeys its rules until
// none is left yields the desired state; what is not ours is never touched.
#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "netlinkd/model/desired.hpp"
#include "netlinkd/model/installed.hpp"

namespace kvtep::planner {

struct Step {
  KernelOp op;
  // True where the wish for the object went away: the agent waits a little before it obeys, because
  // controllers take back and repeat within milliseconds what they mean to keep (OVN sets a key 1, 0, 1).
  // Everything else is done at once.
  bool is_removal = false;

  bool operator==(const Step&) const = default;
};

struct Plan {
  std::vector<Step> steps;
  // Ports and devices that cannot be given what is desired because somebody else holds them.
  std::set<Issue> conflicts;
  // The ports among them, by name: Physical_Port.port_fault_status "invalid_vlan_map".
  std::set<std::string> conflicting_ports;
};

// Links, tag filters and flood lists; `switch_name` tells our devices from others' (ownership_alias()).
Plan plan_links(const Desired& desired, const Installed& installed, std::string_view switch_name);

}  // namespace kvtep::planner
