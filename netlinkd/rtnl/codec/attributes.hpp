// Reading netlink attributes (struct nlattr) without trusting a single length. A wrong one is remembered, not
// acted on: what is read then is empty, and the message is refused in the end.
#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "netlinkd/base/ip_address.hpp"
#include "netlinkd/base/mac_address.hpp"

namespace kvtep::rtnl::codec {

using Bytes = std::span<const std::byte>;

// Copies, so that alignment does not matter. `bytes` holds at least a T.
template <class T>
T read_as(Bytes bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

class Attributes {
 public:
  // `malformed` outlives this; it is set where something does not fit.
  Attributes(Bytes bytes, bool& malformed) : malformed_(&malformed) {
    while (!bytes.empty()) {
      if (bytes.size() < sizeof(nlattr)) break;
      const auto header = read_as<nlattr>(bytes);
      if (header.nla_len < sizeof(nlattr) || header.nla_len > bytes.size()) break;
      const unsigned type = header.nla_type & NLA_TYPE_MASK;
      if (type < payloads_.size())
        payloads_[type] = bytes.subspan(sizeof(nlattr), header.nla_len - sizeof(nlattr));
      const std::size_t step = NLA_ALIGN(header.nla_len);
      bytes = bytes.subspan(std::min(step, bytes.size()));  // the last one need not be padded
    }
    if (!bytes.empty()) fail();
  }

  bool has(unsigned type) const { return payloads_.at(type).data() != nullptr; }
  Bytes bytes(unsigned type) const { return payloads_.at(type); }

  // The value, or nothing where there is no such attribute.
  template <class T>
  std::optional<T> number(unsigned type) const {
    if (!has(type)) return std::nullopt;
    if (bytes(type).size() != sizeof(T)) return fail(), std::nullopt;
    return read_as<T>(bytes(type));
  }
  // From network byte order.
  std::optional<std::uint16_t> port(unsigned type) const {
    const auto raw = number<std::array<std::uint8_t, 2>>(type);
    if (!raw) return std::nullopt;
    return static_cast<std::uint16_t>((*raw)[0] << 8 | (*raw)[1]);
  }
  bool flag(unsigned type) const { return number<std::uint8_t>(type).value_or(0) != 0; }

  // Up to the terminating zero, if there is one.
  std::string_view text(unsigned type) const {
    const auto raw = bytes(type);
    if (raw.empty()) return {};
    const auto* start = reinterpret_cast<const char*>(raw.data());
    return {start, strnlen(start, raw.size())};
  }
  std::optional<MacAddress> mac(unsigned type) const {
    const auto raw = number<std::array<std::uint8_t, 6>>(type);
    return raw ? std::optional(MacAddress{*raw}) : std::nullopt;
  }
  // Either family, told by the length.
  std::optional<IpAddress> address(unsigned type) const {
    if (!has(type)) return std::nullopt;
    if (bytes(type).size() == sizeof(Ipv4Bytes)) return IpAddress{read_as<Ipv4Bytes>(bytes(type))};
    if (bytes(type).size() == sizeof(Ipv6Bytes)) return IpAddress{read_as<Ipv6Bytes>(bytes(type))};
    return fail(), std::nullopt;
  }
  Attributes nested(unsigned type) const { return {bytes(type), *malformed_}; }

 private:
  void fail() const { *malformed_ = true; }

  // Of the higher ones (IFLA_MAX grows with every kernel) none is read here.
  std::array<Bytes, 64> payloads_{};
  bool* malformed_;
};

}  // namespace kvtep::rtnl::codec
