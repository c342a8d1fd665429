// A typed copy of the monitored part of a database, and the changes that the server's messages make to it.
//
// References between rows stay UUIDs and are looked up when they are needed, because rows come in any order
// within a message: a message is applied as a whole, or not at all. One thread. Any text is safe to apply: an
// error leaves the replica as it was and names the table, the row and the column.
//
// The bodies that read JSON are in replica_impl.hpp, which only the file that instantiates a replica includes
// (`extern template class ovsdb::Replica<...>` elsewhere).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <tuple>
#include <vector>

#include "ovsdb-client/replica/server_columns.hpp"
#include "ovsdb-client/replica/table.hpp"
#include "ovsdb-client/schema/column.hpp"
#include "ovsdb-client/wire/error.hpp"
#include "ovsdb-client/wire/update_kind.hpp"

namespace ovsdb {

class JsonReader;

// The changes of one message, by table. No row is in it twice.
template <Described... Rows>
class ReplicaDelta {
 public:
  template <class Row>
  const std::vector<Change<Row>>& of() const {
    return std::get<std::vector<Change<Row>>>(changes_);
  }
  template <class Row>
  std::vector<Change<Row>>& of() {
    return std::get<std::vector<Change<Row>>>(changes_);
  }
  bool empty() const { return (of<Rows>().empty() && ...); }
  std::size_t size() const { return (of<Rows>().size() + ... + 0); }

  bool operator==(const ReplicaDelta&) const = default;

 private:
  std::tuple<std::vector<Change<Rows>>...> changes_;
};

template <Described... Rows>
class Replica {
 public:
  using Delta = ReplicaDelta<Rows...>;

  template <class Row>
  const Table<Row>& table() const {
    return std::get<Table<Row>>(tables_);
  }

  // What to monitor of a server with this schema (the result of "get_schema"): the columns of Rows that it
  // has. The schema is remembered for the questions below; before, everything counts as there.
  Result<nlohmann::json> monitor_requests(const nlohmann::json& schema);
  const ServerColumns& server() const { return server_; }
  template <Described Row>
  bool has_table() const {
    return server_.has_table(Describe<Row>::kTable);
  }
  template <class Row, class T>
  bool has_column(T Row::* member) const {
    return server_.has_column(Describe<Row>::kTable, column_name(member));
  }
  bool has_column(std::string_view table, std::string_view column) const {
    return server_.has_column(table, column);
  }

  // Applies a <table-updates>. An `initial` one is the complete content: it is compared with what is held, so
  // that rows that are not in it are deleted and rows that are equal give no change. An insert of a row that
  // is held counts as its new content, a delete of one that is not held as done; a modify of a row that is
  // not held is an error, because its other columns are unknown.
  Result<Delta> apply(UpdateKind kind, bool initial, std::string_view table_updates);

  // Applies changes that are values already, without looking at their `before`.
  void apply(const Delta& delta);

 private:
  Result<Delta> replace(UpdateKind kind, JsonReader& in);
  Result<Delta> amend(UpdateKind kind, JsonReader& in);

  std::tuple<Table<Rows>...> tables_;
  ServerColumns server_;
};

template <Described... Rows>
void Replica<Rows...>::apply(const Delta& delta) {
  const auto apply_table = [&]<class Row>(const std::vector<Change<Row>>& changes) {
    auto& table = std::get<Table<Row>>(tables_);
    for (const auto& change : changes) {
      if (change.after) {
        table.put(change.uuid, *change.after);
      } else {
        table.erase(change.uuid);
      }
    }
  };
  (apply_table(delta.template of<Rows>()), ...);
}

}  // namespace ovsdb
