// What of the machine as a whole bears on our switches. Read with every dump; nothing announces it.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>

#include "netlinkd/base/ip_address.hpp"

namespace kvtep {

// The most that a packet to `to` may have, as routes and path-MTU discovery know it.
struct Path {
  IpAddress to;
  std::uint32_t mtu = 0;

  bool operator==(const Path&) const = default;
};

struct Host {
  // One of net.bridge.bridge-nf-call-*: where br_netfilter is there, that counts for every bridge, whatever
  // its own setting says.
  bool firewall_sees_bridges = false;
  std::optional<Path> narrowest_path;  // of all tunnels

  bool operator==(const Host&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Host& host);

}  // namespace kvtep
