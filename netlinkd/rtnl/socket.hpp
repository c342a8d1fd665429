// One NETLINK_ROUTE socket: opened, bound, configured, closed. Private to the room.
#pragma once

#include <libmnl/libmnl.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "netlinkd/base/error.hpp"

namespace kvtep::rtnl {

class Socket {
 public:
  // `flags` as for socket(2): SOCK_NONBLOCK or 0.
  static Result<Socket> open(int flags);

  int fd() const { return mnl_socket_get_fd(handle_.get()); }
  std::uint32_t port_id() const { return mnl_socket_get_portid(handle_.get()); }
  // False where the kernel does not know the option, or the value.
  bool set_option(int level, int option, int value);
  bool set_netlink_option(int option, int value = 1);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  explicit Socket(mnl_socket* handle) : handle_(handle) {}
  std::unique_ptr<mnl_socket, Close> handle_;
};

}  // namespace kvtep::rtnl
