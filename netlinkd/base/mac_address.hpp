// An Ethernet address (IEEE 802). Validity is established once, by parse().
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kvtep {

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  // Six pairs of hexadecimal digits with colons between them, either letter case.
  static std::optional<MacAddress> parse(std::string_view text);
  // Lower case, with colons: the form in which OVN compares it (Ucast_Macs_Local.MAC).
  std::string to_string() const;

  bool is_group() const { return (bytes[0] & 1) != 0; }
  bool is_zero() const { return bytes == std::array<std::uint8_t, 6>{}; }

  auto operator<=>(const MacAddress&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const MacAddress& mac) {
    return H::combine(std::move(state), mac.bytes);
  }
};

std::ostream& operator<<(std::ostream& out, const MacAddress& mac);

}  // namespace kvtep
