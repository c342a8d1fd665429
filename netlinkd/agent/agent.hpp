// The reconciler: holds what the kernel said (Installed) and what the database asks (desired()), and works
// off the difference, in both directions.
//
//   kernel events, dumps ─▶ Installed ─┐
//                                      ├─ plan ─▶ KernelPort::submit ─▶ on_results
//   database deltas ─▶ Index, Desired ─┘
//   Installed, Desired ─▶ report ─▶ DatabasePort::submit ─▶ Committed
//
// A state machine without I/O: inputs are values with the time they came, outputs are calls of the two ports,
// and deadline() says when on_timer() wants to be called. Nothing is derived from an event but which part to
// look at again.
//
// States, worked out from three facts (a complete dump, a complete replica, the lock):
//   waiting    one of them is missing: the kernel and the database are left alone. After a lost connection
//   the last
//              replica stays good: forwarding goes on, and local changes are still put right.
//   working    a round of operations is with the kernel: one at a time, bounded in size
//   in step    nothing left to do
//
// Threading: everything on the control thread. Failure: an operation that fails is retried or parked by
// retry.hpp's table; nothing here throws on what the kernel, the server or a controller does.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "netlinkd/agent/audit.hpp"
#include "netlinkd/agent/counters.hpp"
#include "netlinkd/agent/damping.hpp"
#include "netlinkd/agent/drift.hpp"
#include "netlinkd/agent/hold_down.hpp"
#include "netlinkd/agent/host_addresses.hpp"
#include "netlinkd/agent/op_key.hpp"
#include "netlinkd/agent/ports.hpp"
#include "netlinkd/agent/retry.hpp"
#include "netlinkd/agent/waiting_room.hpp"
#include "netlinkd/model/capabilities.hpp"
#include "netlinkd/model/installed.hpp"
#include "netlinkd/planner/binding_counts.hpp"
#include "netlinkd/planner/desired.hpp"
#include "netlinkd/planner/plan.hpp"
#include "netlinkd/planner/remote_mac.hpp"
#include "netlinkd/planner/report.hpp"

namespace spdlog {
class logger;
}

namespace kvtep::agent {

struct Options {
  planner::Settings settings;
  Duration removal_delay = std::chrono::milliseconds(200);
  RetryTable::Limits retry;
  HoldDown::Options hold_down;
  Duration audit_interval = std::chrono::minutes(10);  // 0: never
  Duration stats_interval{};                           // of reading the counters of the bindings; 0: never
  // Operations in one round, and rows in one transaction: what a change that comes now may have to wait for.
  std::size_t round_limit = 4096;
  std::size_t link_round_limit = 256;     // links cost about a millisecond each, entries microseconds
  std::size_t deletion_round_limit = 64;  // and the end of a bridge tens of milliseconds
  std::size_t report_limit = 1000;
  // IP addresses of hosts that are remembered of each port; 0: none are learned.
  std::size_t addresses_per_port = 4096;
  std::size_t turn_limit = 20'000;  // entries that are looked at before others have their turn
};

// What an operator may want to know; a copy.
struct Status {
  std::string switch_name;
  bool has_dump = false;
  bool has_replica = false;
  bool has_lock = false;
  bool database_connected = false;
  std::string database_trouble;  // the last words of the network or the server; empty where all is well
  bool in_step = false;
  std::size_t switches = 0;
  std::size_t ports = 0;
  std::size_t host_addresses = 0;  // that local hosts are known to have
  // Where rows that went are not obeyed yet: what there was, and what there is.
  std::optional<std::pair<HoldDown::Amounts, HoldDown::Amounts>> held;
  std::set<Issue> issues;                    // rows, devices and ports that are left out, and why
  std::vector<std::string> refused;          // operations that did not work: left as they are, or tried again
  std::vector<std::string> damped;           // MACs that move too quickly, and wait
  std::optional<Capabilities> capabilities;  // empty where they could not be found out
  Counters counters;
};

class Agent {
 public:
  // `database` is the replica that DatabaseChanged speaks of; it and the ports outlive the agent.
  Agent(Options options, const hwvtep::Database& database, KernelPort& kernel, DatabasePort& commits,
        std::shared_ptr<spdlog::logger> log);

  // Asks for the first dump.
  void start();

  void on_database(const DatabaseEvent& event, TimePoint now);
  void on_events(const std::vector<KernelEvent>& events, TimePoint now);
  void on_snapshot(const Result<Snapshot>& snapshot, TimePoint now);
  void on_audit(Result<Installed> there);
  // Comes before the first dump.
  void on_capabilities(const Result<Capabilities>& capabilities, TimePoint now);
  void on_counters(const Result<CounterReading>& reading, TimePoint now);
  void on_results(const std::vector<OpResult>& results, TimePoint now);
  void on_timer(TimePoint now);
  void on_sightings(const std::vector<Sighting>& sightings, TimePoint now);
  // All ports that are deaf now.
  void on_deaf(const std::vector<Deaf>& deaf);
  // Ends a hold-down; false where there is none.
  bool apply_now(TimePoint now);
  std::optional<TimePoint> deadline() const;

