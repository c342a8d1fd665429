// A database transaction in the making (RFC 7047 section 4.1.3 "transact", section 5.2 for the operations).
//
// Each call adds one operation; params() is what "transact" takes. A row that is inserted gets a provisional
// UUID, which may be used like that of any other row within this transaction, in whatever order: it goes out
// as a <named-uuid>, and the reply maps it to the UUID that the server chose. Columns that the server's
// schema lacks are left out of inserts, updates, mutations, waits and selects. Value type: no I/O, no
// threads, no failures; the server judges what is written here.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "ovsdb-client/schema/row.hpp"
#include "ovsdb-client/transaction/clauses.hpp"

namespace ovsdb {

enum class Until { Equal, NotEqual };

class Transaction {
 public:
  using HasColumn = std::function<bool(std::string_view table, std::string_view column)>;

  struct Operation {
    std::string_view op;
    std::string_view table;  // empty where the operation has none
    std::optional<Uuid> inserted;
    JsonText json;
  };

  // Without a predicate the server has every column.
  explicit Transaction(HasColumn server_has = {}) : server_has_(std::move(server_has)) {}

  // Columns that have their default values are left out. The second form takes a provisional UUID of the
  // caller's.
  template <Described Row>
  Uuid insert(const Row& row) {
    const auto provisional = Uuid::random();
    insert(row, provisional);
    return provisional;
  }
  template <Described Row>
  void insert(const Row& row, const Uuid& provisional);

  // Writes `columns` of `values`, at least one.
  template <Described Row, class... T>
  void update(const Where<Row>& where, const Row& values, T Row::*... columns);
  template <Described Row, class... T>
  void update(const Uuid& row, const Row& values, T Row::*... columns) {
    update(Where<Row>::row(row), values, columns...);
  }
  // Writes the columns in which the two differ; nothing where they are equal.
  template <Described Row>
  void update_changed(const Uuid& row, const Row& before, const Row& after);

  template <Described Row, class... More>
  void mutate(const Where<Row>& where, const Mutation<Row>& first, const More&... more);
  template <Described Row, class... More>
  void mutate(const Uuid& row, const Mutation<Row>& first, const More&... more) {
    mutate(Where<Row>::row(row), first, more...);
  }

  template <Described Row>
  void erase(const Where<Row>& where) {
    close(begin("delete", where));
  }
  template <Described Row>
  void erase(const Uuid& row) {
    erase(Where<Row>::row(row));
  }

  // Returns the operation's index, for TransactionReply::rows().
  template <Described Row>
  std::size_t select(const Where<Row>& where);

  // Fails with "timed out" unless the rows that `where` finds, seen through `columns`, become (or cease to
  // be) exactly `rows`.
  template <Described Row, class... T>
  void wait(const Where<Row>& where, Until until, const std::vector<Row>& rows,
            std::chrono::milliseconds timeout, T Row::*... columns);

  void commit(bool durable);
  void abort();
  void comment(std::string_view text);
  void assert_lock(std::string_view lock);

  bool empty() const { return operations_.empty(); }
  const std::vector<Operation>& operations() const { return operations_; }

  // ["database", operation...]
  std::string params(std::string_view database) const;

 private:
  Operation& begin(std::string_view op, std::string_view table);
  template <class Row>
  Operation& begin(std::string_view op, const Where<Row>& where);
  static void close(Operation& operation) { operation.json.raw("}"); }
  template <class Row, class Column>
  static void write_column(JsonText& out, const Row& row, const Column& column);
  bool server_has(std::string_view table, std::string_view column) const {
    return !server_has_ || server_has_(table, column);
  }

