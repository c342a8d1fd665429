#include "netlinkd/base/error.hpp"

#include <ostream>

namespace kvtep {

Error system_error(int number, std::string message) {
  const std::error_code code(number, std::generic_category());
  message += ": " + code.message();
  return Error{.code = code, .message = std::move(message)};
}

Error usage_error(std::string message) {
  return Error{.code = std::make_error_code(std::errc::invalid_argument), .message = std::move(message)};
}

std::ostream& operator<<(std::ostream& out, const Error& error) { return out << error.message; }

}  // namespace kvtep