  Status status() const;
  const Installed& installed() const { return installed_; }

 private:
  struct MacKey {
    Vni vni;
    MacAddress mac;
    auto operator<=>(const MacKey&) const = default;
    template <typename H>
    friend H AbslHashValue(H state, const MacKey& key) {
      return H::combine(std::move(state), key.vni, key.mac);
    }
  };

  struct NeighbourKey {
    Vni vni;
    IpAddress address;
    auto operator<=>(const NeighbourKey&) const = default;
    template <typename H>
    friend H AbslHashValue(H state, const NeighbourKey& key) {
      return H::combine(std::move(state), key.vni, key.address);
    }
  };

  // agent.cpp: inputs
  void changed(const DatabaseChanged& event, TimePoint now);
  void lost(const DatabaseLost& event);
  void locked(const LockChanged& event);
  void committed(const Committed& event, TimePoint now);
  void request_dump();
  // Whether a device that is not ours comes, changes or goes: the physical ports are among those.
  bool concerns_ports(const KernelEvent& event) const;
  void apply(const KernelEvent& event);
  void note_bridge_entry(const BridgeEntry& entry);
  void note_vxlan_entry(const VxlanEntry& entry);
  void note_delta(const hwvtep::Database::Delta& delta);
  void note_unreported(const MacKey& key);
  void mark_dirty(const Unit& unit);
  void mark_everything_dirty();
  void work(TimePoint now);

  // reconcile.cpp: towards the kernel
  bool ready() const;
  planner::View view() const {
    return {.database = database_,
            .index = index_,
            .settings = options_.settings,
            .held_keys = hold_.held_keys(),
            .has_nexthop_groups = !lacks(Feature::NexthopGroups),
            // Bridges of a machine without IPv6 that suppress neighbours crash older kernels at the first
            // Neighbour Solicitation (Linux commit e5e890630533).
            .answers_for_hosts = !lacks(Feature::Announcers) && !lacks(Feature::Ipv6Tunnels),
            .lets_probes_pass = has(Feature::ProbesPass)};
  }
  void refresh_desired();
  void refresh_switch_links();
  void forget_what_was_mended();
  void forget_switch(Vni vni);
  void begin_scan(Vni vni);
  bool has_work() const { return !dirty_macs_.empty() || !dirty_neighbours_.empty() || !scans_.empty(); }
  void scan_some(std::size_t& budget);
  void reconcile(TimePoint now);
  void plan_links(std::vector<KernelOp>& ops, TimePoint now);
  void plan_mac(const MacKey& key, std::vector<KernelOp>& ops, TimePoint now);
  std::optional<planner::Step> step_for(const MacKey& key);
  void accept(const planner::Step& step, const Unit& unit, std::vector<KernelOp>& ops, TimePoint now);
  void note_result(const OpResult& result, TimePoint now);
  Unit unit_of(const KernelOp& op) const;
  void say(const Issue& issue);
  void arrive_in_step();

  // neighbours.cpp: for which addresses the bridges answer
  void note_addresses(const hwvtep::Database::Delta& delta);
  std::optional<NeighbourKey> neighbour_of(const KernelEvent& event) const;
  bool is_in_place(const NeighbourKey& key) const;
  bool needs_work(const NeighbourKey& key) const;
  void note_neighbour(IfIndex bridge, const IpAddress& address);
  void note_neighbour_drift(const NeighbourKey& key);
  std::optional<planner::Step> peek_step_for(const NeighbourKey& key, std::set<Issue>& issues) const;
  std::optional<planner::Step> step_for(const NeighbourKey& key);
  void plan_neighbour(const NeighbourKey& key, std::vector<KernelOp>& ops, TimePoint now);

  // flapping.cpp
  void note_move(const KernelEvent& event);
  void end_damping(const Unit& unit);
  std::vector<std::string> damped() const;

  // putting_back.cpp: what somebody else changed
  std::optional<MacKey> mac_of(const KernelEvent& event) const;
  bool is_in_place(const MacKey& key) const;
  bool needs_work(const MacKey& key) const;
  void note_drift(const std::string& object, const std::string& what);
  void note_mac_drift(const MacKey& key);
  void start_audit(TimePoint now);
  void audit_turn();

  // holding.cpp: rows that shrink at once
  void look_for_shrinking(const hwvtep::Database::Delta& delta, TimePoint now);
  bool is_held(const planner::Step& step) const;
  void end_hold(const char* why);

  // capabilities.cpp
  // Both are false as long as nothing is known.
  bool has(Feature feature) const;
  bool lacks(Feature feature) const;
  // In words, where the kernel lacks what the operation needs.
  std::optional<std::string> missing_for(const KernelOp& op) const;

