// What the contract is tested on: a kernel, in memory or real, with the hands of an operator and of the
// network. Both kinds throw where a hand cannot do its work: then the test itself is wrong, or the machine.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "netlinkd/model/kernel_event.hpp"
#include "netlinkd/model/kernel_op.hpp"
#include "netlinkd/model/link_counters.hpp"

namespace kvtep::testing {

class World {
 public:
  virtual ~World() = default;

  virtual std::vector<OpResult> apply(const std::vector<KernelOp>& ops) = 0;
  OpResult apply(const KernelOp& op) { return apply(std::vector{op}).front(); }
  virtual Snapshot dump() = 0;
  virtual CounterReading counters() = 0;
  // What was announced since the last call. `may_wait`: something is still to come, so a real kernel gets a
  // moment.
  virtual std::vector<KernelEvent> take_events(bool may_wait) = 0;
  // The events that a listener gets whose buffer is too small for what `busy` causes.
  virtual std::vector<KernelEvent> overheard(const std::function<void()>& busy) = 0;
  virtual bool has_vlan_devices() = 0;
  // Of what a bridge learns (Linux 6.7).
  virtual bool has_mac_limits() = 0;

  virtual IfIndex add_port(const std::string& name) = 0;
  virtual IfIndex add_bridge(const std::string& name) = 0;
  virtual IfIndex add_vxlan(const std::string& name, const VxlanInfo& info) = 0;
  virtual IfIndex index_of(const std::string& name) = 0;
  virtual void delete_link(IfIndex index) = 0;
  virtual void set_up(IfIndex index) = 0;
  virtual void set_down(IfIndex index) = 0;
  virtual void rename(IfIndex index, const std::string& name) = 0;
  virtual void enslave(IfIndex index, IfIndex bridge) = 0;
  // A frame from `mac` arrives at the port, made by add_port() (over VLAN `vlan` where it is not 0).
  virtual void send_frame(IfIndex port, const MacAddress& mac, VlanId vlan) = 0;
  // Everything that the bridge learned is too old.
  virtual void age_out(IfIndex bridge, const MacAddress& mac) = 0;
  virtual void join(IfIndex port, const IpAddress& group) = 0;
  virtual void leave(IfIndex port, const IpAddress& group) = 0;
  virtual void add_entry(const BridgeEntry& entry) = 0;
  virtual void remove_entry(const BridgeEntry& entry) = 0;
  virtual void add_entry(const VxlanEntry& entry) = 0;
  virtual void remove_entry(const VxlanEntry& entry) = 0;
  virtual void delete_nexthop(std::uint32_t id) = 0;
  virtual void add_neighbour(const Neighbour& neighbour) = 0;
  virtual void remove_neighbour(IfIndex device, const IpAddress& address) = 0;
};

}  // namespace kvtep::testing
