// A kernel in memory, with the real one's rules for the links, entries and filters that kvtep uses.
// tests/contract holds it to the real one, rule by rule; what is not in here is not used by kvtep.
//
// Synchronous and single-threaded. apply() answers as rtnl::Transactor does, take_events() as rtnl::Monitor;
// the other calls are an operator's hands and the network's. Those throw std::logic_error where the kernel
// would refuse: that is a mistake in the test.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netlinkd/model/kernel_event.hpp"
#include "netlinkd/model/kernel_op.hpp"
#include "netlinkd/model/link_counters.hpp"

namespace kvtep::testing {

class FakeKernel {
 public:
  // As in a new network namespace: `lo` alone, as device 1.
  FakeKernel();

  std::vector<OpResult> apply(std::span<const KernelOp> ops);
  Snapshot dump() const;
  // What the next dumps say of the machine.
  void set_host(const Host& host) { host_ = host; }
  // What happened since the last call. May tell what is known already; may hold an Overrun.
  std::vector<KernelEvent> take_events();
  CounterReading counters() const;
  // How many operations have been asked for: a restart in step asks for none.
  std::size_t operations() const { return operations_; }

  IfIndex add_port(const std::string& name);  // down, as after boot; its cable is plugged in
  IfIndex add_bridge(const std::string& name);
  IfIndex add_vxlan(const std::string& name, const VxlanInfo& info);
  IfIndex add_vlan(const std::string& name, const VlanInfo& info);
  void delete_link(IfIndex index);
  void set_up(IfIndex index);
  void set_down(IfIndex index);
  void rename(IfIndex index, const std::string& name);
  void set_alias(IfIndex index, const std::string& alias);  // announced only where the device is up
  void enslave(IfIndex index, IfIndex bridge);              // 0: release
  // 0 where there is none of that name.
  IfIndex index_of(std::string_view name) const;

  // A frame with this source arrives at the bridge port: learned, moved or ignored as the kernel does.
  void learn(IfIndex port, const MacAddress& mac);
  // Frames that the device carried; what a VLAN device does goes through the device below it.
  void carry(IfIndex device, const LinkCounters& frames);
  // The ageing time of a learned entry is over.
  void age_out(IfIndex bridge, const MacAddress& mac);

  // A host behind the bridge port asks for a group, or no longer (IGMP, MLD): noted where the bridge snoops.
  void join(IfIndex port, const IpAddress& group);
  void leave(IfIndex port, const IpAddress& group);

  // Entries made by somebody else: `bridge fdb replace`, `bridge fdb append ... self`, `bridge fdb del`.
  void add_entry(const BridgeEntry& entry);
  void remove_entry(const BridgeEntry& entry);
  void add_entry(const VxlanEntry& entry);
  void remove_entry(const VxlanEntry& entry);

  // `ip nexthop del`.
  void delete_nexthop(std::uint32_t id);
  // As before Linux 6.7: bridges have no limit on what they learn.
  void lose_mac_limits();

  // `ip neigh replace`, `ip neigh del`.
  void add_neighbour(const Neighbour& neighbour);
  void remove_neighbour(IfIndex device, const IpAddress& address);

  // The next operation for which `predicate` holds fails with `number` and changes nothing.
  using Predicate = std::function<bool(const KernelOp&)>;
  void fail_next(Predicate predicate, int number);
  // The listener's buffer is full: what happens from now until the next take_events() is lost, and that
  // call's last event is an Overrun.
  void overrun();

 private:
  // A bridge's entry (struct net_bridge_fdb_entry): the flags decide what a frame, a flush or another writer
  // does to it.
  struct Entry {
    IfIndex port;
    bool is_local = false;     // BR_FDB_LOCAL
    bool is_static = false;    // BR_FDB_STATIC
    bool is_external = false;  // BR_FDB_ADDED_BY_EXT_LEARN
    bool is_counted = false;   // BR_FDB_DYNAMIC_LEARNED
    BridgeEntryKind kind() const;
  };
  // All destinations of one MAC of a vxlan device (struct vxlan_fdb): they share a state.
  struct Destinations {
    bool lasting = true;
    std::vector<TunnelDestination> list;
  };
  struct Device {
    Link link;
    LinkCounters counters;
    std::map<MacAddress, Entry> entries;              // a bridge's
    std::map<MacAddress, Destinations> destinations;  // a vxlan device's
    std::set<GroupMember> members;                    // a bridge's
    std::map<IpAddress, Neighbour> neighbours;
    std::optional<TagFilter> filter;
    std::optional<Announcer> announcer;
  };
  struct Fault {
    Predicate predicate;
    int number;
  };
  // 0 or an errno.
  using Errno = int;

