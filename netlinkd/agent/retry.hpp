// What to do about an operation that did not bring what it was meant to: wait and try again, longer each
// time, or leave it until something else is wished for. Pure but for the `now` it is given.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "netlinkd/agent/op_key.hpp"
#include "netlinkd/agent/ports.hpp"

namespace kvtep::agent {

// The design's table of reactions. The kernel's errno decides, and what was asked.
enum class Reaction {
  AlreadySo,  // EEXIST on create, ENOENT, ESRCH, ENODEV on delete: counted, looked at again
  Retry,      // EBUSY, ENOMEM, EAGAIN, ENOBUFS and everything that may pass
  Park,  // EINVAL, EOPNOTSUPP, EPERM, ERANGE: the kernel will not change its mind about this very operation
};
Reaction react(const KernelOp& op, const Error& error);

class RetryTable {
 public:
  struct Limits {
    Duration first = std::chrono::milliseconds(100);
    Duration longest = std::chrono::seconds(60);
  };
  explicit RetryTable(Limits limits) : limits_(limits) {}

  // False while the operation waits or is parked. An operation with another content starts afresh.
  bool may_try(const OpKey& key, const KernelOp& op, TimePoint now);
  // When to try next: nothing where it is parked.
  // `number` is the kernel's errno, 0 where it did not refuse.
  std::optional<TimePoint> failed(const OpKey& key, const KernelOp& op, const std::string& message, bool park,
                                  TimePoint now, int number = 0);
  void forget(const OpKey& key);
  // Forgets the entries that `still_wished` does not confirm.
  template <class Predicate>
  void forget_unless(Predicate still_wished) {
    absl::erase_if(entries_, [&](const auto& entry) {
      const bool goes = !still_wished(entry.first);
      if (goes) count(entry.second, -1);
      return goes;
    });
  }
  void clear() {
    entries_.clear();
    troubles_ = {};
  }

  bool empty() const { return entries_.empty(); }
  bool contains(const OpKey& key) const { return entries_.contains(key); }
  // Every operation that did not work and the kernel's words: for people.
  std::vector<std::string> refused() const;

  // For the fault columns: how many operations are parked, and how many the kernel has refused for want of
  // room several times in a row, which is no passing moment.
  struct Troubles {
    std::size_t parked = 0;
    std::size_t macs = 0;     // forwarding entries
    std::size_t tunnels = 0;  // vxlan devices and flood destinations
  };
  const Troubles& troubles() const { return troubles_; }
  // The devices that parked operations are about.
  std::set<IfIndex> parked_devices() const;

 private:
  struct Entry {
    KernelOp op;
    std::uint32_t attempts = 0;
    TimePoint next;
    bool is_parked = false;
    int number = 0;
    std::string message;
  };
  void count(const Entry& entry, int by);

  Troubles troubles_;
  Limits limits_;
  absl::flat_hash_map<OpKey, Entry> entries_;
};

}  // namespace kvtep::agent
