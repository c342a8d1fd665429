// Limits on local MACs: how many a Logical_Switch may have (Settings::mac_limit), and how many a physical
// port, its VLANs included (Settings::port_mac_limit). 0 is no limit. Pure.
//
// A bridge keeps the first limit itself where the kernel can (IFLA_BR_FDB_MAX_LEARNED); of the second no
// kernel knows. Both hold for what is published, too: of more MACs than a limit allows, those that are
// published already stay, and of the others the lowest follow as there is room. What an operator set as a
// host of a port (a static entry) is neither counted nor held back.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <compare>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "netlinkd/planner/remote_mac.hpp"
#include "netlinkd/planner/report.hpp"

namespace kvtep::planner {

// The tables that have more than they may, or, where the kernel keeps the limit, as much as they may.
FullTables full_tables(const Settings& settings, const Desired& desired, const Installed& installed);

// The same for people.
std::set<Issue> issues_of(const FullTables& full, const Settings& settings, const Desired& desired);

// Which local MACs may be published. Costs nothing where no table has come to its limit; otherwise a look at
// the published MACs of the switches concerned, and at all of theirs only while there is room for more.
class MacLimits {
 public:
  using Key = std::pair<Vni, MacAddress>;

  // `input` outlives this.
  explicit MacLimits(const ReportInput& input);

  bool admits(Vni vni, const BridgeEntry& entry) const;
  // MACs whose row has to come or go because of another one's coming or going.
  const std::set<Key>& concerned() const { return concerned_; }

 private:
  // In the order in which they are admitted.
  struct Candidate {
    bool is_waiting = false;
    Key key;
    auto operator<=>(const Candidate&) const = default;
  };
  using Candidates = std::vector<Candidate>;

  struct Walk;
  void find_reached();
  std::map<Vni, SwitchLinks> switches_concerned() const;
  void take(Vni vni, const BridgeEntry& entry, bool is_waiting, Walk& walk) const;
  void take_published(const std::map<Vni, SwitchLinks>& switches, Walk& walk) const;
  void take_waiting(const std::map<Vni, SwitchLinks>& switches, Walk& walk) const;
  // Sorts `all`, and notes what becomes of those that do not fit; the others are returned.
  Candidates select(Candidates all, std::size_t limit);
  void admit(Walk walk);

  const ReportInput& input_;
  // The ports and switches that have come to their limit.
  std::map<std::string, std::set<Vni>> reached_ports_;  // and the switches that each is bound to
  std::set<Vni> reached_switches_;
  absl::flat_hash_map<IfIndex, std::string> port_of_device_;  // of those ports, VLAN devices among them
  absl::flat_hash_set<Key> admitted_;                         // of those ports and switches
  std::set<Key> concerned_;
};

}  // namespace kvtep::planner
