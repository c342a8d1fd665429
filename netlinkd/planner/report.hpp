// report(): the difference between what the kernel knows and what our rows of the database say, as a
// transaction. Pure.
//
// Our rows are: the Physical_Switch of our name and its Physical_Port rows; Ucast_Macs_Local and
// Mcast_Macs_Local rows whose locator is not another Physical_Switch's tunnel IP; the locator of our own
// tunnel IP. Shared columns are changed by `mutate`, never overwritten: controllers write to the same rows. A
// locator, a set or a port goes into the same transaction as the row that refers to it: without a reference
// the server forgets it at once.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "netlinkd/model/desired.hpp"
#include "netlinkd/model/installed.hpp"
#include "netlinkd/planner/binding_counts.hpp"
#include "netlinkd/planner/desired.hpp"
#include "netlinkd/planner/faults.hpp"
#include "ovsdb-client/transaction/transaction.hpp"

namespace kvtep::planner {

// What may have changed since the last report.
struct ReportScope {
  bool everything = true;
  // Where it is not everything:
  std::set<std::pair<Vni, MacAddress>> macs;
  bool groups = false;  // the rows of Mcast_Macs_Local
  bool stats = false;   // Logical_Binding_Stats

  bool empty() const { return !everything && macs.empty() && !groups && !stats; }
  static ReportScope nothing() { return {.everything = false, .macs = {}}; }
};

struct ReportInput {
  const View& view;
  const Desired& desired;
  const Installed& installed;
  const Faults& faults;
  // The IP address of a local host, for the ipaddr of its row; left empty: nobody knows any.
  std::function<std::optional<IpAddress>(Vni, const MacAddress&)> address_of = {};
  const BindingSums* binding_sums = nullptr;  // nothing counted: the rows that are there stay
};

struct Report {
  ovsdb::Transaction transaction;
  // What did not fit into `limit` rows and has to be reported after this.
  ReportScope rest = ReportScope::nothing();
};

// The Physical_Switch row comes first and alone: everything else hangs on it.
Report report(const ReportInput& input, const ReportScope& scope, std::size_t limit);

}  // namespace kvtep::planner
