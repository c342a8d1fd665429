#include "netlinkd/rtnl/socket.hpp"

#include <linux/netlink.h>

#include <cerrno>
#include <utility>

namespace kvtep::rtnl {

Result<Socket> Socket::open(int flags) {
  mnl_socket* handle = mnl_socket_open2(NETLINK_ROUTE, flags | SOCK_CLOEXEC);
  if (handle == nullptr) return std::unexpected(system_error(errno, "open a netlink socket"));
  Socket socket(handle);
  // libmnl asks for the port id that the kernel chose (getsockname).
  if (mnl_socket_bind(handle, 0, MNL_SOCKET_AUTOPID) != 0) {
    return std::unexpected(system_error(errno, "bind a netlink socket"));
  }
  return socket;
}

bool Socket::set_option(int level, int option, int value) {
  return setsockopt(fd(), level, option, &value, sizeof value) == 0;
}

bool Socket::set_netlink_option(int option, int value) { return set_option(SOL_NETLINK, option, value); }

}  // namespace kvtep::rtnl
