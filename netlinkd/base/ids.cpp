#include "netlinkd/base/ids.hpp"

#include <ostream>

namespace kvtep {

std::ostream& operator<<(std::ostream& out, Vni vni) { return out << vni.value; }
std::ostream& operator<<(std::ostream& out, VlanId vlan) { return out << vlan.value; }
std::ostream& operator<<(std::ostream& out, IfIndex index) { return out << index.value; }

}  // namespace kvtep
