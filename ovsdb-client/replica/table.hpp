// The rows of one table, and a change of one row. Values: no threads, no failures.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <optional>
#include <ostream>
#include <utility>

#include "ovsdb-client/schema/column.hpp"
#include "ovsdb-client/schema/row.hpp"
#include "ovsdb-client/wire/uuid.hpp"

namespace ovsdb {

// Pointers to rows and iterators hold until the table is changed.
template <class Row>
class Table {
 public:
  using Map = absl::flat_hash_map<Uuid, Row>;
  using value_type = typename Map::value_type;  // pair<const Uuid, Row>
  using const_iterator = typename Map::const_iterator;

  const Row* find(const Uuid& uuid) const {
    const auto it = rows_.find(uuid);
    return it == rows_.end() ? nullptr : &it->second;
  }
  bool contains(const Uuid& uuid) const { return rows_.contains(uuid); }
  std::size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  const_iterator begin() const { return rows_.begin(); }
  const_iterator end() const { return rows_.end(); }

  // False where the row is there already; then nothing is done.
  bool insert(const Uuid& uuid, Row row) { return rows_.try_emplace(uuid, std::move(row)).second; }
  void put(const Uuid& uuid, Row row) { rows_.insert_or_assign(uuid, std::move(row)); }
  void erase(const Uuid& uuid) { rows_.erase(uuid); }

  bool operator==(const Table&) const = default;

 private:
  Map rows_;
};

// What became of one row: inserted (no `before`), modified, or deleted (no `after`). The two always differ.
template <class Row>
struct Change {
  Uuid uuid;
  std::optional<Row> before;
  std::optional<Row> after;

  bool operator==(const Change&) const = default;
};

template <Described Row>
std::ostream& operator<<(std::ostream& out, const Change<Row>& change) {
  const auto side = [&](const std::optional<Row>& row) {
    if (row) {
      print(out, *row);
    } else {
      out << "nothing";
    }
  };
  out << change.uuid << ": ";
  side(change.before);
  out << " -> ";
  side(change.after);
  return out;
}

}  // namespace ovsdb
