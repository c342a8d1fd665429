#include "netlinkd/rtnl/monitor.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <utility>

#include "netlinkd/rtnl/codec/attributes.hpp"
#include "netlinkd/rtnl/codec/decode.hpp"
#include "netlinkd/rtnl/codec/decode_groups.hpp"
#include "netlinkd/rtnl/codec/own_devices.hpp"
#include "netlinkd/rtnl/socket.hpp"

namespace kvtep::rtnl {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMessageLimit = 4096;  // a call of drain()
// The kernel's notifications stay within a page or two; a device with hundreds of names may take more.
constexpr std::size_t kBufferSize = std::size_t{16} << 10;

// Neighbours of other devices than ours stay out of the queue: there may be many, and they only take room.
// One byte tells: the highest of the device's number.
int drop_other_neighbours(int fd) {
  // BPF loads big-endian what is in the host's order there.
  constexpr std::uint32_t kType = 4;
  constexpr std::uint32_t kFamily = NLMSG_HDRLEN;
  constexpr std::uint32_t kDevice = NLMSG_HDRLEN + offsetof(ndmsg, ndm_ifindex);
  constexpr std::uint32_t kHighest = std::endian::native == std::endian::little ? kDevice + 3 : kDevice;
  static_assert((codec::kFirstOwnIndex & 0xffffff) == 0);
  std::array<sock_filter, 11> program{{
      {.code = BPF_LD | BPF_H | BPF_ABS, .jt = 0, .jf = 0, .k = kType},
      {.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = 1, .jf = 0, .k = htons(RTM_NEWNEIGH)},
      {.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = 0, .jf = 6, .k = htons(RTM_DELNEIGH)},
      {.code = BPF_LD | BPF_B | BPF_ABS, .jt = 0, .jf = 0, .k = kFamily},
      {.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = 4, .jf = 0, .k = AF_BRIDGE},
      {.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = 1, .jf = 0, .k = AF_INET},
      {.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = 0, .jf = 3, .k = AF_INET6},
      {.code = BPF_LD | BPF_B | BPF_ABS, .jt = 0, .jf = 0, .k = kHighest},
      {.code = BPF_JMP | BPF_JGE | BPF_K, .jt = 0, .jf = 1, .k = codec::kFirstOwnIndex >> 24},
      {.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = UINT_MAX},
      {.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0},
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

}  // namespace

class Monitor::Impl {
 public:
  explicit Impl(Socket socket) : socket_(std::move(socket)), buffers_(kBatch * kBufferSize) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts_[i] = {.iov_base = buffers_.data() + i * kBufferSize, .iov_len = kBufferSize};
    }
  }

  int fd() const { return socket_.fd(); }

  Drained drain() {
    Drained drained;
    for (std::size_t taken = 0; taken < kMessageLimit;) {
      const int count = receive();
      if (count > 0) {
        for (int i = 0; i < count; ++i) take(static_cast<std::size_t>(i), drained.events);
        taken += static_cast<std::size_t>(count);
      } else if (count == -EAGAIN || count == -EWOULDBLOCK) {
        if (std::exchange(has_lost_, false)) drained.events.emplace_back(Overrun{});
        return drained;
      } else if (count != -EINTR) {
        // ENOBUFS, said once for a whole series of losses. Anything else on this socket is a loss as well.
        has_lost_ = true;
      }
      taken += count <= 0 ? 1 : 0;  // no error can keep this loop for ever
    }
    drained.more = true;
    return drained;
  }

 private:
  int receive() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      messages_[i] = {};
      messages_[i].msg_hdr.msg_name = &senders_[i];
      messages_[i].msg_hdr.msg_namelen = sizeof senders_[i];
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = recvmmsg(socket_.fd(), messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
    return count < 0 ? -errno : count;
  }

  void take(std::size_t i, std::vector<KernelEvent>& events) {
    if (senders_[i].nl_pid != 0) return;  // not the kernel
    if ((messages_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      has_lost_ = true;
      return;
    }
    codec::Bytes rest(static_cast<const std::byte*>(parts_[i].iov_base), messages_[i].msg_len);
    while (rest.size() >= NLMSG_HDRLEN) {
      const auto header = codec::read_as<nlmsghdr>(rest);
      if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > rest.size()) break;
      take_message(rest.first(header.nlmsg_len), events);
      rest = rest.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), rest.size()));
    }
    if (!rest.empty()) has_lost_ = true;
  }

  void take_message(codec::Bytes message, std::vector<KernelEvent>& events) {
    if (codec::is_about_groups(message)) {
      if (auto told = codec::decode_groups(message)) {
        events.insert(events.end(), told->begin(), told->end());
      } else {
        has_lost_ = true;
      }
      return;
    }
    auto event = codec::decode(message);
    if (!event) {
      has_lost_ = true;
    } else if (auto& told = *event) {
      events.push_back(std::move(*told));
    }
  }

  Socket socket_;
  bool has_lost_ = false;
  std::vector<std::byte> buffers_;
  std::array<iovec, kBatch> parts_{};
  std::array<sockaddr_nl, kBatch> senders_{};
  std::array<mmsghdr, kBatch> messages_{};
};

Result<Monitor> Monitor::open(const Options& options) {
  auto socket = Socket::open(SOCK_NONBLOCK);
  if (!socket) return std::unexpected(socket.error());
  const int size = static_cast<int>(std::min<std::size_t>(options.receive_buffer, INT_MAX / 2));
  if (!socket->set_option(SOL_SOCKET, SO_RCVBUFFORCE, size) &&
      !socket->set_option(SOL_SOCKET, SO_RCVBUF, size)) {
    return std::unexpected(system_error(errno, "set the receive buffer of a netlink socket"));
  }
  if (drop_other_neighbours(socket->fd()) != 0) {
    return std::unexpected(system_error(errno, "filter the notifications of a netlink socket"));
  }
  for (const int group : {RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_TC, RTNLGRP_MDB, RTNLGRP_NEXTHOP}) {
    // A kernel before 5.3 has no nexthops.
    if (!socket->set_netlink_option(NETLINK_ADD_MEMBERSHIP, group) && group != RTNLGRP_NEXTHOP) {
      return std::unexpected(system_error(errno, "subscribe to the kernel's notifications"));
    }
  }
  return Monitor(std::make_unique<Impl>(std::move(*socket)));
}

Result<Monitor> Monitor::open() { return open(Options{}); }

Monitor::Monitor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Monitor::~Monitor() = default;
Monitor::Monitor(Monitor&&) noexcept = default;
Monitor& Monitor::operator=(Monitor&&) noexcept = default;

int Monitor::fd() const { return impl_->fd(); }
Drained Monitor::drain() { return impl_->drain(); }

}  // namespace kvtep::rtnl