  HasColumn server_has_;
  std::vector<Operation> operations_;
  std::unordered_set<Uuid> provisional_;
};

// --- Bodies
// ----------------------------------------------------------------------------------------------------

template <class Row>
Transaction::Operation& Transaction::begin(std::string_view op, const Where<Row>& where) {
  auto& operation = begin(op, Describe<Row>::kTable);
  operation.json.raw(R"(,"where":)");
  where.write(operation.json);
  return operation;
}

template <class Row, class Column>
void Transaction::write_column(JsonText& out, const Row& row, const Column& column) {
  out.separate();
  out.string(column.name);
  out.raw(":");
  encode(out, row.*column.member);
}

template <Described Row>
void Transaction::insert(const Row& row, const Uuid& provisional) {
  provisional_.insert(provisional);
  auto& operation = begin("insert", Describe<Row>::kTable);
  operation.inserted = provisional;
  operation.json.raw(R"(,"uuid-name":)");
  operation.json.string(JsonText::name_of(provisional));
  operation.json.raw(R"(,"row":{)");
  for_each_column<Row>([&](const auto& column) {
    using Value = typename std::remove_cvref_t<decltype(column)>::Value;
    if (row.*column.member == Value{} || !server_has(Describe<Row>::kTable, column.name)) return;
    write_column(operation.json, row, column);
  });
  operation.json.raw("}");
  close(operation);
}

template <Described Row, class... T>
void Transaction::update(const Where<Row>& where, const Row& values, T Row::*... columns) {
  static_assert(sizeof...(columns) > 0, "an update names its columns");
  JsonText row;
  const auto write = [&](const auto& column) {
    if (server_has(Describe<Row>::kTable, column.name)) write_column(row, values, column);
  };
  (write(column_of(columns)), ...);
  if (row.empty()) return;
  auto& operation = begin("update", where);
  operation.json.raw(R"(,"row":{)");
  operation.json.append(row);
  operation.json.raw("}");
  close(operation);
}

template <Described Row>
void Transaction::update_changed(const Uuid& uuid, const Row& before, const Row& after) {
  JsonText row;
  for_each_column<Row>([&](const auto& column) {
    if (before.*column.member == after.*column.member) return;
    if (server_has(Describe<Row>::kTable, column.name)) write_column(row, after, column);
  });
  if (row.empty()) return;
  auto& operation = begin("update", Where<Row>::row(uuid));
  operation.json.raw(R"(,"row":{)");
  operation.json.append(row);
  operation.json.raw("}");
  close(operation);
}

template <Described Row, class... More>
void Transaction::mutate(const Where<Row>& where, const Mutation<Row>& first, const More&... more) {
  JsonText mutations;
  const auto write = [&](const Mutation<Row>& mutation) {
    if (!server_has(Describe<Row>::kTable, mutation.column)) return;
    mutations.separate();
    mutations.raw("[");
    mutations.string(mutation.column);
    mutations.raw(",");
    mutations.string(mutation.mutator);
    mutations.raw(",");
    mutations.append(mutation.value);
    mutations.raw("]");
  };
  write(first);
  (write(more), ...);
  if (mutations.empty()) return;
  auto& operation = begin("mutate", where);
  operation.json.raw(R"(,"mutations":[)");
  operation.json.append(mutations);
  operation.json.raw("]");
  close(operation);
}

template <Described Row>
std::size_t Transaction::select(const Where<Row>& where) {
  auto& operation = begin("select", where);
  operation.json.raw(R"(,"columns":["_uuid")");
  for_each_column<Row>([&](const auto& column) {
    if (!server_has(Describe<Row>::kTable, column.name)) return;
    operation.json.raw(",");
    operation.json.string(column.name);
  });
  operation.json.raw("]");
  close(operation);
  return operations_.size() - 1;
}

template <Described Row, class... T>
void Transaction::wait(const Where<Row>& where, Until until, const std::vector<Row>& rows,
                       std::chrono::milliseconds timeout, T Row::*... columns) {
  auto& json = begin("wait", where).json;
  const auto visit = [&](auto use) {
    [[maybe_unused]] const auto visit_one = [&](const auto& column) {
      if (server_has(Describe<Row>::kTable, column.name)) use(column);
    };
    (visit_one(column_of(columns)), ...);
  };
  json.raw(R"(,"timeout":)");
  json.atom(std::int64_t{timeout.count()});
  json.raw(R"(,"columns":[)");
  // Without a column every row would look alike to the server.
  if constexpr (sizeof...(columns) == 0) json.string("_uuid");
  visit([&](const auto& column) {
    json.separate();
    json.string(column.name);
  });
  json.raw(until == Until::Equal ? R"(],"until":"==","rows":[)" : R"(],"until":"!=","rows":[)");
  for (const auto& row : rows) {
    json.separate();
    json.raw("{");
    visit([&](const auto& column) { write_column(json, row, column); });
    json.raw("}");
  }
  json.raw("]");
  close(operations_.back());
}

}  // namespace ovsdb
