// Where the tag filter stands: what makes it recognisable as ours, in requests and in what the kernel tells.
#pragma once

#include <linux/pkt_sched.h>

#include <cstdint>

namespace kvtep::rtnl::codec {

// Before the priorities that the kernel gives away by itself (49152 downwards), behind those an operator
// gives by hand.
inline constexpr std::uint16_t kTagFilterPriority = 27510;
inline constexpr std::uint32_t kTagFilterHandle = 0x6b767470;  // "kvtp"
inline constexpr std::uint32_t kIngressHook = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);

}  // namespace kvtep::rtnl::codec
