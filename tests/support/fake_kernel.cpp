// Operations, notifications, faults and filters. Links are in fake_kernel_links.cpp, the tables of entries in
// fake_kernel_fdb.cpp.
#include "tests/support/fake_kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace kvtep::testing {

FakeKernel::FakeKernel() {
  last_index_ = IfIndex{1};
  Device lo;
  lo.link = {.index = last_index_, .name = "lo", .mtu = 65536};
  devices_.emplace(lo.link.index, lo);
}

std::vector<OpResult> FakeKernel::apply(std::span<const KernelOp> ops) {
  std::vector<OpResult> results;
  results.reserve(ops.size());
  for (const auto& op : ops) {
    ++operations_;
    const int error = perform(op);
    results.push_back({.op = op});
    if (error != 0) results.back().error = system_error(error, describe(op));
  }
  return results;
}

FakeKernel::Errno FakeKernel::perform(const KernelOp& op) {
  const auto fault = std::ranges::find_if(faults_, [&](const Fault& f) { return f.predicate(op); });
  if (fault != faults_.end()) {
    const int number = fault->number;
    faults_.erase(fault);
    return number;
  }
  return std::visit([this](const auto& o) { return run(o); }, op);
}

Snapshot FakeKernel::dump() const {
  Snapshot snapshot;
  auto& events = snapshot.events;
  events.push_back(HostChanged{host_});
  for (const auto& [index, device] : devices_) events.push_back(LinkChanged{device.link});
  for (const auto& [index, device] : devices_) {
    if (device.filter) events.push_back(TagFilterChanged{index, *device.filter});
  }
  for (const auto& [index, device] : devices_) {
    for (const auto& [mac, entry] : device.entries) {
      events.push_back(BridgeEntryChanged{value(device, mac, entry)});
    }
    for (const auto& [mac, destinations] : device.destinations) {
      for (const auto& destination : destinations.list) {
        events.push_back(VxlanEntryChanged{
            {.device = index, .mac = mac, .destination = destination, .lasting = destinations.lasting}});
      }
    }
  }
  for (const auto& [index, device] : devices_) {
    for (const auto& member : device.members) events.push_back(GroupJoined{member});
    for (const auto& [address, neighbour] : device.neighbours) events.push_back(NeighbourChanged{neighbour});
    if (device.announcer) events.push_back(AnnouncerChanged{index, *device.announcer});
  }
  for (const auto& [id, nexthop] : nexthops_) events.push_back(NexthopChanged{nexthop});
  for (const auto& [table, filter] : source_filters_) events.push_back(SourceFilterChanged{table, filter});
  return snapshot;
}

std::vector<KernelEvent> FakeKernel::take_events() {
  auto events = std::exchange(events_, {});
  if (std::exchange(is_losing_, false)) events.push_back(Overrun{});
  return events;
}

void FakeKernel::tell(KernelEvent event) {
  if (!is_losing_) events_.push_back(std::move(event));
}

void FakeKernel::tell_link(const Device& device) { tell(LinkChanged{device.link}); }

void FakeKernel::fail_next(Predicate predicate, int number) {
  faults_.push_back({.predicate = std::move(predicate), .number = number});
}

void FakeKernel::overrun() { is_losing_ = true; }

FakeKernel::Errno FakeKernel::run(const SetTagFilter& op) {
  Device* device = find(op.index);
  if (device == nullptr) return ENODEV;
  const bool valid = std::ranges::all_of(op.filter.allowed,
                                         [](VlanId vlan) { return vlan.value >= 1 && vlan.value <= 4094; });
  if (!valid) return EINVAL;
  device->filter = op.filter;
  tell(TagFilterChanged{op.index, op.filter});
  return 0;
}

FakeKernel::Errno FakeKernel::run(const RemoveTagFilter& op) {
  Device* device = find(op.index);
  if (device == nullptr) return ENODEV;
  if (!device->filter) return ENOENT;
  device->filter.reset();
  tell(TagFilterGone{op.index});
  return 0;
}

}  // namespace kvtep::testing
