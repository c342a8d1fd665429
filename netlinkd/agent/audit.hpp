// One audit: a fresh dump of the kernel held against what its notifications had told. What differs was told
// by nobody (some changes the kernel makes in silence), and is returned as the events that are missing.
//
// The agent goes on working meanwhile: an object that an event speaks of between the beginning of the dump
// and the end of the comparison is left out, because the dump may be older or newer than that event. The
// comparison is cut: next() looks at about as many objects as it is told, so that a million entries take
// many turns of the loop.
//
// Values only; not thread-safe. No failure: an audit in which too much happened is given up by its owner.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "netlinkd/model/installed.hpp"

namespace kvtep::agent {

class Audit {
 public:
  // To be called with every event from the request for the dump on.
  void heard(const KernelEvent& event);
  // So much happened that little is left to compare.
  bool is_pointless() const { return entries_.size() + neighbours_.size() > kMostHeard; }

  // The answer to that request.
  void dumped(Installed there);
  bool has_dump() const { return has_dump_; }

  // The differences between `known` and the dump, among the next `budget` objects or so.
  std::vector<KernelEvent> next(const Installed& known, std::size_t budget);
  bool is_done() const { return has_dump_ && compared_links_ && devices_.empty(); }

 private:
  static constexpr std::size_t kMostHeard = 200'000;

  // A device's table under comparison: first what the dump has, then what it has not.
  template <class Entry>
  struct Walk {
    std::optional<typename absl::flat_hash_map<MacAddress, Entry>::const_iterator> at;
    std::size_t matched = 0;
    std::optional<std::vector<MacAddress>> leftovers;
    bool is_done = false;
  };

  void compare_links(const Installed& known);
  void compare_filters(const Installed& known);
  void compare_nexthops(const Installed& known);
  void compare_groups(IfIndex device, const Installed& known);
  void compare_members(IfIndex device, const Installed& known);
  void compare_neighbours(IfIndex device, const Installed& known);
  template <class Entry>
  void compare(Walk<Entry>& walk, IfIndex device, const absl::flat_hash_map<MacAddress, Entry>& there,
               const absl::flat_hash_map<MacAddress, Entry>& known, std::size_t& budget);
  bool was_heard(IfIndex device, const MacAddress& mac) const { return entries_.contains({device, mac}); }

  // What events spoke of.
  std::set<IfIndex> links_;
  std::set<IfIndex> tag_filters_;
  std::set<std::uint32_t> nexthops_;
  std::set<std::string> source_filters_;
  absl::flat_hash_set<std::pair<IfIndex, MacAddress>> entries_;
  std::set<GroupMember> members_;
  absl::flat_hash_set<std::pair<IfIndex, IpAddress>> neighbours_;
  std::set<IfIndex> announcers_;

  bool has_dump_ = false;
  Installed there_;
  bool compared_links_ = false;
  std::vector<IfIndex> devices_;  // whose tables are still to be compared; the last one is at work
  Walk<BridgeEntry> bridge_walk_;
  Walk<VxlanEntry> vxlan_walk_;
  std::vector<KernelEvent> differences_;
};

}  // namespace kvtep::agent
