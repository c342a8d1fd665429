// The ears: one ClaimSocket a port, on the loop.
//
// However much hosts say, a port is asked for one helping at a time, and rests after a full one; the more
// ports there are that rest, the longer. What does not fit into a socket's small buffer meanwhile is dropped
// by the kernel.
//
// Threading: the loop's. Failure: a port that cannot be listened on is told of, and tried again.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "netlinkd/agent/ports.hpp"
#include "netlinkd/rtnl/claim_socket.hpp"

namespace kvtep::app {

class Listener {
 public:
  struct Outputs {
    std::function<void(std::vector<Sighting>)> sightings;
    std::function<void(std::vector<agent::Deaf>)> deaf;  // all that are, whenever that changes
    // To be closed where it may take a while.
    std::function<void(std::shared_ptr<rtnl::ClaimSocket>)> bury;
  };

  Listener(asio::io_context& io, Outputs outputs);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void listen(std::vector<IfIndex> ports);

 private:
  struct Ear {
    Ear(asio::io_context& io, rtnl::ClaimSocket opened)
        : socket(std::move(opened)), readable(io, socket.fd()), rest(io) {}
    rtnl::ClaimSocket socket;
    asio::posix::stream_descriptor readable;
    asio::steady_timer rest;
    bool is_closed = false;
  };

  void open_missing();
  void await(const std::shared_ptr<Ear>& ear);
  void take(const std::shared_ptr<Ear>& ear);

  asio::io_context& io_;
  Outputs outputs_;
  std::vector<IfIndex> wanted_;
  std::map<IfIndex, std::shared_ptr<Ear>> ears_;
  std::map<IfIndex, Error> deaf_;
  unsigned resting_ = 0;
  asio::steady_timer retry_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace kvtep::app
