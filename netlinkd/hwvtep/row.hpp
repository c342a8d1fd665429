// What every header of rows needs: the descriptors' vocabulary, and how rows are printed.
#pragma once

#include <iosfwd>

#include "ovsdb-client/schema/column.hpp"
#include "ovsdb-client/schema/row.hpp"
#include "ovsdb-client/wire/uuid.hpp"

namespace kvtep::hwvtep {

inline constexpr ovsdb::ColumnOptions kEphemeral{.ephemeral = true};
inline constexpr ovsdb::ColumnOptions kImmutable{.immutable = true};

// Here, in the rows' own namespace, so that logs and tests find it.
template <ovsdb::Described Row>
std::ostream& operator<<(std::ostream& out, const Row& row) {
  ovsdb::print(out, row);
  return out;
}

}  // namespace kvtep::hwvtep
