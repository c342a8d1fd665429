// VNIs of our own, for Logical_Switches whose controller leaves the choice to the receiver: vtep(5), "Per
// Logical_Switch+Physical_Locator pair". Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "netlinkd/base/ids.hpp"
#include "netlinkd/model/installed.hpp"
#include "netlinkd/planner/settings.hpp"
#include "ovsdb-client/wire/uuid.hpp"

namespace kvtep::planner {

// One each of the range, `taken` left out; nothing where none is left. A switch keeps the VNI of the devices
// that it has. Else the choice begins at a place that its uuid gives: whatever comes and goes beside it, and
// after a restart of the machine, that is mostly the same one, and the other ends need not be told.
std::map<ovsdb::Uuid, std::optional<Vni>> choose_vnis(const std::set<ovsdb::Uuid>& switches,
                                                      const VniRange& range, const std::set<Vni>& taken,
                                                      const Installed& installed,
                                                      std::string_view switch_name);

}  // namespace kvtep::planner
