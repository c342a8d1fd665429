// An independent judge of a kernel that is meant to be in step with the database: written from vtep(5) and
// kvtepd(8), row by row, and with none of the planner's code. Where history decides (which of two switches
// keeps a VNI, whether a MAC's row or its host came last), it accepts either.
#pragma once

#include <string>
#include <vector>

#include "netlinkd/model/installed.hpp"
#include "tests/support/rows.hpp"

namespace kvtep::testing {

// What is not as it has to be, a sentence each. Takes the switch's name and tunnel IP from `rows.settings`;
// devices whose name begins with "foreign" are an operator's.
std::vector<std::string> disagreements(const Rows& rows, const Installed& installed);

}  // namespace kvtep::testing
