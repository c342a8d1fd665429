// What can go wrong between us and an OVSDB server, as a value.
#pragma once

#include <expected>
#include <iosfwd>
#include <string>

namespace ovsdb {

// Who is at fault, which decides what the caller can do about it.
enum class Fault {
  Syntax,     // the peer sent what is not JSON, or JSON over the limits: the session is closed
  Protocol,   // JSON, but not what RFC 7047 allows at this place: the session is closed
  Server,     // the server answered with an error object: `message` has its words
  Transport,  // the stream failed: `message` has the system's words
  Usage,      // the caller's own argument is off (a remote's text, for example)
};

struct Error {
  Fault fault{};
  // What was tried, on which object, and the other side's own words.
  std::string message;

  bool operator==(const Error&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Error& error);

template <typename T>
using Result = std::expected<T, Error>;

}  // namespace ovsdb
