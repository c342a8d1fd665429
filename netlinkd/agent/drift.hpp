// Tells what somebody else did to our devices from our own progress: an object that was as it was wished for,
// and that a plan wants changed though no wish has changed since.
//
// Repairing takes several plans (the bridge, then the vxlan device in it, then that one's filter): an object
// stays unsettled, and is not counted again, until a plan asks for nothing that has to do with it. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "netlinkd/model/installed.hpp"
#include "netlinkd/planner/plan.hpp"

namespace kvtep::agent {

class DriftWatch {
 public:
  // Whatever the next plan asks for is our own progress.
  void wishes_changed() { is_new_ = true; }

  // To be called with every plan. The objects that somebody else changed, by name.
  std::vector<std::string> look(const std::vector<planner::Step>& steps, const Installed& installed);

 private:
  bool is_new_ = true;
  std::set<std::string> unsettled_;
};

}  // namespace kvtep::agent
