// Which tables and columns the server's schema has. Servers run older schemas than ours (hardware_vtep 1.3.0
// to 1.7.0): what they lack is neither monitored nor written.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "ovsdb-client/schema/column.hpp"
#include "ovsdb-client/wire/error.hpp"

namespace ovsdb {

class ServerColumns {
 public:
  // Knows nothing yet and says that everything is there.
  ServerColumns() = default;
  // From the result of "get_schema" (RFC 7047 section 4.1.2).
  static Result<ServerColumns> from_schema(const nlohmann::json& schema);

  bool has_table(std::string_view table) const;
  bool has_column(std::string_view table, std::string_view column) const;

  // The <monitor-requests> (RFC 7047 section 4.1.5) for those of `tables` and their columns that are there.
  nlohmann::json monitor_requests(std::span<const TableInfo> tables) const;

 private:
  using Tables = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;
  std::optional<Tables> tables_;
};

}  // namespace ovsdb
