// The small numbers of the field, each a type of its own so that none is taken for another.
#pragma once

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <utility>

namespace kvtep {

// A VXLAN network identifier (RFC 7348 section 5): 24 bits. 0 is legal on the wire, but in the database it
// means "not in use" (OVN sets it so), and from_key() refuses it.
struct Vni {
  std::uint32_t value = 0;

  // From Logical_Switch.tunnel_key, which the database lets be any integer.
  static std::optional<Vni> from_key(std::int64_t key) {
    if (key < 1 || key > 0xffffff) return std::nullopt;
    return Vni{static_cast<std::uint32_t>(key)};
  }

  auto operator<=>(const Vni&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const Vni& vni) {
    return H::combine(std::move(state), vni.value);
  }
};

// An IEEE 802.1Q VLAN identifier, 1..4094; 0, the key of an untagged binding, is kUntagged.
struct VlanId {
  std::uint16_t value = 0;

  // From a key of Physical_Port.vlan_bindings. 4095 is reserved by 802.1Q.
  static std::optional<VlanId> from_key(std::int64_t key) {
    if (key < 0 || key > 4094) return std::nullopt;
    return VlanId{static_cast<std::uint16_t>(key)};
  }

  auto operator<=>(const VlanId&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const VlanId& vlan) {
    return H::combine(std::move(state), vlan.value);
  }
};

inline constexpr VlanId kUntagged{0};

// A network device's number in one namespace; 0 is none.
struct IfIndex {
  std::uint32_t value = 0;

  explicit operator bool() const { return value != 0; }
  auto operator<=>(const IfIndex&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const IfIndex& index) {
    return H::combine(std::move(state), index.value);
  }
};

std::ostream& operator<<(std::ostream& out, Vni vni);
std::ostream& operator<<(std::ostream& out, VlanId vlan);
std::ostream& operator<<(std::ostream& out, IfIndex index);

}  // namespace kvtep
