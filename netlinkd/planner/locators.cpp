#include "netlinkd/planner/locators.hpp"

#include <fmt/format.h>

namespace kvtep::planner {

std::expected<std::optional<IpAddress>, std::string> destination(const hwvtep::Database& database,
                                                                 const Uuid& locator, const TunnelEnd& end) {
  const auto* row = database.table<hwvtep::PhysicalLocator>().find(locator);
  if (row == nullptr)
    return std::unexpected(fmt::format("there is no Physical_Locator {}", locator.to_string()));
  if (row->encapsulation_type != kVxlanOverIpv4) {
    return std::unexpected(fmt::format("the encapsulation {} is none of ours", row->encapsulation_type));
  }
  const auto address = IpAddress::parse(row->dst_ip);
  if (!address || !address->is_host()) {
    return std::unexpected(fmt::format("the locator's dst_ip '{}' is no address of a host", row->dst_ip));
  }
  if (address->is_v4() != end.own.is_v4()) {
    return std::unexpected(
        fmt::format("the locator's address {} and the tunnel IP {} are of different families", row->dst_ip,
                    end.own.to_string()));
  }
  // Sent with the switch's own key the frame would come out in another network.
  if (row->tunnel_key && *row->tunnel_key != static_cast<std::int64_t>(end.vni.value)) {
    return std::unexpected(fmt::format("a key of the locator's own ({}) is not supported", *row->tunnel_key));
  }
  if (*address == end.own) return std::optional<IpAddress>{};
  return address;
}

}  // namespace kvtep::planner
