#include "netlinkd/planner/index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kvtep::planner {
namespace {

using hwvtep::McastMacsRemote;
using hwvtep::UcastMacsLocal;
using hwvtep::UcastMacsRemote;

const RowIds kNoRows;

// In the order of the uuids: an index says the same whatever came first.
void add(RowIds& rows, const Uuid& row) {
  const auto place = std::ranges::lower_bound(rows, row);
  if (place == rows.end() || *place != row) rows.insert(place, row);
}

template <class AnyIndex, class Key>
void add(AnyIndex& index, const Uuid& logical_switch, const Key& key, const Uuid& row) {
  add(index[logical_switch][key], row);
}

void remove(RowIds& rows, const Uuid& row) {
  rows.erase(std::remove(rows.begin(), rows.end(), row), rows.end());
}

template <class AnyIndex, class Key>
void remove(AnyIndex& index, const Uuid& logical_switch, const Key& key, const Uuid& row) {
  const auto keys = index.find(logical_switch);
  if (keys == index.end()) return;
  const auto rows = keys->second.find(key);
  if (rows == keys->second.end()) return;
  remove(rows->second, row);
  if (rows->second.empty()) keys->second.erase(rows);
  if (keys->second.empty()) index.erase(keys);
}

const RowIds& rows_of(const MacIndex& index, const Uuid& logical_switch, const MacAddress& mac) {
  const auto macs = index.find(logical_switch);
  if (macs == index.end()) return kNoRows;
  const auto rows = macs->second.find(mac);
  return rows == macs->second.end() ? kNoRows : rows->second;
}

}  // namespace

std::optional<MacAddress> parse_host_mac(std::string_view text) {
  const auto mac = MacAddress::parse(text);
  if (!mac || mac->is_group() || mac->is_zero()) return std::nullopt;
  return mac;
}

std::optional<IpAddress> parse_host_address(std::string_view text) {
  const auto address = IpAddress::parse(text);
  if (!address || !address->is_host()) return std::nullopt;
  if (const auto* v4 = std::get_if<Ipv4Bytes>(&address->bytes)) {
    return (*v4)[0] == 0 || (*v4)[0] == 127 ? std::nullopt : address;
  }
  // Neither the loopback nor an IPv4 address in IPv6's clothes is in any Neighbour Solicitation.
  const auto& v6 = std::get<Ipv6Bytes>(address->bytes);
  const bool is_embedded =
      std::all_of(v6.begin(), v6.begin() + 10, [](std::uint8_t byte) { return byte == 0; });
  return is_embedded ? std::nullopt : address;
}

std::optional<MacAddress> parse_multicast_mac(std::string_view text) {
  if (text == kUnknownDestination) return MacAddress{};
  const auto mac = MacAddress::parse(text);
  return mac && (mac->is_group() || mac->is_zero()) ? mac : std::nullopt;
}

Index Index::of(const hwvtep::Database& database) {
  Index index;
  for (const auto& [id, row] : database.table<UcastMacsRemote>()) index.insert(id, row);
  for (const auto& [id, row] : database.table<UcastMacsLocal>()) index.insert(id, row);
  for (const auto& [id, row] : database.table<McastMacsRemote>()) index.insert(id, row);
  return index;
}

void Index::update(const hwvtep::Database::Delta& delta) {
  update_table(delta.of<UcastMacsRemote>());
  update_table(delta.of<UcastMacsLocal>());
  update_table(delta.of<McastMacsRemote>());
}

template <class Row>
void Index::update_table(const std::vector<ovsdb::Change<Row>>& changes) {
  for (const auto& change : changes) {
    if (change.before) erase(change.uuid, *change.before);
    if (change.after) insert(change.uuid, *change.after);
  }
}

void Index::insert(const Uuid& id, const UcastMacsRemote& row) {
  if (const auto mac = parse_host_mac(row.MAC)) {
    add(remote_macs_, row.logical_switch, *mac, id);
    if (row.ipaddr.empty()) return;
    if (const auto address = parse_host_address(row.ipaddr)) {
      add(remote_addresses_, row.logical_switch, *address, id);
    } else {
      issues_[id] = Issue{.object = fmt::format("Ucast_Macs_Remote {} ({})", id.to_string(), row.MAC),
                          .reason = fmt::format("its ipaddr '{}' is no IP address of a host: nobody answers "
                                                "for it, all else is done",
                                                row.ipaddr)};
    }
  } else {
    issues_[id] = Issue{.object = fmt::format("Ucast_Macs_Remote {}", id.to_string()),
                        .reason = fmt::format("'{}' is no MAC address of a host", row.MAC)};
  }
}

void Index::insert(const Uuid& id, const UcastMacsLocal& row) {
  if (const auto mac = parse_host_mac(row.MAC)) add(local_macs_, row.logical_switch, *mac, id);
}

void Index::insert(const Uuid& id, const McastMacsRemote& row) {
  if (const auto mac = parse_multicast_mac(row.MAC)) {
    add(multicast_macs_, row.logical_switch, *mac, id);
  } else {
    issues_[id] = Issue{.object = fmt::format("Mcast_Macs_Remote {}", id.to_string()),
                        .reason = fmt::format("'{}' is neither \"{}\" nor the MAC address of a group",
                                              row.MAC, kUnknownDestination)};
  }
}

void Index::erase(const Uuid& id, const UcastMacsRemote& row) {
  issues_.erase(id);
  const auto mac = parse_host_mac(row.MAC);
  if (!mac) return;
  remove(remote_macs_, row.logical_switch, *mac, id);
  if (const auto address = parse_host_address(row.ipaddr))
    remove(remote_addresses_, row.logical_switch, *address, id);
}

void Index::erase(const Uuid& id, const UcastMacsLocal& row) {
  if (const auto mac = parse_host_mac(row.MAC)) remove(local_macs_, row.logical_switch, *mac, id);
}

void Index::erase(const Uuid& id, const McastMacsRemote& row) {
  issues_.erase(id);
  if (const auto mac = parse_multicast_mac(row.MAC)) remove(multicast_macs_, row.logical_switch, *mac, id);
}

const RowIds& Index::remote_rows(const Uuid& logical_switch, const MacAddress& mac) const {
  return rows_of(remote_macs_, logical_switch, mac);
}

const RowIds& Index::local_rows(const Uuid& logical_switch, const MacAddress& mac) const {
  return rows_of(local_macs_, logical_switch, mac);
}

const absl::flat_hash_map<IpAddress, RowIds>& Index::remote_addresses(const Uuid& logical_switch) const {
  static const absl::flat_hash_map<IpAddress, RowIds> kNone;
  const auto rows = remote_addresses_.find(logical_switch);
  return rows == remote_addresses_.end() ? kNone : rows->second;
}

const absl::flat_hash_map<MacAddress, RowIds>& Index::multicast_rows(const Uuid& logical_switch) const {
  static const absl::flat_hash_map<MacAddress, RowIds> kNone;
  const auto rows = multicast_macs_.find(logical_switch);
  return rows == multicast_macs_.end() ? kNone : rows->second;
}

}  // namespace kvtep::planner
