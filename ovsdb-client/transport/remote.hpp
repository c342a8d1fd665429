// Where a database server listens, as ovsdb-client(1) and the daemon's --db write it. Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "ovsdb-client/wire/error.hpp"

namespace ovsdb {

struct UnixRemote {
  std::string path;
  bool operator==(const UnixRemote&) const = default;
};

struct TcpRemote {
  std::string host;  // a name or an address; an IPv6 address without its brackets
  std::uint16_t port = 0;
  bool operator==(const TcpRemote&) const = default;
};

struct Remote {
  std::variant<UnixRemote, TcpRemote> address;

  // "unix:PATH" or "tcp:HOST:PORT" (HOST may be [IPv6]); anything else is Fault::Usage.
  static Result<Remote> parse(std::string_view text);
  std::string to_string() const;

  bool operator==(const Remote&) const = default;
};

}  // namespace ovsdb
