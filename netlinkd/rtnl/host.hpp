// Reads what no rtnetlink message tells of the machine: sysctls, and what routes can carry. In the network
// namespace of the calling thread; not blocking. What cannot be read is as if it were not there. Private to
// the room.
#pragma once

#include <string>

#include "netlinkd/model/host.hpp"
#include "netlinkd/model/kernel_event.hpp"

namespace kvtep::rtnl {

// The tunnels' ends are those of the snapshot's vxlan entries.
Host read_host(const Snapshot& snapshot);

// IPv6 has to be on, whatever the namespace's default, or the kernel refuses the bridge's neighbours. But a
// network's router must not give the bridge an address, nor the machine a route. No netlink attribute says so
// (disable_ipv6, accept_ra; ip-sysctl). Where there is no IPv6, or /proc/sys cannot be written, nothing is
// changed.
void have_ipv6_for_neighbours(const std::string& bridge);

}  // namespace kvtep::rtnl
