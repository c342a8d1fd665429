// The bridges' multicast database (RTM_NEWMDB, RTM_DELMDB, their dump) as KernelEvents. Pure; takes any
// bytes, as decode() does.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/kernel_event.hpp"

namespace kvtep::rtnl::codec {

// Whether the message is one of these.
bool is_about_groups(std::span<const std::byte> message);

// One message of a dump tells of all members of a bridge. Groups of no IP family are left out,
// and those that the host itself is in.
Result<std::vector<KernelEvent>> decode_groups(std::span<const std::byte> message);

}  // namespace kvtep::rtnl::codec
