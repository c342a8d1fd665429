// What a network device has carried since it was made, or since its driver last began anew: the kernel's own
// counters (IFLA_STATS_LINK_64). Plain values.
#pragma once

#include <cstdint>
#include <map>

#include "netlinkd/base/ids.hpp"

namespace kvtep {

// "rx" is what came in by the device, from the network at its other end.
struct LinkCounters {
  std::uint64_t rx_packets = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t tx_bytes = 0;

  bool operator==(const LinkCounters&) const = default;
};

// All devices at one time.
using CounterReading = std::map<IfIndex, LinkCounters>;

}  // namespace kvtep
