// Reads what no rtnetlink message tells of the machine: sysctls, and what routes can carry. In the network
// namespace of the calling thread; not blocking. What cannot be read is as if it were not there. Private to
// the room.
#pragma once

#include "netlinkd/model/host.hpp"
#include "netlinkd/model/kernel_event.hpp"

namespace kvtep::rtnl {

// The tunnels' ends are those of the snapshot's vxlan entries.
Host read_host(const Snapshot& snapshot);

}  // namespace kvtep::rtnl
