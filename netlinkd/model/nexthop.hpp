// The kernel's nexthop objects (RTM_NEWNEXTHOP, <linux/nexthop.h>), as far as they are kvtep's: the service
// node of a Logical_Switch, behind which the flood list's entry stands. Such an entry names a group
// (NHA_GROUP) and the group a nexthop (NHA_GATEWAY with NHA_FDB): exchanging that one's address is one step,
// in which no frame is lost and none is sent twice.
#pragma once

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <vector>

#include "netlinkd/base/ids.hpp"
#include "netlinkd/base/ip_address.hpp"

namespace kvtep {

// nhm_protocol of ours: nobody's in /etc/iproute2/rt_protos.
inline constexpr std::uint8_t kNexthopProtocol = 75;

struct Nexthop {
  std::uint32_t id = 0;                // NHA_ID
  std::uint8_t protocol = 0;           // who made it
  std::optional<IpAddress> address;    // none of a group
  std::vector<std::uint32_t> members;  // of a group

  bool operator==(const Nexthop&) const = default;
};

// The numbers of a switch's two objects. A network namespace has one vxlan device of a VNI in each address
// family, so they are nobody else's.
struct ServiceNodeIds {
  std::uint32_t nexthop = 0;
  std::uint32_t group = 0;

  static constexpr ServiceNodeIds of(Vni vni, bool is_v4) {
    const std::uint32_t base = is_v4 ? kFirst : kFirst + 2 * kStride;
    return {.nexthop = base + vni.value, .group = base + kStride + vni.value};
  }
  // Of either of the two; nothing for a number that is none of these.
  static constexpr std::optional<ServiceNodeIds> containing(std::uint32_t id) {
    if (id < kFirst || id >= kFirst + 4 * kStride) return std::nullopt;
    return of(Vni{id % kStride}, id < kFirst + 2 * kStride);
  }
  Vni vni() const { return Vni{nexthop % kStride}; }
  bool is_v4() const { return nexthop < kFirst + 2 * kStride; }

  auto operator<=>(const ServiceNodeIds&) const = default;

 private:
  static constexpr std::uint32_t kStride = 1U << 24;  // as many as there are VNIs
  static constexpr std::uint32_t kFirst = 0x4b * kStride;
};

std::ostream& operator<<(std::ostream& out, const Nexthop& nexthop);

}  // namespace kvtep
