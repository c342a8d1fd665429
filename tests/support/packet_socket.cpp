#include "tests/support/packet_socket.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace kvtep::testing {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Frame make_frame(const MacAddress& source, const std::vector<Tag>& tags) {
  Frame frame(6, 0xff);
  frame.insert(frame.end(), source.bytes.begin(), source.bytes.end());
  const auto put = [&](std::uint16_t value) {
    frame.push_back(static_cast<std::uint8_t>(value >> 8));
    frame.push_back(static_cast<std::uint8_t>(value));
  };
  for (const auto& tag : tags) {
    put(tag.protocol);
    put(tag.vlan);
  }
  put(0x88b5);
  frame.resize(std::max<std::size_t>(frame.size(), 64));
  return frame;
}

PacketSocket::PacketSocket(const std::string& device) : fd_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) fail("open a packet socket");
  const int one = 1;
  setsockopt(fd_, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
  if (bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close(fd_);
    errno = error;
    fail("listen on " + device);
  }
}

PacketSocket::~PacketSocket() {
  if (fd_ >= 0) close(fd_);
}

PacketSocket::PacketSocket(PacketSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

void PacketSocket::send(const Frame& frame) {
  if (::send(fd_, frame.data(), frame.size(), 0) < 0) fail("send a frame");
}

std::optional<MacAddress> PacketSocket::receive(std::chrono::milliseconds patience) {
  pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
  std::array<std::uint8_t, 2048> frame{};
  const auto size = recv(fd_, frame.data(), frame.size(), MSG_DONTWAIT);
  if (size < ETH_HLEN) return std::nullopt;
  MacAddress source;
  std::copy_n(frame.begin() + 6, 6, source.bytes.begin());
  return source;
}

}  // namespace kvtep::testing
