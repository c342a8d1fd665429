// What a session wants done, and what it has to tell: plain values, in the order in which they hold.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ovsdb-client/wire/error.hpp"
#include "ovsdb-client/wire/json.hpp"
#include "ovsdb-client/wire/update_kind.hpp"

namespace ovsdb {

// --- For the transport
// -------------------------------------------------------------------------------------------

// Open a stream to the remote of that index; report connected() or connect_failed().
struct Connect {
  std::size_t remote = 0;
};
// Close the stream, or give up the attempt. Nothing of it may be reported to the session any more.
struct Disconnect {};
struct Send {
  std::string bytes;
};

// --- For the user
// ------------------------------------------------------------------------------------------------

// The database's schema (RFC 7047 section 3.2); the session waits for start_monitor().
struct SchemaReceived {
  Json schema;
};

// Changes of the monitored tables. `initial`: a complete replacement of all that was known before; else a
// delta.
struct Update {
  UpdateKind kind{};
  bool initial = false;
  std::string message;  // the whole message: taken over from the reader, not copied
  std::size_t begin = 0;
  std::size_t size = 0;

  // Raw JSON, not validated yet.
  std::string_view table_updates() const { return std::string_view(message).substr(begin, size); }
};

// Whether this session owns its lock (RFC 7047 section 4.1.8). Told at the first reply of each connection and
// at each change; a lost connection says nothing of it.
struct LockChanged {
  bool held = false;
  bool operator==(const LockChanged&) const = default;
};

enum class TransactionOutcome : std::uint8_t {
  Replied,  // `text` is the raw result array: the operations' own results, which may be errors
  Refused,  // the server answered with an error instead: `text` has its words
  Unknown,  // the connection ended before the reply: it may have been committed
  NotSent,  // there was no connection to send it on
};

struct TransactionDone {
  std::uint64_t token = 0;
  TransactionOutcome outcome{};
  std::string text;
  bool operator==(const TransactionDone&) const = default;
};

// An attempt failed or a connection ended, and when the next attempt is.
struct Disconnected {
  Error error;
  std::chrono::milliseconds next_attempt{0};
  bool operator==(const Disconnected&) const = default;
};

// A message that has no meaning for us and was passed over.
struct Ignored {
  std::string what;
};

using Action = std::variant<Connect, Disconnect, Send, SchemaReceived, Update, LockChanged, TransactionDone,
                            Disconnected, Ignored>;
using Actions = std::vector<Action>;

}  // namespace ovsdb
