// Finds out what the running kernel can, by doing once what the daemon does: in a network namespace of a
// thread that lives no longer than that, so that nothing of the host is touched, and what was made goes with
// it. (A module that is loaded for it stays, as it would for the first device of its kind.)
//
// Blocks for some milliseconds. Fails where no namespace can be made, for want of CAP_SYS_ADMIN: then nothing
// is known.
#pragma once

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/capabilities.hpp"

namespace kvtep::rtnl {

Result<Capabilities> probe();

}  // namespace kvtep::rtnl
