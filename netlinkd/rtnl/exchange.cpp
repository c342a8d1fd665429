#include "netlinkd/rtnl/exchange.hpp"

#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace kvtep::rtnl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(10);
constexpr std::size_t kBufferSize = std::size_t{64} << 10;

Result<Socket> open_socket() {
  auto socket = Socket::open(0);
  if (!socket) return socket;
  // Reasons in words; no copy of the request in a refusal; and nothing in a dump request is silently ignored.
  // The last one has been there since Linux 4.20, the others longer.
  if (!socket->set_netlink_option(NETLINK_EXT_ACK) || !socket->set_netlink_option(NETLINK_CAP_ACK) ||
      !socket->set_netlink_option(NETLINK_GET_STRICT_CHK)) {
    return std::unexpected(system_error(errno, "set up a netlink socket"));
  }
  return socket;
}

}  // namespace

Exchange::Exchange(Socket socket) : socket_(std::move(socket)), buffer_(kBufferSize) {}

Result<Exchange> Exchange::open() {
  auto socket = open_socket();
  if (!socket) return std::unexpected(socket.error());
  return Exchange(std::move(*socket));
}

bool Exchange::is_free(std::uint32_t ifindex) const {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(ifindex);
  return ioctl(socket_.fd(), SIOCGIFNAME, &request) != 0 && errno == ENODEV;
}

int Exchange::send(std::span<const std::byte> bytes) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  while (true) {
    const auto sent = sendto(socket_.fd(), bytes.data(), bytes.size(), 0,
                             reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
    if (sent >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

int Exchange::receive(TimePoint deadline, std::span<const std::byte>& datagram) {
  while (true) {
    sockaddr_nl sender{};
    iovec part{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
    msghdr header{};
    header.msg_name = &sender;
    header.msg_namelen = sizeof sender;
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    // The kernel answers while it takes the request: as a rule the answer is there.
    const auto size = recvmsg(socket_.fd(), &header, MSG_DONTWAIT);
    if (size >= 0) {
      if (sender.nl_pid != 0) continue;
      if ((header.msg_flags & MSG_TRUNC) != 0) return EMSGSIZE;
      datagram = {buffer_.data(), static_cast<std::size_t>(size)};
      return 0;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return errno;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return ETIMEDOUT;
    pollfd waiting{.fd = socket_.fd(), .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, static_cast<int>(left)) < 0 && errno != EINTR) return errno;
  }
}

void Exchange::start_afresh() {
  // Where even this fails, the old socket stays; answers of old requests are told by their number.
  if (auto socket = open_socket()) socket_ = std::move(*socket);
}

void Exchange::request(std::span<const std::byte> requests, std::uint32_t first_seq,
                       std::span<Answer> answers) {
  std::vector<bool> is_answered(answers.size());
  const auto give_up = [&](int error) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (!is_answered[i]) answers[i].error = error;
    }
  };
  if (*is_cancelled_) return give_up(ECANCELED);
  // Nothing has gone out then.
  if (const int error = send(requests)) return give_up(error);
  const auto deadline = Clock::now() + kPatience;
  while (!is_answered.back()) {
    std::span<const std::byte> datagram;
    if (const int error = receive(deadline, datagram)) {
      give_up(error);
      return start_afresh();
    }
    while (auto reply = take_reply(datagram)) {
      const std::size_t place = reply->seq - first_seq;
      if (reply->kind != Reply::Kind::Answer || place >= answers.size()) continue;
      answers[place] = {.error = reply->error, .explanation = std::move(reply->explanation)};
      is_answered[place] = true;
    }
  }
}

Result<void> Exchange::dump(std::span<const std::byte> request, std::uint32_t seq, const TakeMessage& take) {
  if (*is_cancelled_) return std::unexpected(system_error(ECANCELED, "dump"));
  if (const int error = send(request)) return std::unexpected(system_error(error, "send a dump request"));
  bool is_interrupted = false;
  std::optional<Error> failure;
  while (true) {
    std::span<const std::byte> datagram;
    if (const int error = receive(Clock::now() + kPatience, datagram)) {
      start_afresh();
      return std::unexpected(system_error(error, "read a dump"));
    }
    if (*is_cancelled_) {
      start_afresh();  // a dump may take a minute, and its rest is of no use
      return std::unexpected(system_error(ECANCELED, "read a dump"));
    }
    while (auto reply = take_reply(datagram)) {
      if (reply->seq != seq) continue;
      is_interrupted |= reply->is_interrupted;
      if (reply->kind == Reply::Kind::Data) {
        // Read to the end even so: the socket is for the next dump too.
        if (failure) continue;
        if (auto taken = take(reply->message); !taken) failure = std::move(taken.error());
        continue;
      }
      if (reply->error != 0)
        return std::unexpected(system_error(reply->error, "dump: " + reply->explanation));
      if (is_interrupted) return std::unexpected(system_error(EINTR, "dump"));
      if (failure) return std::unexpected(std::move(*failure));
      return {};
    }
  }
}

}  // namespace kvtep::rtnl
