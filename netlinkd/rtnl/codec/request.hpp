// One request under construction: a header, a family's own header, attributes (libmnl).
#pragma once

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <variant>
#include <vector>

#include "netlinkd/base/ip_address.hpp"
#include "netlinkd/base/mac_address.hpp"

namespace kvtep::rtnl::codec {

class Request {
 public:
  Request(std::uint16_t type, unsigned flags, std::uint32_t seq)
      : header_(mnl_nlmsg_put_header(bytes_.data())) {
    header_->nlmsg_type = type;
    header_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header_->nlmsg_seq = seq;
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // The family's header: zeroes, to be filled in.
  template <class Header>
  Header& family_header() {
    return *static_cast<Header*>(mnl_nlmsg_put_extra_header(header_, sizeof(Header)));
  }

  void put_u8(unsigned type, std::uint8_t value) { put_bytes(type, &value, sizeof value); }
  void put_u16(unsigned type, std::uint16_t value) { put_bytes(type, &value, sizeof value); }
  void put_u32(unsigned type, std::uint32_t value) { put_bytes(type, &value, sizeof value); }
  void put_text(unsigned type, std::string_view text) { put_bytes(type, text.data(), text.size()); }
  // For what the kernel reads as a C string (TCA_KIND).
  template <std::size_t N>
  void put_zero_terminated(unsigned type, const char (&text)[N]) {
    put_bytes(type, text, N);
  }
  void put_bytes(unsigned type, const void* data, std::size_t size) {
    // libmnl leaves the padding as it is, and this buffer begins as anything.
    auto* tail = static_cast<std::byte*>(mnl_nlmsg_get_payload_tail(header_));
    std::memset(tail + MNL_ATTR_HDRLEN + size, 0, MNL_ALIGN(size) - size);
    mnl_attr_put(header_, narrow(type), size, data);
  }
  void put_mac(unsigned type, const MacAddress& mac) { put_bytes(type, mac.bytes.data(), mac.bytes.size()); }
  void put_address(unsigned type, const IpAddress& address) {
    std::visit([&](const auto& raw) { put_bytes(type, raw.data(), raw.size()); }, address.bytes);
  }
  // Everything that `fill` puts is inside the attribute.
  template <class Fill>
  void nest(unsigned type, Fill fill) {
    nlattr* start = mnl_attr_nest_start(header_, narrow(type));
    fill();
    mnl_attr_nest_end(header_, start);
  }

  void append_to(std::vector<std::byte>& buffer) const {
    // Lengths are multiples of 4 already: libmnl pads each attribute.
    buffer.insert(buffer.end(), bytes_.data(), bytes_.data() + header_->nlmsg_len);
  }

 private:
  static std::uint16_t narrow(unsigned type) { return static_cast<std::uint16_t>(type); }

  // The longest, a tag filter's, takes 3.5 KiB; texts were checked before.
  alignas(nlmsghdr) std::array<std::byte, 8192> bytes_;
  nlmsghdr* header_;
};

}  // namespace kvtep::rtnl::codec
