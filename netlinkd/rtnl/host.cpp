#include "netlinkd/rtnl/host.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <set>
#include <string>

namespace kvtep::rtnl {
namespace {

constexpr std::size_t kMostPaths = 1000;  // some 20 microseconds each

bool is_on(const std::string& sysctl) {
  std::ifstream file("/proc/sys/net/bridge/" + sysctl);
  int value = 0;
  return file >> value && value != 0;
}

// IP_MTU of a socket that is connected: nothing is sent.
std::optional<std::uint32_t> path_mtu(const IpAddress& to) {
  const int family = to.is_v4() ? AF_INET : AF_INET6;
  const int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(family);
  auto* raw = reinterpret_cast<char*>(&address);
  const auto place = to.is_v4() ? offsetof(sockaddr_in, sin_addr) : offsetof(sockaddr_in6, sin6_addr);
  inet_pton(family, to.to_string().c_str(), raw + place);
  const std::uint16_t port = htons(4789);
  std::memcpy(raw + offsetof(sockaddr_in, sin_port), &port, sizeof port);
  const auto size = static_cast<socklen_t>(to.is_v4() ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  int mtu = 0;
  socklen_t length = sizeof mtu;
  const bool known = connect(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                     getsockopt(fd, to.is_v4() ? IPPROTO_IP : IPPROTO_IPV6, to.is_v4() ? IP_MTU : IPV6_MTU,
                                &mtu, &length) == 0;
  close(fd);
  return known && mtu > 0 ? std::optional(static_cast<std::uint32_t>(mtu)) : std::nullopt;
}

}  // namespace

Host read_host(const Snapshot& snapshot) {
  Host host;
  for (const auto* sysctl :
       {"bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"}) {
    host.firewall_sees_bridges = host.firewall_sees_bridges || is_on(sysctl);
  }
  std::set<IpAddress> seen;
  for (const auto& event : snapshot.events) {
    const auto* entry = std::get_if<VxlanEntryChanged>(&event);
    if (entry == nullptr || !entry->entry.destination.address || seen.size() >= kMostPaths) continue;
    const auto& to = *entry->entry.destination.address;
    if (!seen.insert(to).second) continue;
    const auto mtu = path_mtu(to);
    if (mtu && (!host.narrowest_path || *mtu < host.narrowest_path->mtu))
      host.narrowest_path = Path{to, *mtu};
  }
  return host;
}

void have_ipv6_for_neighbours(const std::string& bridge) {
  const auto place = "/proc/sys/net/ipv6/conf/" + bridge;
  std::ofstream(place + "/accept_ra") << "0";
  std::ofstream(place + "/disable_ipv6") << "0";
}

}  // namespace kvtep::rtnl
