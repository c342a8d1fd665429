// --db=private:DIR: an ovsdb-server of our own, as a child, with its database and socket in DIR. For trying
// kvtep out: on a machine that serves, the database server is a unit of its own and outlives the daemon.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "netlinkd/base/error.hpp"

namespace kvtep::app {

class PrivateServer {
 public:
  // Creates DIR/vtep.db (schema: hwvtep::schema()) where there is none, and starts the server on DIR/db.sock.
  // The server dies with us (PR_SET_PDEATHSIG), so that a killed daemon leaves no orphan to block the next
  // one.
  static Result<PrivateServer> start(const std::string& directory);

  PrivateServer(PrivateServer&& other) noexcept;
  PrivateServer& operator=(PrivateServer&& other) noexcept;
  ~PrivateServer();  // asks it to end, and waits

  std::string remote() const { return "unix:" + socket_; }

 private:
  PrivateServer(pid_t pid, std::string socket) : pid_(pid), socket_(std::move(socket)) {}
  void stop();

  pid_t pid_ = -1;
  std::string socket_;
};

}  // namespace kvtep::app
