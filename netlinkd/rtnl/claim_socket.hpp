// A packet socket (packet(7)) on one physical port that hears ARP and Neighbor Discovery of the hosts behind
// it, untagged and tagged.
//
// A bridge takes a frame from its port before any socket that is bound to a protocol sees it: only a tap for
// all protocols (ETH_P_ALL) hears it, and one that is not bound to a device would be asked about every frame
// of every device. So there is a socket a port, and a filter in the kernel that passes next to nothing; other
// devices' traffic does not meet it. Tagged frames are taken at the port as well, their tag beside them: so
// ports count, not bindings. What the machine itself sends is not heard.
//
// Never blocks, but for close() and the destructor: the kernel waits there until no packet is under way (tens
// of milliseconds). Not thread-safe. In the network namespace in which it was opened. Failure: what does not
// fit into the small receive buffer is lost, and that is meant so; a device that goes down or away is silent.
#pragma once

#include <memory>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/sighting.hpp"

namespace kvtep::rtnl {

class ClaimSocket {
 public:
  static Result<ClaimSocket> open(IfIndex port);
  ~ClaimSocket();
  ClaimSocket(ClaimSocket&& other) noexcept;
  ClaimSocket& operator=(ClaimSocket&&) = delete;

  // Readable where there is something to drain. Stays the socket's.
  int fd() const { return fd_; }
  void close();

  struct Drained {
    std::vector<Sighting> sightings;
    bool more = false;  // stopped because it was enough for one call
  };
  // At most kHelping frames.
  static constexpr unsigned kHelping = 64;
  Drained drain();

 private:
  ClaimSocket(int fd, IfIndex port) : fd_(fd), port_(port) {}

  int fd_ = -1;
  IfIndex port_;
};

}  // namespace kvtep::rtnl
