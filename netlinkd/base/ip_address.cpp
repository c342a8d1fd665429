#include "netlinkd/base/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <ostream>

namespace kvtep {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  Ipv4Bytes v4;
  if (inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) return IpAddress{v4};
  Ipv6Bytes v6;
  if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return IpAddress{v6};
  return std::nullopt;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  std::visit(
      [&](const auto& raw) {
        inet_ntop(raw.size() == 4 ? AF_INET : AF_INET6, raw.data(), text, sizeof text);
      },
      bytes);
  return text;
}

bool IpAddress::is_host() const {
  return std::visit(
      [](const auto& raw) {
        const bool unspecified = std::ranges::all_of(raw, [](std::uint8_t byte) { return byte == 0; });
        const bool group = raw.size() == 4 ? raw[0] >= 224 : raw[0] == 0xff;
        return !unspecified && !group;
      },
      bytes);
}

bool IpAddress::can_end_tunnel() const {
  if (!is_host()) return false;
  const auto* v6 = std::get_if<Ipv6Bytes>(&bytes);
  if (v6 == nullptr) return true;
  const bool link_local = (*v6)[0] == 0xfe && ((*v6)[1] & 0xc0) == 0x80;
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return !link_local && !std::equal(kMapped.begin(), kMapped.end(), v6->begin());
}

std::ostream& operator<<(std::ostream& out, const IpAddress& address) { return out << address.to_string(); }

}  // namespace kvtep
