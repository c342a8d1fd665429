#include "netlinkd/planner/neighbours.hpp"

#include <absl/container/inlined_vector.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kvtep::planner {

bool answers_for_hosts(const DesiredSwitch& wanted, IfIndex bridge, const Installed& installed) {
  return wanted.answers_for_hosts || std::ranges::any_of(installed.neighbours(bridge), [](const auto& entry) {
           return entry.second.is_external;
         });
}

bool has_answers(const View& view, const Uuid& logical_switch) {
  return view.answers_for_hosts && !view.index.remote_addresses(logical_switch).empty();
}

std::optional<MacAddress> remote_neighbour(const View& view, const Uuid& logical_switch,
                                           const IpAddress& address, const TunnelEnd& end,
                                           std::set<Issue>* issues) {
  if (!view.answers_for_hosts) return std::nullopt;
  const auto& addresses = view.index.remote_addresses(logical_switch);
  const auto rows = addresses.find(address);
  if (rows == addresses.end()) return std::nullopt;
  std::optional<MacAddress> best;
  absl::InlinedVector<std::pair<Uuid, MacAddress>, 1> usable;
  for (const auto& id : rows->second) {
    const auto* row = view.database.table<hwvtep::UcastMacsRemote>().find(id);
    const auto mac = row == nullptr ? std::nullopt : parse_host_mac(row->MAC);
    if (!mac) continue;
    const auto to = destination(view.database, row->locator, end);
    if (!to || !*to) continue;  // said where the MAC itself is left out
    usable.emplace_back(id, *mac);
    if (!best || *mac < *best) best = *mac;
  }
  if (issues == nullptr) return best;
  for (const auto& [id, mac] : usable) {
    if (mac == *best) continue;
    issues->insert({.object = fmt::format("Ucast_Macs_Remote {} ({})", id.to_string(), mac.to_string()),
                    .reason = fmt::format("its ipaddr {} is also that of {}, which is lower and wins",
                                          address.to_string(), best->to_string())});
  }
  return best;
}

const Neighbour* foreign_neighbour(const IpAddress& address, const SwitchLinks& links,
                                   const Installed& installed) {
  const auto& table = installed.neighbours(links.bridge);
  const auto there = table.find(address);
  return there == table.end() || there->second.is_external ? nullptr : &there->second;
}

std::optional<Step> plan_neighbour(const IpAddress& address, const std::optional<MacAddress>& wanted,
                                   const SwitchLinks& links, const Installed& installed) {
  if (foreign_neighbour(address, links, installed) != nullptr) return std::nullopt;
  const auto& table = installed.neighbours(links.bridge);
  const auto there = table.find(address);
  if (!wanted) {
    if (there == table.end()) return std::nullopt;
    return Step{.op = RemoveNeighbour{.bridge = links.bridge, .address = address}, .is_removal = true};
  }
  if (there != table.end() && there->second.mac == *wanted) return std::nullopt;
  return Step{.op = SetNeighbour{.bridge = links.bridge, .address = address, .mac = *wanted}};
}

}  // namespace kvtep::planner
