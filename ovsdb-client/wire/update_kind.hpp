// The two forms in which a server tells changes of rows.
#pragma once

#include <cstdint>

namespace ovsdb {

enum class UpdateKind : std::uint8_t {
  Monitor1,     // RFC 7047 section 4.1.6: the old and the new row ("monitor", "update")
  Conditional,  // ovsdb-server(7): initial, insert, delete and differences ("monitor_cond", "update2",
                // "update3")
};

}  // namespace ovsdb
