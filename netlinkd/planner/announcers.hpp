// The part of plan_links() that keeps moves announced: where the vxlan port suppresses neighbours, the bridge
// keeps gratuitous ARP and the like from it, and each local port copies these into the tunnel.
#pragma once

#include <string_view>
#include <vector>

#include "netlinkd/planner/plan.hpp"

namespace kvtep::planner {

// Adds the announcers that are missing to `plan`; returns the steps that take away the others.
std::vector<Step> plan_announcers(const Desired& desired, const Installed& installed,
                                  std::string_view switch_name, Plan& plan);

}  // namespace kvtep::planner
