// Where our filters stand: what makes them recognisable as ours, in requests and in what the kernel tells.
#pragma once

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>

#include <cstdint>

#include "netlinkd/base/ids.hpp"
#include "netlinkd/rtnl/codec/request.hpp"

namespace kvtep::rtnl::codec {

inline constexpr std::uint32_t kIngressHook = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);

struct FilterPlace {
  std::uint16_t priority = 0;
  std::uint32_t handle = 0;

  bool operator==(const FilterPlace&) const = default;
};

// Before the priorities that the kernel gives away by itself (49152 downwards), behind those an operator
// gives by hand.
inline constexpr FilterPlace kTagFilter{.priority = 27510, .handle = 0x6b767470};  // "kvtp"
inline constexpr FilterPlace kAnnouncer{.priority = 27511, .handle = 0x6b767461};  // "kvta"

inline void put_filter_place(Request& request, IfIndex device, const FilterPlace& place) {
  auto& filter = request.family_header<tcmsg>();
  filter.tcm_ifindex = static_cast<int>(device.value);
  filter.tcm_parent = kIngressHook;
  filter.tcm_handle = place.handle;
  filter.tcm_info = TC_H_MAKE(std::uint32_t{place.priority} << 16, htons(ETH_P_ALL));
  request.put_zero_terminated(TCA_KIND, "bpf");
}

}  // namespace kvtep::rtnl::codec
