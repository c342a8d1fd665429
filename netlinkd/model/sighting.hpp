// A host that said in ARP or Neighbor Discovery which IP address is its own, and where it was heard. Hosts can
// say what they like: a value of this type is a claim in good form, no more.
#pragma once

#include "netlinkd/base/ids.hpp"
#include "netlinkd/base/ip_address.hpp"
#include "netlinkd/base/mac_address.hpp"

namespace kvtep {

struct Sighting {
  IfIndex port;  // the physical port, whatever the frame's tag
  VlanId vlan;   // of its 802.1Q tag; kUntagged where it had none
  MacAddress mac;
  IpAddress address;

  bool operator==(const Sighting&) const = default;
};

}  // namespace kvtep
