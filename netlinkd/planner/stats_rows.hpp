// The part of report() that has to do with Physical_Port.vlan_stats and Logical_Binding_Stats.
#pragma once

#include <cstddef>

#include "netlinkd/planner/report.hpp"

namespace kvtep::planner {

// A row for each binding that was counted, and none for what is bound no more: those go at once, whatever the
// limit.
void report_binding_stats(const ReportInput& input, const OwnSwitch& own, std::size_t limit, Report& result);

}  // namespace kvtep::planner
