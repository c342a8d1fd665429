// An IPv4 or IPv6 address. Validity is established once, by parse().
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace kvtep {

using Ipv4Bytes = std::array<std::uint8_t, 4>;
using Ipv6Bytes = std::array<std::uint8_t, 16>;

struct IpAddress {
  std::variant<Ipv4Bytes, Ipv6Bytes> bytes;  // network byte order

  // The textual forms that inet_pton(3) takes; no prefix length, no zone.
  static std::optional<IpAddress> parse(std::string_view text);
  std::string to_string() const;

  bool is_v4() const { return std::holds_alternative<Ipv4Bytes>(bytes); }
  // A host's address: neither the unspecified address nor a multicast group.
  bool is_host() const;
  // A host's address that means the same on every machine: an IPv6 address of link-local scope needs an
  // interface beside it (RFC 4007 section 6), and an IPv4-mapped one is on no wire (RFC 4038 section 4.2).
  bool can_end_tunnel() const;

  auto operator<=>(const IpAddress&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const IpAddress& address) {
    // Debian's Abseil is built for C++14, and knows std::variant from nowhere.
    return std::visit([&](const auto& raw) { return H::combine(std::move(state), raw); }, address.bytes);
  }
};

std::ostream& operator<<(std::ostream& out, const IpAddress& address);

}  // namespace kvtep
