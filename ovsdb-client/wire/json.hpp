// The one JSON document type of this library. Bulk table updates never become a document: see replica/.
#pragma once

#include <nlohmann/json.hpp>

namespace ovsdb {

using Json = nlohmann::json;

}  // namespace ovsdb
