// Removals wait a little before they are carried out: a wish that comes back in the meantime (OVN flaps a key
// within milliseconds, a VM's move is a delete and an insert) was never gone. Pure but for the `now` it is
// given.
#pragma once

#include <absl/container/flat_hash_map.h>

#include "netlinkd/agent/op_key.hpp"
#include "netlinkd/agent/ports.hpp"

namespace kvtep::agent {

class WaitingRoom {
 public:
  explicit WaitingRoom(Duration delay) : delay_(delay) {}

  struct Turn {
    TimePoint due;
    bool is_new = false;  // asked for the first time: somebody has to come back when it is due
  };
  // When the removal may be carried out: the delay counts from the first time that it was asked for.
  Turn ask(const OpKey& key, TimePoint now) {
    const auto [entry, is_new] = entries_.try_emplace(key, now + delay_);
    return {.due = entry->second, .is_new = is_new};
  }
  void forget(const OpKey& key) { entries_.erase(key); }
  template <class Predicate>
  void forget_unless(Predicate still_asked) {
    absl::erase_if(entries_, [&](const auto& entry) { return !still_asked(entry.first); });
  }
  bool empty() const { return entries_.empty(); }

 private:
  Duration delay_;
  absl::flat_hash_map<OpKey, TimePoint> entries_;
};

}  // namespace kvtep::agent
