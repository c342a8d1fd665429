// What the agent calls, and what comes back to it: values, all on the control thread. The adapters in app/
// join these ports to rtnl and to the OVSDB client; tests join them to a fake kernel and a scripted database.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/hwvtep/database.hpp"
#include "netlinkd/model/kernel_event.hpp"
#include "netlinkd/model/kernel_op.hpp"
#include "netlinkd/model/link_counters.hpp"
#include "netlinkd/model/sighting.hpp"
#include "ovsdb-client/transaction/transaction.hpp"

namespace kvtep::agent {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

// Neither call blocks. One submit() is answered by one Agent::on_results(), before which every notification
// that those operations caused has gone to Agent::on_events(); one dump() by one Agent::on_snapshot(); one
// audit(), which does not hold up the others, by one Agent::on_audit(); one count() by one
// Agent::on_counters().
class KernelPort {
 public:
  virtual ~KernelPort() = default;
  virtual void submit(std::vector<KernelOp> ops) = 0;
  virtual void dump() = 0;
  virtual void audit() = 0;
  // These ports, and no others, are listened on from now on; what hosts there say comes to
  // Agent::on_sightings().
  virtual void listen(std::vector<IfIndex> ports) = 0;
  virtual void count() = 0;
};

// A port that ought to be listened on, and cannot be; it is tried again.
struct Deaf {
  IfIndex port;
  Error error;
};

// Does not block. Answered by one Committed with the same token.
class DatabasePort {
 public:
  virtual ~DatabasePort() = default;
  virtual void submit(std::uint64_t token, ovsdb::Transaction transaction) = 0;
};

// The replica holds the content named by `delta` already when this arrives.
struct DatabaseChanged {
  hwvtep::Database::Delta delta;
  bool initial = false;  // the first content after a (re)connect: the delta is what differs from before
};
struct DatabaseLost {
  std::string reason;
};
// The OVSDB lock of this switch (RFC 7047 section 4.1.8): who has it may write.
struct LockChanged {
  bool held = false;
};
enum class CommitOutcome {
  Done,
  Conflict,  // somebody else was faster ("constraint violation"): look again, try again
  Refused,   // the server's words are in `message`
  Unknown,   // the connection broke: it may have been done or not
};
struct Committed {
  std::uint64_t token = 0;
  CommitOutcome outcome = CommitOutcome::Done;
  std::string message;
};
using DatabaseEvent = std::variant<DatabaseChanged, DatabaseLost, LockChanged, Committed>;

}  // namespace kvtep::agent
