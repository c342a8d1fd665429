// The settings (Documentation/networking/ip-sysctl: arp_ignore, rp_filter) that keep the host out of the
// networks of its bridges. IFF_NOARP would do it, too, but ends the bridge's own ARP suppression.
#pragma once

#include <cstdint>

namespace kvtep::rtnl::codec {

inline constexpr std::uint32_t kArpIgnoreAll = 8;
inline constexpr std::uint32_t kRpFilterStrict = 1;

}  // namespace kvtep::rtnl::codec
