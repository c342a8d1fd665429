#include "ovsdb-client/replica/server_columns.hpp"

#include <utility>

#include "ovsdb-client/wire/json.hpp"

namespace ovsdb {

Result<ServerColumns> ServerColumns::from_schema(const Json& schema) {
  const auto refuse = [](std::string what) {
    return std::unexpected(Error{Fault::Protocol, "database schema: " + std::move(what)});
  };
  if (!schema.is_object() || !schema.contains("tables") || !schema["tables"].is_object()) {
    return refuse("has no \"tables\"");
  }
  Tables tables;
  for (const auto& [name, table] : schema["tables"].items()) {
    if (!table.is_object() || !table.contains("columns") || !table["columns"].is_object()) {
      return refuse("table " + name + " has no \"columns\"");
    }
    auto& columns = tables[name];
    for (const auto& item : table["columns"].items()) columns.insert(item.key());
  }
  ServerColumns server;
  server.tables_ = std::move(tables);
  return server;
}

bool ServerColumns::has_table(std::string_view table) const { return !tables_ || tables_->contains(table); }

bool ServerColumns::has_column(std::string_view table, std::string_view column) const {
  if (!tables_) return true;
  const auto it = tables_->find(table);
  return it != tables_->end() && it->second.contains(column);
}

Json ServerColumns::monitor_requests(std::span<const TableInfo> tables) const {
  Json requests = Json::object();
  for (const auto& table : tables) {
    if (!has_table(table.name)) continue;
    Json columns = Json::array();
    for (const auto& column : table.columns) {
      if (has_column(table.name, column.name)) columns.push_back(column.name);
    }
    requests[std::string(table.name)] = Json::array({Json{{"columns", std::move(columns)}}});
  }
  return requests;
}

}  // namespace ovsdb
