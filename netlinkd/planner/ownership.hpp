// Which devices are ours, and which may become ours.
#pragma once

#include <string>
#include <string_view>

#include "netlinkd/model/installed.hpp"

namespace kvtep::planner {

inline bool is_owned(const Link& link, std::string_view switch_name) {
  return owner_uuid(link.alias, switch_name).has_value();
}

inline bool is_bridge(const Link& link) { return std::holds_alternative<BridgeInfo>(link.info); }
inline bool is_vxlan(const Link& link) { return std::holds_alternative<VxlanInfo>(link.info); }
inline bool is_vlan(const Link& link) { return std::holds_alternative<VlanInfo>(link.info); }

// Never the loopback, a device of ours or another bridge; nor a vxlan device, which ends a tunnel and nothing
// else.
bool can_be_port(const Link& link, const Installed& installed, std::string_view switch_name);

// The nftables table of this switch's source filter.
inline std::string source_filter_table(std::string_view switch_name) {
  return std::string(kSourceFilterPrefix).append(switch_name);
}

}  // namespace kvtep::planner
