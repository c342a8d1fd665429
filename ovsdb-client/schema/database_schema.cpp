#include "ovsdb-client/schema/database_schema.hpp"

#include "ovsdb-client/wire/json.hpp"

namespace ovsdb {
namespace {

std::string_view type_name(AtomType type) {
  switch (type) {
    case AtomType::Integer: return "integer";
    case AtomType::Real: return "real";
    case AtomType::Boolean: return "boolean";
    case AtomType::String: return "string";
    case AtomType::Uuid: return "uuid";
  }
  return "string";
}

// <base-type>
Json base_type(AtomType type, const Constraint& constraint) {
  Json base{{"type", type_name(type)}};
  if (constraint.min_integer) base["minInteger"] = *constraint.min_integer;
  if (constraint.max_integer) base["maxInteger"] = *constraint.max_integer;
  Json words = Json::array();
  for (const auto word : constraint.one_of) {
    if (!word.empty()) words.push_back(word);
  }
  if (!words.empty()) base["enum"] = Json::array({"set", std::move(words)});
  if (!constraint.ref_table.empty()) {
    base["refTable"] = constraint.ref_table;
    if (constraint.ref_type == RefType::Weak) base["refType"] = "weak";
  }
  return base.size() == 1 ? base["type"] : base;
}

// <type>, in its shortest form
Json column_type(const ColumnInfo& column) {
  const auto& type = column.type;
  Json json{{"key", base_type(type.key, column.options.key)}};
  if (type.value) json["value"] = base_type(*type.value, column.options.value);
  if (type.min != 1) json["min"] = type.min;
  if (type.max == kUnlimited) {
    json["max"] = "unlimited";
  } else if (type.max != 1) {
    json["max"] = type.max;
  }
  return json.size() == 1 && json["key"].is_string() ? json["key"] : json;
}

Json table_schema(const TableInfo& table) {
  Json json{{"columns", Json::object()}};
  for (const auto& column : table.columns) {
    Json& entry = json["columns"][std::string(column.name)];
    entry["type"] = column_type(column);
    if (column.options.ephemeral) entry["ephemeral"] = true;
    if (column.options.immutable) entry["mutable"] = false;
  }
  if (table.root) json["isRoot"] = true;
  if (table.max_rows != kUnlimited) json["maxRows"] = table.max_rows;
  if (!table.index.empty()) json["indexes"] = Json::array({Json(table.index)});
  return json;
}

}  // namespace

std::string database_schema(std::string_view name, std::string_view version,
                            std::span<const TableInfo> tables) {
  Json json{{"name", name}, {"version", version}, {"tables", Json::object()}};
  for (const auto& table : tables) json["tables"][std::string(table.name)] = table_schema(table);
  return json.dump(2) + '\n';
}

}  // namespace ovsdb
