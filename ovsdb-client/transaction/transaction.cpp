#include "ovsdb-client/transaction/transaction.hpp"

namespace ovsdb {

Transaction::Operation& Transaction::begin(std::string_view op, std::string_view table) {
  auto& operation = operations_.emplace_back(Operation{op, table, std::nullopt, {}});
  operation.json.raw(R"({"op":)");
  operation.json.string(op);
  if (!table.empty()) {
    operation.json.raw(R"(,"table":)");
    operation.json.string(table);
  }
  return operation;
}

void Transaction::commit(bool durable) {
  auto& operation = begin("commit", {});
  operation.json.raw(durable ? R"(,"durable":true)" : R"(,"durable":false)");
  close(operation);
}

void Transaction::abort() { close(begin("abort", {})); }

void Transaction::comment(std::string_view text) {
  auto& operation = begin("comment", {});
  operation.json.raw(R"(,"comment":)");
  operation.json.string(text);
  close(operation);
}

void Transaction::assert_lock(std::string_view lock) {
  auto& operation = begin("assert", {});
  operation.json.raw(R"(,"lock":)");
  operation.json.string(lock);
  close(operation);
}

std::string Transaction::params(std::string_view database) const {
  JsonText head;
  head.raw("[");
  head.string(database);
  std::string text = head.text();
  for (const auto& operation : operations_) {
    text += ',';
    operation.json.render(text, [this](const Uuid& uuid) { return provisional_.contains(uuid); });
  }
  text += ']';
  return text;
}

}  // namespace ovsdb
