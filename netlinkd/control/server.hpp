// The control socket: a unix stream socket that answers one request a connection. The client sends a line,
// the server answers with one JSON document and closes.
//
//   status    {"switch":…, "in_step":…, "database":…, "issues":[{"object":…,"reason":…}], "counters":{…}, …}
//   apply     {"applied":true}, or false where nothing was held down
//   anything else    {"error":"…"}
//
// Threading: the control thread. Failure: a socket that cannot be opened is an error of open(); a client that
// misbehaves costs only its own connection.
#pragma once

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "netlinkd/agent/agent.hpp"
#include "netlinkd/base/error.hpp"

namespace kvtep::control {

class Server {
 public:
  struct Handlers {
    std::function<agent::Status()> get_status;
    std::function<bool()> apply;  // false where there was nothing to apply
  };

  // Makes the socket's directory where it is missing, takes over a socket that nobody listens on, and refuses
  // one that a living daemon answers on. Readable and writable by the owner alone.
  static Result<std::unique_ptr<Server>> open(asio::io_context& io, const std::string& path,
                                              Handlers handlers);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  Server(asio::io_context& io, Handlers handlers)
      : acceptor_(io), pause_(io), handlers_(std::move(handlers)) {}
  void accept();
  void accept_later();

  asio::local::stream_protocol::acceptor acceptor_;
  asio::steady_timer pause_;
  std::string path_;  // empty until the socket there is ours
  Handlers handlers_;
};

// The status as the document that `status` is answered with.
std::string to_json(const agent::Status& status);

}  // namespace kvtep::control
