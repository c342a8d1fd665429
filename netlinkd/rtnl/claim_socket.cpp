#include "netlinkd/rtnl/claim_socket.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "netlinkd/rtnl/codec/host_claim.hpp"

namespace kvtep::rtnl {
namespace {

// A few hundred frames: enough for a rack that boots, and no more than that of a flood is ever queued.
constexpr int kReceiveBuffer = 128 << 10;
constexpr std::size_t kLongestFrame = 1522;  // Neighbor Discovery is not fragmented (RFC 6980)

bool set_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

// The tag that the kernel took out of the frame, or VLAN 0; nothing where it is no tag of a VLAN.
std::optional<VlanId> vlan_of(msghdr& message) {
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_PACKET || part->cmsg_type != PACKET_AUXDATA) continue;
    tpacket_auxdata beside{};
    std::memcpy(&beside, CMSG_DATA(part), sizeof beside);
    if ((beside.tp_status & TP_STATUS_VLAN_VALID) == 0) return kUntagged;
    const std::uint16_t vlan = beside.tp_vlan_tci & 0xfff;
    if (vlan == 0) return std::nullopt;  // a priority tag: such frames are dropped
    return VlanId::from_key(vlan);
  }
  return std::nullopt;
}

}  // namespace

Result<ClaimSocket> ClaimSocket::open(IfIndex port) {
  const auto failed = [&](const char* what) {
    return std::unexpected(
        system_error(errno, fmt::format("{} to hear ARP on the device with index {}", what, port.value)));
  };
  // Protocol 0: it hears nothing until it is bound, with its filter in place.
  ClaimSocket made(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), port);
  if (made.fd_ < 0) return failed("open a packet socket");
  const auto filter = codec::host_claim_filter();
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = const_cast<sock_filter*>(filter.data())};
  if (setsockopt(made.fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0 ||
      !set_option(made.fd_, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) ||
      !set_option(made.fd_, SOL_PACKET, PACKET_AUXDATA, 1) ||
      !set_option(made.fd_, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer)) {
    return failed("configure a packet socket");
  }
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(port.value);
  if (bind(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failed("bind a packet socket");
  }
  return made;
}

ClaimSocket::~ClaimSocket() { close(); }

void ClaimSocket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

ClaimSocket::ClaimSocket(ClaimSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), port_(other.port_) {}

ClaimSocket::Drained ClaimSocket::drain() {
  Drained drained;
  std::array<std::byte, kLongestFrame> frame;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(tpacket_auxdata))> beside;
  for (unsigned taken = 0; taken < kHelping; ++taken) {
    iovec part{.iov_base = frame.data(), .iov_len = frame.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = beside.data();
    message.msg_controllen = beside.size();
    const auto size = recvmsg(fd_, &message, 0);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return drained;
    if (size < 0 || (message.msg_flags & MSG_TRUNC) != 0) continue;  // ENETDOWN, once each time
    const auto vlan = vlan_of(message);
    const auto claim = codec::read_host_claim(codec::Bytes(frame).first(static_cast<std::size_t>(size)));
    if (!vlan || !claim) continue;
    drained.sightings.push_back({.port = port_, .vlan = *vlan, .mac = claim->mac, .address = claim->address});
  }
  drained.more = true;
  return drained;
}

}  // namespace kvtep::rtnl
