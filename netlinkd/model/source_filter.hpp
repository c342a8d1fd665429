// Who may send us VXLAN packets. A Linux vxlan device decapsulates what comes from any source; this guard
// lets through only the tunnel endpoints that the database knows.
//
// In the kernel: an nftables table of family inet with one set and one rule on the input hook. It speaks only
// of packets to `tunnel_ip` and `udp_port`; everything else passes.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <set>
#include <string_view>

#include "netlinkd/base/ip_address.hpp"

namespace kvtep {

// What the names of our tables begin with; the rest is the switch's name.
inline constexpr std::string_view kSourceFilterPrefix = "kvtep_";

struct SourceFilter {
  IpAddress tunnel_ip;
  std::uint16_t udp_port = 4789;
  std::set<IpAddress> allowed;  // of the family of tunnel_ip

  bool operator==(const SourceFilter&) const = default;
};

std::ostream& operator<<(std::ostream& out, const SourceFilter& filter);

}  // namespace kvtep
