// The writing and dumping half of rtnetlink: KernelOps in, one outcome each; or everything there is, as a
// Snapshot.
//
// Works in the network namespace in which it was opened. Blocking, with a bound (10 s an exchange): meant for
// a worker thread; not thread-safe. Each operation's messages go out in one sendmsg(2), which the kernel
// works off before it returns: no kill of this process leaves half an operation.
//
// Failure: an operation's errno is the kernel's, its text the kernel's extended acknowledgement
// (NLMSGERR_ATTR_MSG). What is benign is the caller's to say, but for what an operation means to find: the
// clsact qdisc that is there already, IPv6 that is not, the half of a MAC's two entries that is gone already.
// Where the kernel's answer was lost or did not come, the outcome of the operations concerned is ENOBUFS or
// ETIMEDOUT, and they may or may not have been done.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/kernel_event.hpp"
#include "netlinkd/model/kernel_op.hpp"
#include "netlinkd/model/link_counters.hpp"

namespace kvtep::rtnl {

// What was asked of the kernel since the start.
struct Counters {
  std::uint64_t ops = 0;       // operations
  std::uint64_t messages = 0;  // the requests that they made: each changes something, or fails
  std::uint64_t errors = 0;    // operations that failed
  std::uint64_t dumps = 0;     // dump requests, repeated ones too

  bool operator==(const Counters&) const = default;
};

class Transactor {
 public:
  static Result<Transactor> open();
  ~Transactor();
  Transactor(Transactor&&) noexcept;
  Transactor& operator=(Transactor&&) noexcept;

  // Results in the order of the operations, one each.
  std::vector<OpResult> apply(std::span<const KernelOp> ops);

  // What the operations since the last call changed and the kernel does not announce to rtnl::Monitor (source
  // filters), read back.
  std::vector<KernelEvent> take_read_back();

  // Links, tag filters, nexthops, entries, source filters. A dump that the kernel calls inconsistent
  // (NLM_F_DUMP_INTR) is repeated.
  Result<Snapshot> dump();

  // What CreateBridge sets besides, and no notification tells of (IPv6, ip-sysctl), put right at the bridges
  // among these that kvtep made: an earlier run's may lack it, and others may have changed it.
  static void settle_bridges(const Snapshot& snapshot);

  // What every device has carried.
  Result<CounterReading> read_counters();

  Counters counters() const;

  // From any thread, and for good: what is under way ends after its current message, and what was not asked
  // of the kernel yet fails with ECANCELED.
  void cancel();

 private:
  class Impl;
  explicit Transactor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kvtep::rtnl
