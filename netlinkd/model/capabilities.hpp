// What a kernel may or may not have of what kvtep uses, as it was found by trying (rtnl/probe.hpp), never by
// the kernel's version: distributions carry features back and leave others out. Plain values.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace kvtep {

enum class Feature {
  Bridges,
  VxlanDevices,
  VlanDevices,        // 8021q
  TagFilters,         // sch_clsact, cls_bpf
  Announcers,         // act_mirred
  ProbesPass,         // ARP probes and duplicate address detection, past BR_NEIGH_SUPPRESS
  SourceFilters,      // nf_tables
  Ipv6Tunnels,        // IPv6, and vxlan devices over it
  MulticastSnooping,  // CONFIG_BRIDGE_IGMP_SNOOPING
  NexthopGroups,      // of vxlan destinations (NHA_FDB), Linux 5.8
  MacLimits,          // IFLA_BR_FDB_MAX_LEARNED, Linux 6.7
};

struct Capability {
  Feature feature;
  bool is_present = false;
  std::string words;  // the kernel's, where it refused

  bool operator==(const Capability&) const = default;
};

// One of each Feature.
using Capabilities = std::vector<Capability>;

std::ostream& operator<<(std::ostream& out, const Capability& capability);

// For people: what it is, and what does not work without it.
const char* name_of(Feature feature);
const char* loss_without(Feature feature);

}  // namespace kvtep
