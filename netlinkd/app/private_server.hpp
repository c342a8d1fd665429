// --db=private:DIR: an ovsdb-server of our own, as a child, with its database and socket in DIR. For trying
// kvtep out: on a machine that serves, the database server is a unit of its own and outlives the daemon.
//
// Threading: the control thread. Failure: a server that cannot be started, or ends before it listens, is an
// error of start(); one that ends later is logged and started again.
#pragma once

#include <spdlog/fwd.h>
#include <sys/types.h>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "netlinkd/base/error.hpp"

namespace kvtep::app {

class PrivateServer {
 public:
  // Creates DIR/vtep.db (schema: hwvtep::schema()) where there is none, and starts the server on DIR/db.sock;
  // returns when it listens there. The server dies with us (PR_SET_PDEATHSIG), so that a killed daemon leaves
  // no orphan to block the next one.
  static Result<std::unique_ptr<PrivateServer>> start(asio::io_context& io, const std::string& directory,
                                                      std::shared_ptr<spdlog::logger> log);
  ~PrivateServer();  // asks it to end, and waits
  PrivateServer(const PrivateServer&) = delete;
  PrivateServer& operator=(const PrivateServer&) = delete;

  std::string remote() const { return "unix:" + socket(); }

 private:
  PrivateServer(asio::io_context& io, std::string directory, std::shared_ptr<spdlog::logger> log);

  std::string file() const { return directory_ + "/vtep.db"; }
  std::string socket() const { return directory_ + "/db.sock"; }
  Result<void> create_database() const;
  Result<void> launch();
  Result<void> await_socket();
  void watch();
  void replace_ended();
  void stop();

  std::string directory_;
  std::shared_ptr<spdlog::logger> log_;
  pid_t pid_ = -1;
  asio::posix::stream_descriptor end_;  // a pidfd: readable once the server has ended
  asio::steady_timer pause_;
};

}  // namespace kvtep::app
