// Secondary indexes over the replica: the database has none on its MAC tables (any number of rows may name
// the same MAC and Logical_Switch). Kept up to date by the same deltas that change the replica; rows whose
// MAC cannot be read are kept apart as issues. Values only; never fails.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "netlinkd/base/ip_address.hpp"
#include "netlinkd/base/mac_address.hpp"
#include "netlinkd/hwvtep/database.hpp"
#include "netlinkd/model/desired.hpp"

namespace kvtep::planner {

using ovsdb::Uuid;

// The rows of one (Logical_Switch, MAC): nearly always one.
using RowIds = absl::InlinedVector<Uuid, 1>;
using AddressIndex = absl::flat_hash_map<Uuid, absl::flat_hash_map<IpAddress, RowIds>>;  // likewise
using MacIndex = absl::flat_hash_map<Uuid, absl::flat_hash_map<MacAddress, RowIds>>;     // by Logical_Switch

// The word that stands in the MAC column for "everything that is in no other row" (Mcast_Macs_*.MAC).
inline constexpr std::string_view kUnknownDestination = "unknown-dst";

// A host's address as Ucast_Macs_*.MAC has it, or nothing where it is none.
std::optional<MacAddress> parse_host_mac(std::string_view text);

// Ucast_Macs_Remote.ipaddr: a host's address, or nothing where it is none.
std::optional<IpAddress> parse_host_address(std::string_view text);

// What Mcast_Macs_*.MAC names: a group address; the zero MAC for "unknown-dst" (OpenDaylight writes
// 00:00:00:00:00:00).
std::optional<MacAddress> parse_multicast_mac(std::string_view text);

class Index {
 public:
  // All of a replica that was just received, or what has changed since.
  static Index of(const hwvtep::Database& database);
  void update(const hwvtep::Database::Delta& delta);

  const MacIndex& remote_macs() const { return remote_macs_; }
  const MacIndex& local_macs() const { return local_macs_; }
  const RowIds& remote_rows(const Uuid& logical_switch, const MacAddress& mac) const;
  const RowIds& local_rows(const Uuid& logical_switch, const MacAddress& mac) const;
  // Ucast_Macs_Remote: the rows of each ipaddr.
  const absl::flat_hash_map<IpAddress, RowIds>& remote_addresses(const Uuid& logical_switch) const;
  // Mcast_Macs_Remote: the rows of each group MAC, those for "unknown-dst" under the zero MAC.
  const absl::flat_hash_map<MacAddress, RowIds>& multicast_rows(const Uuid& logical_switch) const;

  // Rows left out because their MAC cannot be read, and those whose ipaddr alone is left out.
  const std::map<Uuid, Issue>& issues() const { return issues_; }

  bool operator==(const Index&) const = default;

 private:
  template <class Row>
  void update_table(const std::vector<ovsdb::Change<Row>>& changes);
  void insert(const Uuid& id, const hwvtep::UcastMacsRemote& row);
  void insert(const Uuid& id, const hwvtep::UcastMacsLocal& row);
  void insert(const Uuid& id, const hwvtep::McastMacsRemote& row);
  void erase(const Uuid& id, const hwvtep::UcastMacsRemote& row);
  void erase(const Uuid& id, const hwvtep::UcastMacsLocal& row);
  void erase(const Uuid& id, const hwvtep::McastMacsRemote& row);

  MacIndex remote_macs_;
  AddressIndex remote_addresses_;
  MacIndex local_macs_;
  MacIndex multicast_macs_;
  std::map<Uuid, Issue> issues_;
};

}  // namespace kvtep::planner
