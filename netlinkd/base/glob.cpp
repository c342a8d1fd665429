#include "netlinkd/base/glob.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace kvtep {

bool matches_any(const std::vector<std::string>& patterns, const std::string& name) {
  return std::ranges::any_of(
      patterns, [&](const std::string& pattern) { return fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

}  // namespace kvtep
