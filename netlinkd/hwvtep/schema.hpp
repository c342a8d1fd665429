// The hardware_vtep database schema, version 1.7.0, made from the row descriptors. Pure; cannot fail.
#pragma once

#include <string>
#include <string_view>

namespace kvtep::hwvtep {

inline constexpr std::string_view kDatabase = "hardware_vtep";
inline constexpr std::string_view kSchemaVersion = "1.7.0";

// The complete text of an .ovsschema file, for `ovsdb-tool create`.
std::string schema();

}  // namespace kvtep::hwvtep
