// What the operator decides and the planner obeys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netlinkd/base/ids.hpp"
#include "netlinkd/base/ip_address.hpp"

namespace kvtep::planner {

// Both ends are in it; `first` is not 0, nor greater than `last`.
struct VniRange {
  Vni first;
  Vni last;

  bool contains(Vni vni) const { return first <= vni && vni <= last; }
  bool operator==(const VniRange&) const = default;
};

struct Settings {
  std::string switch_name;                 // Physical_Switch.name
  std::optional<IpAddress> tunnel_ip;      // else the row's own first one (Physical_Switch.tunnel_ips)
  std::vector<IpAddress> management_ips;   // empty: the column is left alone
  std::optional<std::string> description;  // empty: the column is left alone
  // Patterns of the devices that are physical ports; empty: those that the database already lists.
  std::vector<std::string> ports;
  std::uint32_t ageing_time = 300;  // seconds after which a bridge forgets a host that is silent
  // The most MACs that a Logical_Switch, or a physical port, may have here; 0: any number.
  std::uint32_t mac_limit = 0;
  std::uint32_t port_mac_limit = 0;
  bool multicast_snooping = false;  // our bridges snoop IGMP and MLD, and the groups are published
  bool known_sources_only = false;  // VXLAN packets from others than Physical_Locators are dropped
  bool realize_bound_only = false;  // only switches with a binding on this Physical_Switch

  // Logical_Switches without a tunnel_key get a VNI from it, which our locators name. Empty: they get none.
  std::optional<VniRange> vni_range;

  bool operator==(const Settings&) const = default;
};

}  // namespace kvtep::planner
