#include "ovsdb-client/wire/error.hpp"

#include <ostream>

namespace ovsdb {

std::ostream& operator<<(std::ostream& out, const Error& error) { return out << error.message; }

}  // namespace ovsdb
