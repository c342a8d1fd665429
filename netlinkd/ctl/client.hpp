// Asks a running daemon by its control socket (netlinkd/control/server.hpp).
#pragma once

#include <string>

#include "netlinkd/base/error.hpp"

namespace kvtep::ctl {

// The answer as it came. An error where nobody listens at `path`, or no answer comes within ten seconds.
Result<std::string> ask(const std::string& path, const std::string& request);

// Whether a process has the socket open, be it stuck or not.
bool somebody_listens(const std::string& path);

}  // namespace kvtep::ctl
