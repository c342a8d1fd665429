// Attributes that are younger than the kernel headers of Debian 12. A kernel that does not know one ignores
// it where it is set, and leaves it out of what it tells.
#pragma once

namespace kvtep::rtnl::codec {

inline constexpr unsigned kBridgeMaxLearned = 49;  // IFLA_BR_FDB_MAX_LEARNED, Linux 6.7

}  // namespace kvtep::rtnl::codec
