// What the fake kernel's devices carried.

#include "tests/support/fake_kernel.hpp"

namespace kvtep::testing {

void FakeKernel::carry(IfIndex index, const LinkCounters& frames) {
  constexpr std::uint64_t kEthernetHeader = 14;
  Device& device = require(index);
  device.counters.rx_packets += frames.rx_packets;
  device.counters.rx_bytes += frames.rx_bytes;
  device.counters.tx_packets += frames.tx_packets;
  device.counters.tx_bytes += frames.tx_bytes;
  const auto* vlan = std::get_if<VlanInfo>(&device.link.info);
  if (vlan == nullptr) return;
  auto below = frames;
  below.rx_bytes += frames.rx_packets * kEthernetHeader;
  carry(vlan->parent, below);
}

CounterReading FakeKernel::counters() const {
  CounterReading reading;
  for (const auto& [index, device] : devices_) reading.emplace(index, device.counters);
  return reading;
}

}  // namespace kvtep::testing
