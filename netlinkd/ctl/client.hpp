// Asks a running daemon by its control socket (netlinkd/control/server.hpp).
#pragma once

#include <string>

#include "netlinkd/base/error.hpp"

namespace kvtep::ctl {

// The answer as it came. An error where nobody listens at `path`.
Result<std::string> ask(const std::string& path, const std::string& request);

}  // namespace kvtep::ctl
