#include "netlinkd/model/capabilities.hpp"

#include <ostream>

namespace kvtep {

const char* name_of(Feature feature) {
  switch (feature) {
    case Feature::Bridges: return "bridges";
    case Feature::VxlanDevices: return "vxlan devices";
    case Feature::VlanDevices: return "VLAN devices (8021q)";
    case Feature::TagFilters: return "filters at the ingress (clsact, cls_bpf)";
    case Feature::Announcers: return "copies of announcements (act_mirred)";
    case Feature::ProbesPass: return "way for ARP probes past the suppression of neighbours";
    case Feature::SourceFilters: return "packet filters (nf_tables)";
    case Feature::Ipv6Tunnels: return "tunnels over IPv6";
    case Feature::MulticastSnooping: return "multicast snooping of bridges";
    case Feature::NexthopGroups: return "nexthop groups of tunnel destinations";
    case Feature::MacLimits: return "limits on what a bridge learns (fdb_max_learned)";
  }
  return "";
}

const char* loss_without(Feature feature) {
  switch (feature) {
    case Feature::Bridges: return "no Logical_Switch can be realized";
    case Feature::VxlanDevices: return "no tunnel can be made: frames stay within this switch";
    case Feature::VlanDevices:
      return "bindings of a port's VLANs cannot be made, those of untagged ports can";
    case Feature::TagFilters:
      return "no port is bound: tagged frames could not be kept out of a Logical_Switch";
    case Feature::Announcers:
      return "no bridge answers ARP and Neighbor Discovery: requests cross the tunnel";
    case Feature::ProbesPass: return "kvtep copies them into the tunnel, as it does with announcements";
    case Feature::SourceFilters: return "VXLAN packets are taken from everybody, whatever accept-from says";
    case Feature::Ipv6Tunnels:
      return "the tunnel IP and all locators have to be IPv4, and no bridge answers ARP";
    case Feature::MulticastSnooping:
      return "multicast is flooded, and no group is published, whatever multicast-snooping says";
    case Feature::NexthopGroups:
      return "where a service node takes the place of another, some frames are sent to both";
    case Feature::MacLimits: return "mac-limit holds for what is published, and bridges learn on";
  }
  return "";
}

std::ostream& operator<<(std::ostream& out, const Capability& capability) {
  return out << name_of(capability.feature) << (capability.is_present ? "" : " is missing: ")
             << capability.words;
}

}  // namespace kvtep
