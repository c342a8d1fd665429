// Nexthop objects (RTM_NEWNEXTHOP, RTM_DELNEXTHOP, their dump) as KernelEvents. Pure; takes any bytes, as
// decode() does.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/kernel_event.hpp"

namespace kvtep::rtnl::codec {

// Nothing for an object that is not ours and has none of our numbers.
Result<std::optional<KernelEvent>> decode_nexthop(std::span<const std::byte> message);

}  // namespace kvtep::rtnl::codec
