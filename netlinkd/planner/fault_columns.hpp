// The part of report() that has to do with switch_fault_status and port_fault_status.
#pragma once

#include "netlinkd/planner/report.hpp"

namespace kvtep::planner {

// Words of ours are put in and taken out one by one, also those of a former life of the daemon; others are
// left alone.
void report_switch_faults(const ReportInput& input, const OwnSwitch& own, ovsdb::Transaction& transaction);
void report_port_faults(const ReportInput& input, const Uuid& id, const hwvtep::PhysicalPort& row,
                        ovsdb::Transaction& transaction);

}  // namespace kvtep::planner
