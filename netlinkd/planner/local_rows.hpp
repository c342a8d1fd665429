// The part of report() that has to do with Ucast_Macs_Local and Mcast_Macs_Local.
#pragma once

#include <cstddef>

#include "netlinkd/planner/report.hpp"

namespace kvtep::planner {

// Adds what differs to `result`, at most about `limit` rows of Ucast_Macs_Local; the rest goes into
// `result.rest`.
void report_local_macs(const ReportInput& input, const ReportScope& scope, std::size_t limit, Report& result);

}  // namespace kvtep::planner
