// Where the daemon listens and kvtepctl asks, unless told otherwise.
#pragma once

namespace kvtep::control {

inline constexpr const char* kDefaultPath = "/run/kvtep/kvtepd.sock";

}  // namespace kvtep::control
