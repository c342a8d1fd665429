// A client's conversation with an OVSDB server (RFC 7047) as a pure state machine: inputs are calls, outputs
// are values. It keeps one database's monitor alive across reconnects, holds an optional lock, carries
// transactions.
//
// No I/O, no clock, no threads. Whatever the server sends, an input either waits for more or closes the
// connection with an Error and backs off: it never throws and never crashes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ovsdb-client/session/action.hpp"
#include "ovsdb-client/session/reconnect.hpp"
#include "ovsdb-client/wire/message.hpp"
#include "ovsdb-client/wire/request.hpp"

namespace ovsdb {

// The name of our one monitor on a connection.
inline constexpr std::string_view kMonitorId = "rows";

struct SessionOptions {
  ReconnectOptions reconnect;
  MessageLimits limits;
};

struct SessionTarget {
  std::string database;
  std::optional<std::string> lock;
  std::size_t remotes = 1;
};

class Session {
 public:
  enum class State : std::uint8_t {
    Offline,           // no stream: stopped, backing off or connecting
    SchemaRequested,   // get_schema (and lock) are out
    SchemaKnown,       // waits for start_monitor(); transactions pass from here on
    MonitorRequested,  // the initial reply is due: it may take the server very long, no probe gives up
    Monitoring,        // updates flow
  };

  Session(SessionTarget target, SessionOptions options, Chance chance);

  // From the transport.
  Actions connected(TimePoint now);
  Actions connect_failed(std::string_view words, TimePoint now);
  Actions received(std::string_view bytes, TimePoint now);
  Actions disconnected(std::string_view words, TimePoint now);
  Actions timer(TimePoint now);

  // From the user.
  Actions start(TimePoint now);
  // In-flight transactions are reported as Unknown; nothing follows until start().
  Actions stop(TimePoint now);
  // {table: [{"columns": [...]}]}; requests other than the last ones make the next update a complete one.
  Actions start_monitor(const Json& requests, TimePoint now);
  // `params` is the whole JSON array: [<db-name>, <operation>*].
  Actions transact(std::uint64_t token, std::string_view params, TimePoint now);
  // The user could not use what came: close, back off, and have everything sent again.
  Actions fail(Error error, TimePoint now);

  std::optional<TimePoint> deadline() const { return reconnect_.deadline(); }
  State state() const { return state_; }

 private:
  enum class RequestKind : std::uint8_t { Echo, Schema, Lock, Monitor, Transact };
  struct Pending {
    RequestKind kind{};
    std::uint64_t token = 0;
  };

  void send(RequestKind kind, std::uint64_t token, std::string (*encode)(RequestId, std::string_view),
            std::string_view argument);
  void send_monitor();
  void run(TimePoint now);
  void close(Error error, TimePoint now);
  void forget_connection();
  Actions take();

  Result<void> handle(Message message, TimePoint now);
  Result<void> handle_call(Message message);
  Result<void> handle_update(Message message, MonitorMethod method);
  Result<void> handle_lock_notice(const Message& message, bool held);
  Result<void> answer_echo(const Message& message);
  Result<void> handle_reply(Message message, TimePoint now);
  Result<void> handle_schema(const Message& message);
  Result<void> handle_lock_reply(const Message& message);
  Result<void> handle_monitor_reply(Message message, TimePoint now);
  Result<void> handle_monitor_refusal(const Message& message);
  Result<void> handle_transact_reply(const Message& message, std::uint64_t token);
  Result<void> remember(std::string_view last_id);
  void emit_update(Message message, bool initial, std::string_view updates);

  SessionTarget target_;
  SessionOptions options_;
  Reconnect reconnect_;
  MessageReader reader_;
  State state_ = State::Offline;
  RequestId last_request_ = 0;
  std::map<RequestId, Pending> pending_;
  MonitorMethod method_ = MonitorMethod::CondSince;
  std::string requests_;
  std::optional<std::string> last_id_;  // what monitor_cond_since resumes from
  std::optional<bool> lock_held_;
  Actions actions_;
};

}  // namespace ovsdb
