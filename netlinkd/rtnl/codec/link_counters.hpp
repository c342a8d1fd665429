// Counters of all devices (RTM_GETSTATS with IFLA_STATS_LINK_64): cheaper than the links themselves, of which
// a dump says everything else as well. Pure; takes any bytes, as decode() does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/link_counters.hpp"

namespace kvtep::rtnl::codec {

std::vector<std::byte> counters_dump_request(std::uint32_t seq);

// One message of that dump: one device.
Result<std::pair<IfIndex, LinkCounters>> decode_counters(std::span<const std::byte> message);

}  // namespace kvtep::rtnl::codec
