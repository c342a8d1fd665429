// The listening half of rtnetlink: what changed, as KernelEvents, in the kernel's order (RTNLGRP_LINK,
// RTNLGRP_NEIGH, RTNLGRP_TC).
//
// Listens in the network namespace in which it was opened, from then on. Never blocks; not thread-safe. What
// an acknowledged operation caused was put in the queue before its acknowledgement: drained afterwards, the
// monitor yields it. IPv4 and IPv6 neighbours are dropped by a filter on the socket.
//
// Failure: a loss (ENOBUFS, MSG_TRUNC, a message that cannot be read) is the event Overrun. It comes after
// the last message that was there, when the queue is empty: until then the kernel adds nothing, so only a
// dump that starts after the Overrun was seen tells all.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/kernel_event.hpp"

namespace kvtep::rtnl {

struct Drained {
  std::vector<KernelEvent> events;
  bool more = false;  // stopped because it was enough for one call
};

class Monitor {
 public:
  struct Options {
    // Bytes (SO_RCVBUFFORCE; without the right to it, as much as SO_RCVBUF gives). An event takes about 1 KiB
    // in there.
    std::size_t receive_buffer = std::size_t{64} << 20;
  };
  static Result<Monitor> open(const Options& options);
  static Result<Monitor> open();
  ~Monitor();
  Monitor(Monitor&&) noexcept;
  Monitor& operator=(Monitor&&) noexcept;

  // Readable where there is something to drain. Stays the monitor's.
  int fd() const;

  // At most some 4096 notifications a call.
  Drained drain();

 private:
  class Impl;
  explicit Monitor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kvtep::rtnl
