// The flood lists that are one service node out of several: behind a nexthop group, so that exchanging it is
// one step. Part of plan(). Pure.
#pragma once

#include <optional>
#include <set>
#include <string_view>

#include "netlinkd/model/desired.hpp"
#include "netlinkd/model/installed.hpp"
#include "netlinkd/planner/plan.hpp"

namespace kvtep::planner {

class ServiceNodes {
 public:
  // Steps go into `plan`; all have to outlive this.
  ServiceNodes(const Installed& installed, std::string_view switch_name, Plan& plan)
      : installed_(installed), switch_name_(switch_name), plan_(plan) {}

  // True where the flood list is, or is to be, behind a group, and nobody else has to plan it. The kernel
  // takes such an entry into an empty list only: a list that is plain stays so.
  bool plan(const DesiredSwitch& wanted, const Link& vxlan);

  // After the last switch: the nexthops of ours behind which nothing stands any more. Not those of a device
  // that another kvtepd has.
  void plan_leftovers();

 private:
  bool are_free(const ServiceNodeIds& ids) const;
  void set(const IpAddress& node, const ServiceNodeIds& ids, IfIndex vxlan, bool has_entry);

  const Installed& installed_;
  std::string_view switch_name_;
  Plan& plan_;
  std::set<ServiceNodeIds> in_use_;
};

}  // namespace kvtep::planner