  // learning.cpp: IP addresses of local hosts
  void listen();
  void stop_listening();
  void look_after_addresses(TimePoint now);
  void adopt_addresses(TimePoint now);
  void follow_host(const MacKey& key, std::optional<IfIndex> port);
  bool tell_changed_hosts(TimePoint now);
  std::optional<IpAddress> told_address(const HostAddresses::Host& host);
  bool is_pinned_elsewhere(const HostAddresses::Host& host, const Place& place) const;
  std::optional<Place> local_place(const HostAddresses::Host& host) const;
  Place place_of(IfIndex member) const;

  // faults.cpp
  planner::Faults faults() const;
  void look_at_faults();
  std::set<Issue> issues_of_full_tables() const;

  // counting.cpp
  void plan_count(TimePoint now);
  void start_count(TimePoint now);
  std::size_t changes_of_stats(const hwvtep::Database::Delta& delta);

  // publish.cpp: towards the database
  void publish(TimePoint now);

  Options options_;
  const hwvtep::Database& database_;
  KernelPort& kernel_;
  DatabasePort& commits_;
  std::shared_ptr<spdlog::logger> log_;
  Counters counters_;

  // What the kernel said.
  std::optional<Capabilities> capabilities_;
  Installed installed_;
  std::optional<std::vector<KernelEvent>> events_during_dump_;  // there while a dump is under way
  bool has_dump_ = false;
  bool dump_again_ = false;
  unsigned failed_dumps_ = 0;

  // What the database says.
  planner::Index index_;
  bool has_replica_ = false;
  std::optional<bool> has_lock_;  // nothing until the server has answered
  bool connected_ = false;
  std::string database_trouble_;

  // What follows from both.
  std::optional<Desired> desired_;
  bool desired_is_stale_ = true;
  planner::Plan last_links_;  // for its conflicts
  std::map<Vni, planner::SwitchLinks> switch_links_;
  absl::flat_hash_map<IfIndex, Vni> vni_of_link_;
  // Remote MACs that were seen on a local port, and where the database wanted them at that time.
  absl::flat_hash_map<MacKey, TunnelDestination> yields_;
  // Switches, and their bridges, whose local hosts have been followed since all of their MACs were looked at:
  // there `yields_` knows of each local host whether it or its row came first.
  std::map<Vni, IfIndex> followed_;
  std::map<MacKey, std::set<Issue>> mac_issues_;
  std::map<NeighbourKey, std::set<Issue>> neighbour_issues_;
  std::set<Issue> said_;

  // What to look at again, and when.
  bool links_dirty_ = true;
  std::deque<MacKey> dirty_macs_;
  absl::flat_hash_set<MacKey> is_dirty_mac_;
  std::deque<NeighbourKey> dirty_neighbours_;
  absl::flat_hash_set<NeighbourKey> is_dirty_neighbour_;
  // Switches whose MACs and neighbours are all to be looked at, and what is left of the first one's.
  struct Scan {
    std::vector<MacAddress> macs;
    std::vector<IpAddress> addresses;
    bool empty() const { return macs.empty() && addresses.empty(); }
  };
  std::deque<Vni> scans_;
  std::optional<Scan> scan_;
  bool go_on_ = false;  // the turn was cut: there is more to do at once
  std::multimap<TimePoint, Unit> timers_;
  WaitingRoom removals_;
  HoldDown hold_;
  RetryTable retry_;
  bool in_flight_ = false;
  absl::flat_hash_set<MacKey> macs_in_flight_;
  absl::flat_hash_set<NeighbourKey> neighbours_in_flight_;
  // The last round's operations that the kernel did, or had done already: asked for once more, they had no
  // effect.
  struct Done {
    KernelOp op;
    std::string words;  // the kernel's, where it said that it was so already
  };
  absl::flat_hash_map<OpKey, Done> done_;
  bool is_in_step_ = false;
  bool has_announced_ = false;

  TimePoint now_;  // of the last events or alarm
  Damper<MacKey> damper_;
  DriftWatch drift_;
  std::set<std::string> drifted_;  // said since the last audit
  std::optional<Audit> audit_;
  bool is_auditing_ = false;  // its dump has not come yet
  std::optional<TimePoint> next_audit_;
  std::uint64_t differences_ = 0;  // of the audit under way

  HostAddresses addresses_;
  std::map<Place, Vni> bindings_;  // what is heard there is of that switch
  std::vector<IfIndex> ears_;      // the ports that were asked for
  std::set<Issue> deaf_;
  bool has_adopted_ = false;  // what the rows said at the start
  bool may_have_lost_hosts_ = false;
  HostAddresses::Changed changed_hosts_;  // whose rows have to be looked at, and what these say meanwhile
  TimePoint next_telling_;
  planner::BindingCounts counts_;
  bool has_counts_ = false;
  bool is_counting_ = false;
  bool bindings_changed_ = false;  // since the last count was planned
  std::optional<TimePoint> last_count_;
  std::optional<TimePoint> next_count_;

  planner::ReportScope unreported_;
  planner::Faults last_faults_;
  std::uint64_t next_token_ = 1;
  std::optional<std::uint64_t> commit_in_flight_;
  unsigned failed_commits_ = 0;
  std::optional<TimePoint> next_commit_;
};

}  // namespace kvtep::agent
