#include "ovsdb-client/transport/remote.hpp"

#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace ovsdb {
namespace {

std::unexpected<Error> refused(std::string_view text, std::string_view why) {
  return std::unexpected(Error{Fault::Usage, fmt::format("remote \"{}\": {}", text, why)});
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// HOST:PORT or [IPv6]:PORT.
Result<Remote> parse_tcp(std::string_view text, std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return refused(text, "expected tcp:HOST:PORT");
  auto host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refused(text, "an IPv6 address goes into brackets");
  }
  if (host.empty() || host.find_first_of("[] ") != std::string_view::npos) return refused(text, "bad host");
  const auto port = parse_port(address.substr(colon + 1));
  if (!port) return refused(text, "expected a port from 1 to 65535");
  return Remote{TcpRemote{std::string(host), *port}};
}

}  // namespace

Result<Remote> Remote::parse(std::string_view text) {
  if (text.starts_with("unix:")) {
    const auto path = text.substr(5);
    if (path.empty()) return refused(text, "expected unix:PATH");
    // sockaddr_un holds 108 bytes with the final zero.
    if (path.size() > 107) return refused(text, "a socket's path has at most 107 bytes");
    return Remote{UnixRemote{std::string(path)}};
  }
  if (text.starts_with("tcp:")) return parse_tcp(text, text.substr(4));
  if (text.starts_with("ssl:")) return refused(text, "ssl is not supported yet");
  return refused(text, "expected unix:PATH or tcp:HOST:PORT");
}

std::string Remote::to_string() const {
  if (const auto* local = std::get_if<UnixRemote>(&address)) return "unix:" + local->path;
  const auto& tcp = std::get<TcpRemote>(address);
  const bool is_ipv6 = tcp.host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("tcp:[{}]:{}", tcp.host, tcp.port)
                 : fmt::format("tcp:{}:{}", tcp.host, tcp.port);
}

}  // namespace ovsdb
