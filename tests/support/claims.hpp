// Frames in which a host says which address is its own: ARP and Neighbor Discovery, in good form, so that a
// test can spoil one thing at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netlinkd/base/ip_address.hpp"
#include "netlinkd/base/mac_address.hpp"

namespace kvtep::testing {

class ClaimFrame {
 public:
  using Octets = std::vector<std::uint8_t>;

  // RFC 826; operation 1 asks, 2 answers.
  static Octets arp(const MacAddress& source, const IpAddress& sender, std::uint8_t operation = 1) {
    ClaimFrame frame(source, {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, 0x0806);
    frame.put({0, 1, 8, 0, 6, 4, 0, operation});
    frame.put(source.bytes);
    frame.put(std::get<Ipv4Bytes>(sender.bytes));
    frame.put({0, 0, 0, 0, 0, 0, 10, 0, 0, 254});
    frame.octets_.resize(60);
    return frame.octets_;
  }

  // RFC 4861 section 4.3, to the solicited-node group; option 1.
  static Octets solicitation(const MacAddress& source, const IpAddress& sender) {
    return discovery(source, sender, *IpAddress::parse("2001:db8::fe"), 135, 0, 1);
  }
  // Section 4.4, unsolicited, to all nodes; option 2.
  static Octets advertisement(const MacAddress& source, const IpAddress& target) {
    return discovery(source, target, target, 136, 0x20, 2);
  }

  // Where things are in those frames.
  static constexpr std::size_t kIpv6 = 14;
  static constexpr std::size_t kBody = 54;
  static constexpr std::size_t kOption = 78;

  // Once more after a change.
  static void mend_checksum(Octets& frame) {
    frame.at(kBody + 2) = frame.at(kBody + 3) = 0;
    std::uint32_t sum = 58 + static_cast<std::uint32_t>(frame.size() - kBody);
    for (std::size_t i = kIpv6 + 8; i < frame.size(); i += 2) {
      sum += static_cast<std::uint32_t>(frame[i]) << 8;
      if (i + 1 < frame.size()) sum += frame[i + 1];
    }
    while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
    frame.at(kBody + 2) = static_cast<std::uint8_t>(~sum >> 8);
    frame.at(kBody + 3) = static_cast<std::uint8_t>(~sum);
  }

  // With an 802.1Q tag.
  static Octets tagged(Octets frame, std::uint16_t vlan, std::uint16_t protocol = 0x8100) {
    const Octets tag{static_cast<std::uint8_t>(protocol >> 8), static_cast<std::uint8_t>(protocol),
                     static_cast<std::uint8_t>(vlan >> 8), static_cast<std::uint8_t>(vlan)};
    frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    return frame;
  }

 private:
  ClaimFrame(const MacAddress& source, const MacAddress& destination, std::uint16_t type) {
    put(destination.bytes);
    put(source.bytes);
    put({static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type)});
  }

  static Octets discovery(const MacAddress& source, const IpAddress& sender, const IpAddress& target,
                          std::uint8_t type, std::uint8_t flags, std::uint8_t option) {
    ClaimFrame frame(source, {{0x33, 0x33, 0, 0, 0, 1}}, 0x86dd);
    frame.put({0x60, 0, 0, 0, 0, 32, 58, 255});
    frame.put(std::get<Ipv6Bytes>(sender.bytes));
    frame.put(std::get<Ipv6Bytes>(IpAddress::parse("ff02::1")->bytes));
    frame.put({type, 0, 0, 0, flags, 0, 0, 0});
    frame.put(std::get<Ipv6Bytes>(target.bytes));
    frame.put({option, 1});
    frame.put(source.bytes);
    mend_checksum(frame.octets_);
    return frame.octets_;
  }

  void put(std::initializer_list<std::uint8_t> octets) {
    octets_.insert(octets_.end(), octets.begin(), octets.end());
  }
  template <std::size_t Size>
  void put(const std::array<std::uint8_t, Size>& octets) {
    octets_.insert(octets_.end(), octets.begin(), octets.end());
  }

  Octets octets_;
};

}  // namespace kvtep::testing
