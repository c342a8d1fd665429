// Removes from the kernel all that a switch of that name owns: its devices, and the filters on its ports.
#pragma once

#include <string>

#include "netlinkd/base/error.hpp"

namespace kvtep::ctl {

// How many operations it took. The daemon must not be running: it would put everything back.
Result<std::size_t> teardown(const std::string& switch_name);

}  // namespace kvtep::ctl