  // fake_kernel.cpp
  Errno perform(const KernelOp& op);
  Errno run(const CreateBridge& op);
  Errno run(const CreateVxlan& op);
  Errno run(const CreateVlan& op);
  Errno run(const DeleteLink& op);
  Errno run(const SetAlias& op);
  Errno run(const SetUp& op);
  Errno run(const SetMtu& op);
  Errno run(const SetMaster& op);
  Errno run(const ConfigureBridge& op);
  Errno run(const ConfigureVxlan& op);
  Errno run(const ConfigureBridgePort& op);
  Errno run(const SetTagFilter& op);
  Errno run(const RemoveTagFilter& op);
  // fake_kernel_fdb.cpp
  Errno run(const SetRemoteMac& op);
  Errno run(const RemoveRemoteMac& op);
  Errno run(const AddFloodDestination& op);
  Errno run(const RemoveFloodDestination& op);
  // fake_kernel_nexthops.cpp
  Errno run(const SetServiceNode& op);
  Errno run(const RemoveServiceNode& op);
  void set_nexthop(const Nexthop& nexthop);
  Errno erase_nexthop(std::uint32_t id);
  // fake_kernel_sources.cpp
  Errno run(const SetSourceFilter& op);
  Errno run(const RemoveSourceFilter& op);

  // fake_kernel_neighbours.cpp
  Errno run(const SetNeighbour& op);
  Errno run(const RemoveNeighbour& op);
  Errno run(const SetAnnouncer& op);
  Errno run(const RemoveAnnouncer& op);
  void flush_neighbours(Device& device);
  void forget_target(IfIndex gone);

  Device* find(IfIndex index);
  Device& require(IfIndex index);
  Errno check_new_name(const std::string& name) const;
  Device& add_device(const std::string& name, const LinkInfo& info);
  Errno check_vxlan(const VxlanInfo& info) const;
  Errno check_vlan(const VlanInfo& info);
  Errno check_master(const Device& device, IfIndex master);
  void follow_mtu(const Device& device);
  Errno bring_up(Device& device);
  void bring_down(Device& device);
  void attach(Device& device, Device& bridge);
  void release(Device& device);
  void remove(IfIndex index);
  std::vector<IfIndex> ports_of(IfIndex bridge) const;
  std::vector<IfIndex> vlans_of(IfIndex parent) const;

  BridgeInfo new_bridge() const;
  static bool is_full(const Device& bridge);
  void flush_port(Device& bridge, IfIndex port, bool everything);
  void flush_groups(Device& bridge, IfIndex port);  // 0: of all ports
  void flush_learned(Device& vxlan);
  void flush_all(Device& vxlan);
  void erase_local(Device& bridge, const MacAddress& mac);
  void add_local(Device& bridge, const MacAddress& mac, IfIndex port);
  void add_external(Device& bridge, IfIndex port, const MacAddress& mac);
  Errno erase_bridge_entry(Device& device, const MacAddress& mac);
  Errno erase_destination(Device& vxlan, const MacAddress& mac,
                          const std::optional<TunnelDestination>& which);
  static bool fits(const Device& vxlan, const TunnelDestination& destination);
  static TunnelDestination reported(const Device& vxlan, TunnelDestination destination);

  void tell(KernelEvent event);
  void tell_link(const Device& device);
  void tell_entry(const Device& bridge, const MacAddress& mac);
  static BridgeEntry value(const Device& bridge, const MacAddress& mac, const Entry& entry);

  Host host_;
  bool has_mac_limits_ = true;
  std::map<IfIndex, Device> devices_;
  std::map<std::uint32_t, Nexthop> nexthops_;
  std::map<std::string, SourceFilter> source_filters_;
  IfIndex last_index_;
  std::vector<KernelEvent> events_;
  bool is_losing_ = false;
  std::vector<Fault> faults_;
  std::size_t operations_ = 0;
};

}  // namespace kvtep::testing
