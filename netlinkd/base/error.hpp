// The daemon's one error type: a system error code, never translated, and what was tried in words.
#pragma once

#include <expected>
#include <iosfwd>
#include <string>
#include <system_error>

namespace kvtep {

struct Error {
  std::error_code code;
  // What was tried, on which object, and the kernel's or the server's own words.
  std::string message;

  bool operator==(const Error&) const = default;
};

// Names the errno value `number` in the text too: "message: No such device".
Error system_error(int number, std::string message);
Error usage_error(std::string message);

std::ostream& operator<<(std::ostream& out, const Error& error);

template <typename T>
using Result = std::expected<T, Error>;

}  // namespace kvtep
