// Which MAC an IP address has in a bridged network: what a bridge answers ARP requests and Neighbour
// Solicitations from, in a remote host's stead.
#pragma once

#include <iosfwd>

#include "netlinkd/base/ids.hpp"
#include "netlinkd/base/ip_address.hpp"
#include "netlinkd/base/mac_address.hpp"

namespace kvtep {

// An entry of the kernel's neighbour tables (RTM_NEWNEIGH, AF_INET and AF_INET6), of a device that kvtep
// made. Its identity is (device, address).
struct Neighbour {
  IfIndex device;
  IpAddress address;
  MacAddress mac;
  // NUD_NOARP and NTF_EXT_LEARNED: ours, where it is on a bridge of ours. Such an entry neither ages nor
  // counts against the table's limit (gc_thresh3).
  bool is_external = true;

  bool operator==(const Neighbour&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Neighbour& neighbour);

// What copies into the tunnel what announces a host at a port: gratuitous ARP, unsolicited Neighbour
// Advertisements, and before these the probes (RFC 5227, RFC 4862 section 5.4). A bridge port that suppresses
// neighbours gets none of these from the bridge; from some kernels' it gets the probes.
struct Announcer {
  IfIndex vxlan;  // 0 where that device is gone
  bool copies_probes = true;

  bool operator==(const Announcer&) const = default;
};

}  // namespace kvtep
