// A hardware_vtep replica written row by row, with the planner's index kept beside it, as the daemon keeps
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "netlinkd/hwvtep/database.hpp"
#include "netlinkd/planner/desired.hpp"
#include "netlinkd/planner/plan.hpp"

namespace kvtep::planner {

inline void PrintTo(const Step& step, std::ostream* out) {
  *out << step.op << (step.is_removal ? " (after a while)" : "");
}

}  // namespace kvtep::planner

namespace kvtep::testing {

using ovsdb::Uuid;

// A UUID that reads as its number.
inline Uuid uuid(std::uint32_t number) {
  Uuid result;
  for (std::size_t i = 0; i < 4; ++i) result.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return result;
}

inline MacAddress mac(const char* text) { return *MacAddress::parse(text); }
inline IpAddress ip(const char* text) { return *IpAddress::parse(text); }

class Rows {
 public:
  using Delta = hwvtep::Database::Delta;

  template <class Row>
  Uuid insert(Row row) {
    const auto id = uuid(next_++);
    put<Row>(id, std::nullopt, std::move(row));
    return id;
  }

  template <class Row, class Edit>
  void edit(const Uuid& id, Edit change) {
    auto before = *database.table<Row>().find(id);
    auto after = before;
    change(after);
    put<Row>(id, std::move(before), std::move(after));
  }

  // `id` by value: the caller's may be the key of the row that goes.
  template <class Row>
  void erase(Uuid id) {
    put<Row>(id, *database.table<Row>().find(id), std::nullopt);
  }

  // Everything since the last call, one change a row.
  Delta take_delta() { return std::exchange(delta_, Delta{}); }

  planner::View view() const { return {.database = database, .index = index, .settings = settings}; }

  // --- in the words of the lab

  Uuid own_switch(std::set<Uuid> ports = {}) {
    return insert(hwvtep::PhysicalSwitch{.ports = std::move(ports), .name = settings.switch_name});
  }
  Uuid port(const std::string& name, std::map<std::int64_t, Uuid> bindings = {}) {
    return insert(hwvtep::PhysicalPort{.name = name, .vlan_bindings = std::move(bindings)});
  }
  Uuid logical_switch(const std::string& name, std::optional<std::int64_t> key) {
    return insert(hwvtep::LogicalSwitch{.name = name, .tunnel_key = key});
  }
  Uuid locator(const std::string& address) {
    return insert(hwvtep::PhysicalLocator{.encapsulation_type = "vxlan_over_ipv4", .dst_ip = address});
  }
  Uuid remote_mac(const std::string& text, const Uuid& logical_switch, const Uuid& locator) {
    return insert(hwvtep::UcastMacsRemote{.MAC = text, .logical_switch = logical_switch, .locator = locator});
  }
  Uuid remote_host(const std::string& text, const std::string& address, const Uuid& logical_switch,
                   const Uuid& locator) {
    return insert(hwvtep::UcastMacsRemote{
        .MAC = text, .logical_switch = logical_switch, .locator = locator, .ipaddr = address});
  }
  Uuid flood(const Uuid& logical_switch, std::set<Uuid> locators, const std::string& text = "unknown-dst") {
    const auto set = insert(hwvtep::PhysicalLocatorSet{.locators = std::move(locators)});
    return insert(hwvtep::McastMacsRemote{.MAC = text, .logical_switch = logical_switch, .locator_set = set});
  }

  hwvtep::Database database;
  planner::Index index;
  planner::Settings settings{.switch_name = "s2", .tunnel_ip = ip("192.168.2.20"), .ports = {"eth*"}};

 private:
  template <class Row>
  void put(const Uuid& id, std::optional<Row> before, std::optional<Row> after) {
    Delta one;
    one.of<Row>().push_back({.uuid = id, .before = std::move(before), .after = std::move(after)});
    database.apply(one);
    index.update(one);
    auto& changes = delta_.of<Row>();
    for (auto& change : changes) {
      if (change.uuid != id) continue;
      change.after = one.of<Row>().front().after;
      return;
    }
    changes.push_back(one.of<Row>().front());
  }

  Delta delta_;
  std::uint32_t next_ = 1;
};

}  // namespace kvtep::testing
