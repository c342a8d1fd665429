// The session on real streams: connects, reads, writes and keeps the timer on an Asio io_context.
//
// Threading: construct, call and destroy on the thread that runs the io_context; events and Monitored are
// called there too, never from inside a call of the Client's own methods, and never after its destructor.
// Destroying the Client from inside an event is allowed. Nothing here blocks. Failure: a lost server, a wrong
// answer or a failed apply() is a Disconnected event and another attempt after a back-off; the Client itself
// never gives up.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ovsdb-client/session/session.hpp"
#include "ovsdb-client/transport/remote.hpp"

namespace asio {
class io_context;
}

namespace ovsdb {

// What keeps the rows.
class Monitored {
 public:
  virtual ~Monitored() = default;
  // {table: [{"columns": [...]}]} for that schema; an error closes the connection and backs off.
  virtual Result<Json> monitor_requests(const Json& schema) = 0;
  // Raw <table-updates>; `initial`: a complete replacement. An error closes, backs off, and the next is
  // initial.
  virtual Result<void> apply(UpdateKind kind, bool initial, std::string_view table_updates) = 0;
};

struct ClientOptions {
  std::vector<Remote> remotes;
  std::string database;
  std::optional<std::string> lock;
  SessionOptions session;
};

// The server answered and has our database.
struct Connected {
  std::string remote;
  std::string schema_version;  // empty where the schema has none
  bool operator==(const Connected&) const = default;
};
// apply() took an update.
struct Updated {
  bool initial = false;
  bool operator==(const Updated&) const = default;
};

using ClientEvent = std::variant<Connected, Updated, LockChanged, TransactionDone, Disconnected, Ignored>;

class Client {
 public:
  using OnEvent = std::function<void(const ClientEvent&)>;

  Client(asio::io_context& io, ClientOptions options, Monitored& monitored, OnEvent on_event);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void start();
  // Closes; in-flight transactions are reported as Unknown.
  void stop();
  // `params` is the whole JSON array: [<db-name>, <operation>*]. Answered by one TransactionDone, always.
  void transact(std::uint64_t token, std::string_view params);
  // Whether updates flow, that is: whether the rows are current.
  bool is_monitoring() const;

 private:
  class Machine;
  std::shared_ptr<Machine> machine_;
};

}  // namespace ovsdb
