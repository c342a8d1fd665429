// Shell patterns for device names, as --ports takes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kvtep {

// True where one of the patterns (glob(7): *, ?, [...]) matches the whole name.
bool matches_any(const std::vector<std::string>& patterns, const std::string& name);

}  // namespace kvtep
