#include "netlinkd/rtnl/suppression.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace kvtep::rtnl {
namespace {

using Frame = std::array<std::uint8_t, ETH_ZLEN>;

// A broadcast request, from and for addresses that are nobody's (RFC 5737); a probe has no sender.
Frame arp_request(bool is_probe) {
  Frame frame{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x06, 0, 0, 0, 0, 2, 0x08, 0x06,        // Ethernet
              0,    1,    0x08, 0,    6,    4,    0,    1,                                // a request
              0x06, 0,    0,    0,    0,    2,    192,  0, 2, 2, 0, 0, 0,    0,    0, 0,  // sender, target
              192,  0,    2,    3};
  constexpr std::size_t kSender = ETH_HLEN + 14;
  if (is_probe) std::memset(frame.data() + kSender, 0, 4);
  return frame;
}

// A packet socket of the device's: what is sent by it, and what others send by it.
class DeviceSocket {
 public:
  explicit DeviceSocket(IfIndex device)
      : fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL))) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(device.value);
    is_bound_ = fd_ >= 0 && bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~DeviceSocket() {
    if (fd_ >= 0) ::close(fd_);
  }
  DeviceSocket(const DeviceSocket&) = delete;
  DeviceSocket& operator=(const DeviceSocket&) = delete;

  bool is_bound() const { return is_bound_; }
  bool send(const Frame& frame) { return ::send(fd_, frame.data(), frame.size(), 0) == ETH_ZLEN; }
  bool receive(Frame& frame) { return recv(fd_, frame.data(), frame.size(), 0) == ETH_ZLEN; }

 private:
  int fd_;
  bool is_bound_ = false;
};

}  // namespace

Result<bool> lets_probes_pass(IfIndex bridge, IfIndex port) {
  constexpr auto kWhat = "look whether ARP probes pass a bridge";
  DeviceSocket speaker(bridge);
  DeviceSocket listener(port);
  const auto probe = arp_request(true);
  const auto request = arp_request(false);
  if (!speaker.is_bound() || !listener.is_bound() || !speaker.send(probe) || !speaker.send(request))
    return std::unexpected(system_error(errno, kWhat));
  // A bridge is done with a frame when send() returns.
  bool has_probe = false;
  bool has_request = false;
  for (Frame frame; listener.receive(frame);) {
    has_probe = has_probe || frame == probe;
    has_request = has_request || frame == request;
  }
  if (!has_request) return std::unexpected(system_error(ENETUNREACH, kWhat));
  return has_probe;
}

}  // namespace kvtep::rtnl
