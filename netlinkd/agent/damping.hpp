// Damping of MACs that flap between ports, local or remote (a loop, one address on two hosts): after kMoves
// moves within kWindow its writes and its rows wait, first kFirstHold, then twice as long each time that it
// happens again, up to kLongestHold. The kernel's own learning forwards its frames meanwhile.
//
// Pure but for the `now` it is given; not thread-safe. A MAC that keeps still is forgotten.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "netlinkd/agent/ports.hpp"

namespace kvtep::agent {

template <class Key>
class Damper {
 public:
  static constexpr unsigned kMoves = 5;
  static constexpr Duration kWindow = std::chrono::seconds(10);
  static constexpr Duration kFirstHold = std::chrono::seconds(5);
  static constexpr Duration kLongestHold = std::chrono::seconds(60);

  struct Entry {
    TimePoint window_start;
    unsigned moves = 0;  // in the window
    std::uint64_t all_moves = 0;
    Duration hold = Duration::zero();  // the last one
    TimePoint until;                   // damped up to then
  };

  // The end of the wait where this move makes it wait.
  std::optional<TimePoint> moved(const Key& key, TimePoint now) {
    if (entries_.size() > kManyEntries) forget_still_ones(now);
    auto& entry = entries_[key];
    ++entry.all_moves;
    if (now < entry.until) return std::nullopt;  // waits already
    if (entry.moves == 0 || now - entry.window_start > kWindow) {
      entry.window_start = now;
      entry.moves = 0;
    }
    if (++entry.moves < kMoves) return std::nullopt;
    const bool is_again = entry.hold > Duration::zero() && now - entry.until < kLongestHold;
    entry.hold = is_again ? std::min(entry.hold * 2, kLongestHold) : kFirstHold;
    entry.until = now + entry.hold;
    entry.moves = 0;
    return entry.until;
  }

  bool is_damped(const Key& key, TimePoint now) const {
    const auto entry = entries_.find(key);
    return entry != entries_.end() && now < entry->second.until;
  }
  bool empty() const { return entries_.empty(); }

  // Those that wait.
  std::vector<std::pair<Key, Entry>> damped(TimePoint now) const {
    std::vector<std::pair<Key, Entry>> result;
    for (const auto& [key, entry] : entries_) {
      if (now < entry.until) result.emplace_back(key, entry);
    }
    return result;
  }

 private:
  static constexpr std::size_t kManyEntries = 10'000;

  // Where all of them move, the table is not searched with every move.
  void forget_still_ones(TimePoint now) {
    if (now < next_cleaning_) return;
    next_cleaning_ = now + kWindow;
    absl::erase_if(entries_, [&](const auto& entry) {
      return now - std::max(entry.second.window_start, entry.second.until) > kLongestHold;
    });
  }

  absl::flat_hash_map<Key, Entry> entries_;
  TimePoint next_cleaning_;
};

}  // namespace kvtep::agent
