// The identity of what an operation is about, as opposed to its content: two operations with the same key ask
// for different states of one object.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "netlinkd/model/kernel_op.hpp"

namespace kvtep::agent {

struct OpKey {
  std::uint8_t kind = 0;  // the alternative of KernelOp
  IfIndex index;          // 0 for a device that is to be created
  std::string name;       // of a device that is to be created, or of a table
  MacAddress mac;
  TunnelDestination destination;
  std::optional<IpAddress> address = {};  // of a neighbour

  // Of a remote host, as opposed to a link or a list.
  bool is_of_host() const { return address || (!mac.is_zero() && !mac.is_group()); }

  auto operator<=>(const OpKey&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const OpKey& key) {
    return H::combine(std::move(state), key.kind, key.index, key.name, key.mac,
                      key.destination.address.value_or(key.address.value_or(IpAddress{})));
  }
};

OpKey key_of(const KernelOp& op);

// One thing that is planned, and planned again, as a whole: all links and flood lists, one remote MAC, or
// one neighbour.
struct Unit {
  bool is_mac = false;
  Vni vni;
  MacAddress mac;
  std::optional<IpAddress> address = {};  // of a neighbour, which is no MAC

  auto operator<=>(const Unit&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const Unit& unit) {
    return H::combine(std::move(state), unit.is_mac, unit.vni, unit.mac, unit.address.value_or(IpAddress{}));
  }
};

inline constexpr Unit kLinks{};

}  // namespace kvtep::agent
