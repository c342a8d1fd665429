#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/contract/world.hpp"
#include "tests/support/fake_kernel.hpp"

namespace kvtep::testing {

class FakeWorld final : public World {
 public:
  using World::apply;
  std::vector<OpResult> apply(const std::vector<KernelOp>& ops) override { return kernel_.apply(ops); }
  Snapshot dump() override { return kernel_.dump(); }
  CounterReading counters() override { return kernel_.counters(); }
  std::vector<KernelEvent> take_events(bool) override { return kernel_.take_events(); }
  std::vector<KernelEvent> overheard(const std::function<void()>& busy) override {
    kernel_.overrun();
    busy();
    return kernel_.take_events();
  }
  bool has_vlan_devices() override { return true; }
  bool has_mac_limits() override { return true; }

  IfIndex add_port(const std::string& name) override { return kernel_.add_port(name); }
  IfIndex add_bridge(const std::string& name) override { return kernel_.add_bridge(name); }
  IfIndex add_vxlan(const std::string& name, const VxlanInfo& info) override {
    return kernel_.add_vxlan(name, info);
  }
  IfIndex index_of(const std::string& name) override { return kernel_.index_of(name); }
  void delete_link(IfIndex index) override { kernel_.delete_link(index); }
  void set_up(IfIndex index) override { kernel_.set_up(index); }
  void set_down(IfIndex index) override { kernel_.set_down(index); }
  void rename(IfIndex index, const std::string& name) override { kernel_.rename(index, name); }
  void enslave(IfIndex index, IfIndex bridge) override { kernel_.enslave(index, bridge); }
  void send_frame(IfIndex port, const MacAddress& mac, VlanId vlan) override {
    kernel_.learn(vlan == kUntagged ? port : vlan_device(port, vlan), mac);
  }
  void age_out(IfIndex bridge, const MacAddress& mac) override { kernel_.age_out(bridge, mac); }
  void join(IfIndex port, const IpAddress& group) override { kernel_.join(port, group); }
  void leave(IfIndex port, const IpAddress& group) override { kernel_.leave(port, group); }
  void add_entry(const BridgeEntry& entry) override { kernel_.add_entry(entry); }
  void remove_entry(const BridgeEntry& entry) override { kernel_.remove_entry(entry); }
  void add_entry(const VxlanEntry& entry) override { kernel_.add_entry(entry); }
  void remove_entry(const VxlanEntry& entry) override { kernel_.remove_entry(entry); }
  void delete_nexthop(std::uint32_t id) override { kernel_.delete_nexthop(id); }
  void add_neighbour(const Neighbour& neighbour) override { kernel_.add_neighbour(neighbour); }
  void remove_neighbour(IfIndex device, const IpAddress& address) override {
    kernel_.remove_neighbour(device, address);
  }

 private:
  IfIndex vlan_device(IfIndex port, VlanId vlan) const {
    for (const auto& event : kernel_.dump().events) {
      const auto* changed = std::get_if<LinkChanged>(&event);
      if (changed != nullptr && changed->link.info == LinkInfo(VlanInfo{vlan, port}))
        return changed->link.index;
    }
    return port;
  }

  FakeKernel kernel_;
};

}  // namespace kvtep::testing
