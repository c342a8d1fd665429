// The guard at the ingress of every bridge port of ours: a frame that still carries an 802.1Q or 802.1ad tag
// there is dropped, but for the VLANs that have a device of their own on that port. (The bridge would take a
// frame of an unbound VLAN into the untagged switch, tag and all: there is no VLAN filtering on our bridges.)
//
// In the kernel: a classic BPF classifier on the device's clsact ingress hook, at a priority of ours.
#pragma once

#include <iosfwd>
#include <set>

#include "netlinkd/base/ids.hpp"

namespace kvtep {

struct TagFilter {
  std::set<VlanId> allowed;

  bool operator==(const TagFilter&) const = default;
};

std::ostream& operator<<(std::ostream& out, const TagFilter& filter);

}  // namespace kvtep
