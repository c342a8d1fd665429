// The bodies of Replica that read JSON. See replica.hpp.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "ovsdb-client/replica/replica.hpp"
#include "ovsdb-client/schema/json_reader.hpp"
#include "ovsdb-client/schema/row.hpp"

namespace ovsdb {
namespace detail {

// --- <row-update>: RFC 7047 section 4.1.6, {"old": row, "new": row}
// ---------------------------------------------

template <Described Row>
bool read_row_update1(JsonReader& in, const Row* held, bool initial, std::optional<Row>& after) {
  if (!in.begin_object()) return false;
  bool has_old = false;
  std::string_view name;
  while (in.next_member(name)) {
    if (name == "new") {
      // "new" is the whole row, also where "old" tells only what changed.
      if (!decode_row(in, ColumnForm::Value, after.emplace())) return false;
    } else if (name == "old") {
      has_old = true;
      if (!in.skip()) return false;
    } else {
      return in.fail(Fault::Protocol, "a row update has \"old\" and \"new\" only");
    }
  }
  if (!in.ok()) return false;
  if (!has_old && !after) return in.fail(Fault::Protocol, "a row update without \"old\" and \"new\"");
  if (initial && has_old) return in.fail(Fault::Protocol, "an \"old\" row in the initial content");
  if (has_old && after && !held) return in.fail(Fault::Protocol, "modifies a row that is not there");
  return true;
}

// --- <row-update2>: ovsdb-server(7), one of initial, insert, delete, modify
// -------------------------------------

template <Described Row>
bool read_row_update2(JsonReader& in, const Row* held, bool initial, std::optional<Row>& after) {
  if (!in.begin_object()) return false;
  std::string_view name;
  if (!in.next_member(name)) return in.ok() && in.fail(Fault::Protocol, "a row update that says nothing");
  if (name == "initial" || name == "insert") {
    // Columns with their default values are left out.
    if (!decode_row(in, ColumnForm::Value, after.emplace())) return false;
  } else if (initial) {
    return in.fail(Fault::Protocol, "neither \"initial\" nor \"insert\" in the initial content");
  } else if (name == "modify") {
    if (!held) return in.fail(Fault::Protocol, "modifies a row that is not there");
    if (!decode_row(in, ColumnForm::Difference, after.emplace(*held))) return false;
  } else if (name == "delete") {
    if (!in.skip()) return false;
  } else {
    return in.fail(Fault::Protocol, "a row update is one of initial, insert, modify and delete");
  }
  if (in.next_member(name)) return in.fail(Fault::Protocol, "a row update that says two things");
  return in.ok();
}

template <Described Row>
bool read_row_update(JsonReader& in, UpdateKind kind, const Row* held, bool initial,
                     std::optional<Row>& after) {
  return kind == UpdateKind::Monitor1 ? read_row_update1(in, held, initial, after)
                                      : read_row_update2(in, held, initial, after);
}

// --- <table-updates>: {table: {uuid: row-update}}
// -----------------------------------------------------------------

// Calls `on_row.operator()<Row>(uuid)` before each row update, which that call must read.
template <Described Row, class OnRow>
bool read_table(JsonReader& in, OnRow& on_row) {
  if (!in.begin_object()) return in.within(Describe<Row>::kTable);
  std::string_view name;
  while (in.next_member(name)) {
    const auto uuid = Uuid::parse(name);
    if (!uuid) {
      in.fail(Fault::Protocol, "row \"" + std::string(name.substr(0, 64)) + "\" is not a UUID");
      return in.within(Describe<Row>::kTable);
    }
    if (!on_row.template operator()<Row>(*uuid)) {
      in.within("row " + uuid->to_string());
      return in.within(Describe<Row>::kTable);
    }
  }
  return in.ok() || in.within(Describe<Row>::kTable);
}

template <Described... Rows, class OnRow>
bool read_tables(JsonReader& in, OnRow on_row) {
  if (!in.begin_object()) return false;
  std::string_view name;
  while (in.next_member(name)) {
    bool read = false;
    const bool known =
        ((name == Describe<Rows>::kTable && ((read = read_table<Rows>(in, on_row)), true)) || ...);
    if (!known)
      return in.fail(Fault::Protocol, "table " + std::string(name.substr(0, 64)) + " was not asked for");
    if (!read) return false;
  }
  return in.ok() && in.finish();
}

// The changes that make `fresh` of `held`.
template <class Row>
std::vector<Change<Row>> difference(const Table<Row>& held, const Table<Row>& fresh) {
  std::vector<Change<Row>> changes;
  if (held.empty()) changes.reserve(fresh.size());
  for (const auto& [uuid, row] : held) {
    if (!fresh.contains(uuid)) changes.push_back({uuid, row, std::nullopt});
  }
  for (const auto& [uuid, row] : fresh) {
    const Row* before = held.find(uuid);
    if (!before) {
      changes.push_back({uuid, std::nullopt, row});
    } else if (*before != row) {
      changes.push_back({uuid, *before, row});
    }
  }
  return changes;
}

}  // namespace detail

template <Described... Rows>
Result<nlohmann::json> Replica<Rows...>::monitor_requests(const nlohmann::json& schema) {
  auto server = ServerColumns::from_schema(schema);
  if (!server) return std::unexpected(std::move(server).error());
  server_ = *std::move(server);
  return server_.monitor_requests(std::array{table_info<Rows>()...});
}

template <Described... Rows>
Result<ReplicaDelta<Rows...>> Replica<Rows...>::apply(UpdateKind kind, bool initial,
                                                      std::string_view table_updates) {
  JsonReader in(table_updates);
  return initial ? replace(kind, in) : amend(kind, in);
}

template <Described... Rows>
Result<ReplicaDelta<Rows...>> Replica<Rows...>::replace(UpdateKind kind, JsonReader& in) {
  std::tuple<Table<Rows>...> fresh;
  const bool read = detail::read_tables<Rows...>(in, [&]<class Row>(const Uuid& uuid) {
    std::optional<Row> after;
    if (!detail::read_row_update<Row>(in, kind, nullptr, true, after)) return false;
    return std::get<Table<Row>>(fresh).insert(uuid, *std::move(after)) ||
           in.fail(Fault::Protocol, "is there twice");
  });
  if (!read) {
    in.within("initial content");
    return std::unexpected(in.error());
  }
  Delta delta;
  ((delta.template of<Rows>() = detail::difference(table<Rows>(), std::get<Table<Rows>>(fresh))), ...);
  tables_ = std::move(fresh);
  return delta;
}

template <Described... Rows>
Result<ReplicaDelta<Rows...>> Replica<Rows...>::amend(UpdateKind kind, JsonReader& in) {
  Delta delta;
  absl::flat_hash_set<Uuid> seen;
  const bool read = detail::read_tables<Rows...>(in, [&]<class Row>(const Uuid& uuid) {
    if (!seen.insert(uuid).second) return in.fail(Fault::Protocol, "is there twice");
    const Row* held = table<Row>().find(uuid);
    std::optional<Row> after;
    if (!detail::read_row_update<Row>(in, kind, held, false, after)) return false;
    const bool equal = held ? after && *held == *after : !after;
    if (equal) return true;
    auto& change = delta.template of<Row>().emplace_back(Change<Row>{uuid, std::nullopt, std::move(after)});
    if (held) change.before = *held;
    return true;
  });
  if (!read) {
    in.within("update");
    return std::unexpected(in.error());
  }
  apply(delta);
  return delta;
}

}  // namespace ovsdb
