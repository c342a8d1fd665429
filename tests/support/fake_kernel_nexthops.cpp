// The fake kernel's nexthop objects: those of kvtep's service nodes.

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "tests/support/fake_kernel.hpp"

namespace kvtep::testing {

FakeKernel::Errno FakeKernel::run(const SetServiceNode& op) {
  set_nexthop({.id = op.ids.nexthop, .protocol = kNexthopProtocol, .address = op.node, .members = {}});
  if (!op.has_group) {
    set_nexthop(
        {.id = op.ids.group, .protocol = kNexthopProtocol, .address = {}, .members = {op.ids.nexthop}});
  }
  if (op.has_entry) return 0;
  Device* vxlan = find(op.vxlan);
  if (vxlan == nullptr) return ENODEV;
  const auto* info = std::get_if<VxlanInfo>(&vxlan->link.info);
  if (info == nullptr) return EINVAL;
  if (!nexthops_.contains(op.ids.group)) return EINVAL;
  if (info->local && info->local->is_v4() != op.node.is_v4()) return EAFNOSUPPORT;
  // vxlan_fdb_update_existing(): such an entry stands alone, and only where nothing stood.
  if (vxlan->destinations.contains(MacAddress{})) return EOPNOTSUPP;
  const TunnelDestination destination{.nexthop_group = op.ids.group};
  vxlan->destinations[MacAddress{}].list.push_back(destination);
  tell(VxlanEntryChanged{{.device = op.vxlan, .mac = {}, .destination = destination}});
  return 0;
}

FakeKernel::Errno FakeKernel::run(const RemoveServiceNode& op) {
  const auto group = erase_nexthop(op.ids.group);
  const auto nexthop = erase_nexthop(op.ids.nexthop);
  return group == 0 || nexthop == 0 ? 0 : ENOENT;
}

void FakeKernel::set_nexthop(const Nexthop& nexthop) {
  nexthops_[nexthop.id] = nexthop;
  tell(NexthopChanged{nexthop});
}

// remove_nexthop(): the groups that lose their last member go too, and with a group, in silence, the entries
// that name it.
FakeKernel::Errno FakeKernel::erase_nexthop(std::uint32_t id) {
  if (nexthops_.erase(id) == 0) return ENOENT;
  tell(NexthopGone{id});
  for (auto& [index, device] : devices_) {
    std::erase_if(device.destinations, [&](const auto& entry) {
      return std::ranges::any_of(entry.second.list, [&](const auto& to) { return to.nexthop_group == id; });
    });
  }
  std::vector<std::uint32_t> orphans;
  for (const auto& [group, nexthop] : nexthops_) {
    if (nexthop.members == std::vector{id}) orphans.push_back(group);
  }
  for (const auto group : orphans) erase_nexthop(group);
  return 0;
}

void FakeKernel::delete_nexthop(std::uint32_t id) {
  if (erase_nexthop(id) != 0) throw std::logic_error("fake kernel: no nexthop " + std::to_string(id));
}

}  // namespace kvtep::testing
