// The fake kernel's multicast database: what its bridges learn by snooping.

#include <stdexcept>
#include <utility>

#include "tests/support/fake_kernel.hpp"

namespace kvtep::testing {

void FakeKernel::join(IfIndex port, const IpAddress& group) {
  Device& bridge = require(require(port).link.master);
  if (!std::get<BridgeInfo>(bridge.link.info).multicast_snooping) return;
  const GroupMember member{.bridge = bridge.link.index, .port = port, .group = group, .source = {}};
  bridge.members.insert(member);
  tell(GroupJoined{member});
}

void FakeKernel::leave(IfIndex port, const IpAddress& group) {
  Device& bridge = require(require(port).link.master);
  const GroupMember member{.bridge = bridge.link.index, .port = port, .group = group, .source = {}};
  if (bridge.members.erase(member) > 0) tell(GroupLeft{member});
}

void FakeKernel::flush_groups(Device& bridge, IfIndex port) {
  for (auto member = bridge.members.begin(); member != bridge.members.end();) {
    if (port && member->port != port) {
      ++member;
      continue;
    }
    tell(GroupLeft{*member});
    member = bridge.members.erase(member);
  }
}

}  // namespace kvtep::testing
