// A database schema (RFC 7047 section 3.2, <database-schema>) made from row descriptors: the descriptors are
// the one source of truth, the schema file is printed from them. Pure; cannot fail.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "ovsdb-client/schema/column.hpp"

namespace ovsdb {

std::string database_schema(std::string_view name, std::string_view version,
                            std::span<const TableInfo> tables);

template <Described... Rows>
std::string schema_json(std::string_view name, std::string_view version) {
  return database_schema(name, version, std::array{table_info<Rows>()...});
}

}  // namespace ovsdb
