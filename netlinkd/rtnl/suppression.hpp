// What a bridge does with ARP probes (RFC 5227 section 2.1.1) where a port of it suppresses neighbours. Older
// kernels keep them from that port, newer ones (since 2025, and in stable series) do not; no attribute tells
// which. Private to the room.
#pragma once

#include "netlinkd/base/error.hpp"
#include "netlinkd/base/ids.hpp"

namespace kvtep::rtnl {

// Sends two frames by the bridge, in the network namespace of the calling thread, and looks which of them
// leave by the port: a probe, and a request that passes everywhere. Both devices are up, and the port
// suppresses neighbours. An error where the second did not leave, or nobody could look.
Result<bool> lets_probes_pass(IfIndex bridge, IfIndex port);

}  // namespace kvtep::rtnl
