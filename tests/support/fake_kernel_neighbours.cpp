// The fake kernel's neighbour tables, after net/core/neighbour.c, and the filters that copy announcements.
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "tests/support/fake_kernel.hpp"

namespace kvtep::testing {

FakeKernel::Errno FakeKernel::run(const SetNeighbour& op) {
  Device* bridge = find(op.bridge);
  if (bridge == nullptr) return ENODEV;
  const Neighbour neighbour{.device = op.bridge, .address = op.address, .mac = op.mac};
  bridge->neighbours.insert_or_assign(op.address, neighbour);
  tell(NeighbourChanged{neighbour});
  return 0;
}

FakeKernel::Errno FakeKernel::run(const RemoveNeighbour& op) {
  Device* bridge = find(op.bridge);
  if (bridge == nullptr) return ENODEV;
  if (bridge->neighbours.erase(op.address) == 0) return ENOENT;
  tell(NeighbourGone{op.bridge, op.address});
  return 0;
}

// neigh_ifdown(): a device that goes down loses all of them, whoever made them.
void FakeKernel::flush_neighbours(Device& device) {
  for (const auto& [address, neighbour] : std::exchange(device.neighbours, {}))
    tell(NeighbourGone{device.link.index, address});
}

FakeKernel::Errno FakeKernel::run(const SetAnnouncer& op) {
  Device* device = find(op.index);
  if (device == nullptr || find(op.announcer.vxlan) == nullptr) return ENODEV;
  device->announcer = op.announcer;
  tell(AnnouncerChanged{op.index, op.announcer});
  return 0;
}

FakeKernel::Errno FakeKernel::run(const RemoveAnnouncer& op) {
  Device* device = find(op.index);
  if (device == nullptr) return ENODEV;
  if (!device->announcer) return ENOENT;
  device->announcer.reset();
  tell(AnnouncerGone{op.index});
  return 0;
}

// mirred_device_event(): in silence.
void FakeKernel::forget_target(IfIndex gone) {
  for (auto& [index, device] : devices_) {
    if (device.announcer && device.announcer->vxlan == gone) device.announcer->vxlan = {};
  }
}

void FakeKernel::add_neighbour(const Neighbour& neighbour) {
  require(neighbour.device).neighbours.insert_or_assign(neighbour.address, neighbour);
  tell(NeighbourChanged{neighbour});
}

void FakeKernel::remove_neighbour(IfIndex device, const IpAddress& address) {
  if (run(RemoveNeighbour{.bridge = device, .address = address}) != 0)
    throw std::logic_error("fake kernel: there is no neighbour " + address.to_string());
}

}  // namespace kvtep::testing
