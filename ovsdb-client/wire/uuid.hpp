// A row's identity in an OVSDB database (RFC 7047 section 3.1, <uuid>; RFC 4122 text form).
// Value type, no threading rules, parsing reports failure by an empty optional.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace ovsdb {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  // Exactly 36 characters, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"; either letter case.
  static std::optional<Uuid> parse(std::string_view text);
  // A random UUID, version 4.
  static Uuid random();

  std::string to_string() const;
  bool is_zero() const { return bytes == std::array<std::uint8_t, 16>{}; }

  auto operator<=>(const Uuid&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const Uuid& uuid) {
    return H::combine(std::move(state), uuid.bytes);
  }
};

std::ostream& operator<<(std::ostream& out, const Uuid& uuid);

}  // namespace ovsdb

template <>
struct std::hash<ovsdb::Uuid> {
  std::size_t operator()(const ovsdb::Uuid& uuid) const noexcept {
    std::size_t half;
    std::memcpy(&half, uuid.bytes.data(), sizeof half);
    return half;
  }
};
