// What the agent has done since it started; read by the control socket.
#pragma once

#include <cstdint>

namespace kvtep::agent {

struct Counters {
  std::uint64_t operations = 0;  // sent to the kernel: 0 after a restart that found everything in place
  std::uint64_t operations_refused = 0;  // answered by an error
  std::uint64_t already_so = 0;          // of those, the harmless ones
  std::uint64_t ineffective = 0;         // acknowledged, and still not as asked
  std::uint64_t rounds = 0;
  std::uint64_t kernel_events = 0;
  std::uint64_t overruns = 0;
  std::uint64_t dumps = 0;
  std::uint64_t transactions = 0;
  std::uint64_t transactions_refused = 0;
  std::uint64_t drift = 0;              // objects of ours that somebody else changed, and that were put back
  std::uint64_t moves = 0;              // of a MAC from one port to another, local or remote
  std::uint64_t damped = 0;             // how often a MAC moved so quickly that it had to wait
  std::uint64_t audits = 0;             // finished ones
  std::uint64_t audit_differences = 0;  // what they found that no notification had told of
  std::uint64_t addresses_heard = 0;    // in ARP and Neighbor Discovery of local hosts, new or not
  std::uint64_t local_wins = 0;         // a MAC with a remote row was seen on a local port

  bool operator==(const Counters&) const = default;
};

}  // namespace kvtep::agent
