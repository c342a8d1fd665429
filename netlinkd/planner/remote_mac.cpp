#include "netlinkd/planner/remote_mac.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "netlinkd/planner/ownership.hpp"

namespace kvtep::planner {

std::optional<TunnelDestination> remote_destination(const View& view, const Uuid& logical_switch,
                                                    const MacAddress& mac, const TunnelEnd& end,
                                                    std::set<Issue>* issues) {
  std::optional<TunnelDestination> best;
  absl::InlinedVector<std::pair<Uuid, TunnelDestination>, 1> usable;
  for (const auto& id : view.index.remote_rows(logical_switch, mac)) {
    const auto* row = view.database.table<hwvtep::UcastMacsRemote>().find(id);
    if (row == nullptr) continue;
    const auto address = destination(view.database, row->locator, end);
    if (!address) {
      if (issues != nullptr) {
        issues->insert({.object = fmt::format("Ucast_Macs_Remote {} ({})", id.to_string(), mac.to_string()),
                        .reason = address.error()});
      }
    } else if (*address) {
      usable.emplace_back(id, **address);
      if (!best || **address < *best) best = **address;
    }
  }
  if (issues == nullptr) return best;
  for (const auto& [id, address] : usable) {
    if (address == *best) continue;
    issues->insert(
        {.object = fmt::format("Ucast_Macs_Remote {} ({})", id.to_string(), mac.to_string()),
         .reason = fmt::format("another row of the MAC and the Logical_Switch has the lower address "
                               "{}, and wins over {}",
                               best->address->to_string(), address.address->to_string())});
  }
  return best;
}

std::optional<SwitchLinks> switch_links(const DesiredSwitch& wanted, const Installed& installed,
                                        std::string_view switch_name) {
  const Link* bridge = installed.link_named(wanted.bridge_name);
  const Link* vxlan = installed.link_named(wanted.vxlan_name);
  if (bridge == nullptr || vxlan == nullptr) return std::nullopt;
  if (!is_owned(*bridge, switch_name) || !is_owned(*vxlan, switch_name)) return std::nullopt;
  // An entry goes into both tables by one message, and only a bridge's port has two.
  if (!is_bridge(*bridge) || !is_vxlan(*vxlan) || vxlan->master != bridge->index) return std::nullopt;
  return SwitchLinks{.bridge = bridge->index, .vxlan = vxlan->index};
}

std::optional<IfIndex> local_port(const Installed& installed, const SwitchLinks& links,
                                  const MacAddress& mac) {
  const auto& table = installed.bridge_table(links.bridge);
  const auto entry = table.find(mac);
  if (entry == table.end() || entry->second.port == links.vxlan || entry->second.port == links.bridge) {
    return std::nullopt;
  }
  const auto kind = entry->second.kind;
  if (kind != BridgeEntryKind::Learned && kind != BridgeEntryKind::Static) return std::nullopt;
  return entry->second.port;
}

std::optional<Step> plan_remote_mac(const MacAddress& mac, const std::optional<TunnelDestination>& wanted,
                                    bool yields, const SwitchLinks& links, const Installed& installed) {
  const auto& hosts = installed.vxlan_table(links.vxlan).hosts;
  const auto remote = hosts.find(mac);
  const auto& bridge = installed.bridge_table(links.bridge);
  const auto entry = bridge.find(mac);
  // But for the vxlan device's own address.
  const bool is_at_vxlan = entry != bridge.end() && entry->second.port == links.vxlan &&
                           entry->second.kind != BridgeEntryKind::Permanent;
  const bool in_bridge = is_at_vxlan && entry->second.kind == BridgeEntryKind::ExternallyLearned;
  if (!wanted) {
    const bool in_vxlan = remote != hosts.end();
    if (!in_vxlan && !is_at_vxlan) return std::nullopt;
    return Step{.op =
                    RemoveRemoteMac{
                        .vxlan = links.vxlan, .mac = mac, .from_vxlan = in_vxlan, .from_bridge = is_at_vxlan},
                .is_removal = true};
  }
  // The address of a device of ours: the bridge takes such frames itself, whatever else is written there.
  if (entry != bridge.end() && entry->second.kind == BridgeEntryKind::Permanent) return std::nullopt;
  if (yields && local_port(installed, links, mac)) return std::nullopt;
  const bool right = remote != hosts.end() && remote->second.lasting && remote->second.destination == *wanted;
  if (right && in_bridge) return std::nullopt;
  return Step{.op = SetRemoteMac{.vxlan = links.vxlan, .mac = mac, .destination = *wanted}};
}

}  // namespace kvtep::planner
