#include "netlinkd/planner/locators.hpp"

#include <fmt/format.h>

namespace kvtep::planner {

TunnelEnd tunnel_end(const DesiredSwitch& wanted) {
  return {.own = *wanted.vxlan.local, .vni = wanted.vxlan.vni, .needs_key = wanted.has_own_vni};
}

std::expected<std::optional<TunnelDestination>, std::string> destination(const hwvtep::Database& database,
                                                                         const Uuid& locator,
                                                                         const TunnelEnd& end) {
  const auto* row = database.table<hwvtep::PhysicalLocator>().find(locator);
  if (row == nullptr)
    return std::unexpected(fmt::format("there is no Physical_Locator {}", locator.to_string()));
  if (row->encapsulation_type != kVxlanOverIpv4) {
    return std::unexpected(fmt::format("the encapsulation {} is none of ours", row->encapsulation_type));
  }
  const auto address = IpAddress::parse(row->dst_ip);
  if (!address || !address->can_end_tunnel()) {
    return std::unexpected(
        fmt::format("the locator's dst_ip '{}' is no address at which a tunnel can end", row->dst_ip));
  }
  if (address->is_v4() != end.own.is_v4()) {
    return std::unexpected(
        fmt::format("the locator's address {} and the tunnel IP {} are of different families", row->dst_ip,
                    end.own.to_string()));
  }
  if (*address == end.own) return std::optional<TunnelDestination>{};
  TunnelDestination destination{.address = *address};
  if (row->tunnel_key) {
    const auto vni = Vni::from_key(*row->tunnel_key);
    if (!vni) return std::unexpected(fmt::format("the locator's tunnel_key {} is no VNI", *row->tunnel_key));
    if (*vni != end.vni) destination.vni = vni;
  } else if (end.needs_key) {
    return std::unexpected("neither its Logical_Switch nor the locator has a tunnel_key (VNI)");
  }
  return destination;
}

}  // namespace kvtep::planner
