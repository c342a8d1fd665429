// Who wants a multicast group, as a bridge learned it by IGMP or MLD snooping.
#pragma once

#include <compare>
#include <iosfwd>
#include <optional>

#include "netlinkd/base/ids.hpp"
#include "netlinkd/base/ip_address.hpp"

namespace kvtep {

// An entry of a bridge's multicast database (struct br_mdb_entry): behind `port` somebody wants what is sent
// to `group`; from `source` alone where there is one (MDBA_MDB_EATTR_SOURCE).
struct GroupMember {
  IfIndex bridge;
  IfIndex port;
  IpAddress group;
  std::optional<IpAddress> source;

  auto operator<=>(const GroupMember&) const = default;
};

std::ostream& operator<<(std::ostream& out, const GroupMember& member);

}  // namespace kvtep
