// The control socket: a unix stream socket that answers one request a connection. The client sends a line,
// the server answers with one JSON document and closes.
//
//   status    {"switch":…, "in_step":…, "database":…, "issues":[{"object":…,"reason":…}], "counters":{…}, …}
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
  using GetStatus = std::function<agent::Status()>;

  // Makes the socket's directory where it is missing, takes over a socket that nobody listens on, and refuses
  // one that a living daemon answers on. Readable and writable by the owner alone.
  static Result<std::unique_ptr<Server>> open(asio::io_context& io, const std::string& path,
                                              GetStatus get_status);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  Server(asio::io_context& io, GetStatus get_status)
      : acceptor_(io), pause_(io), get_status_(std::move(get_status)) {}
  void accept();
  void accept_later();

  asio::local::stream_protocol::acceptor acceptor_;
  asio::steady_timer pause_;
  std::string path_;  // empty until the socket there is ours
  GetStatus get_status_;
};

// The status as the document that `status` is answered with.
std::string to_json(const agent::Status& status);

}  // namespace kvtep::control
