// The running kernel, by rtnl's sockets in a network namespace of its own. Ports are veth devices, whose far
// ends are in a second namespace. The hands are iproute2's, so that nothing under test does the testing.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "netlinkd/rtnl/monitor.hpp"
#include "netlinkd/rtnl/transactor.hpp"
#include "tests/contract/world.hpp"
#include "tests/support/network_namespace.hpp"
#include "tests/support/packet_socket.hpp"

namespace kvtep::testing {

class RealWorld final : public World {
 public:
  RealWorld();

  using World::apply;
  std::vector<OpResult> apply(const std::vector<KernelOp>& ops) override;
  Snapshot dump() override;
  CounterReading counters() override;
  std::vector<KernelEvent> take_events(bool may_wait) override;
  std::vector<KernelEvent> overheard(const std::function<void()>& busy) override;
  bool has_vlan_devices() override;
  bool has_mac_limits() override;

  IfIndex add_port(const std::string& name) override;
  IfIndex add_bridge(const std::string& name) override;
  IfIndex add_vxlan(const std::string& name, const VxlanInfo& info) override;
  IfIndex index_of(const std::string& name) override;
  void delete_link(IfIndex index) override;
  void set_up(IfIndex index) override;
  void set_down(IfIndex index) override;
  void rename(IfIndex index, const std::string& name) override;
  void enslave(IfIndex index, IfIndex bridge) override;
  void send_frame(IfIndex port, const MacAddress& mac, VlanId vlan) override;
  void age_out(IfIndex bridge, const MacAddress& mac) override;
  void join(IfIndex port, const IpAddress& group) override;
  void leave(IfIndex port, const IpAddress& group) override;
  void add_entry(const BridgeEntry& entry) override;
  void remove_entry(const BridgeEntry& entry) override;
  void add_entry(const VxlanEntry& entry) override;
  void remove_entry(const VxlanEntry& entry) override;
  void delete_nexthop(std::uint32_t id) override;
  void add_neighbour(const Neighbour& neighbour) override;
  void remove_neighbour(IfIndex device, const IpAddress& address) override;

  rtnl::Transactor& transactor() { return transactor_; }
  // The cable's other end.
  PacketSocket& far_end(IfIndex port) { return far_ends_.at(port); }

 private:
  static std::string name_of(IfIndex index);
  void change_group(const std::string& verb, IfIndex port, const IpAddress& group);
  static std::vector<std::string> entry_command(const std::string& verb, const VxlanEntry& entry);

  NetworkNamespace hosts_;
  NetworkNamespace switch_;  // made last: the thread is in it
  rtnl::Transactor transactor_;
  rtnl::Monitor monitor_;
  std::map<IfIndex, PacketSocket> far_ends_;
};

}  // namespace kvtep::testing
