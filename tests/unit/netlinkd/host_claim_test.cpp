#include "netlinkd/rtnl/codec/host_claim.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/claims.hpp"

namespace kvtep::rtnl::codec {
namespace {

using testing::ClaimFrame;
using Octets = ClaimFrame::Octets;

constexpr MacAddress kHost{{2, 0, 0, 0, 0, 1}};
const IpAddress kV4 = *IpAddress::parse("10.0.0.1");
const IpAddress kV6 = *IpAddress::parse("2001:db8::1");
constexpr std::size_t kArp = 14;

std::optional<HostClaim> read(const Octets& frame) {
  return read_host_claim(std::as_bytes(std::span(frame)));
}
HostClaim claim(const IpAddress& address) { return {.mac = kHost, .address = address}; }
Octets arp() { return ClaimFrame::arp(kHost, kV4); }
Octets asks() { return ClaimFrame::solicitation(kHost, kV6); }
Octets tells() { return ClaimFrame::advertisement(kHost, kV6); }

TEST(HostClaim, IsReadFromArpRequestsAndReplies) {
  EXPECT_EQ(read(arp()), claim(kV4));
  EXPECT_EQ(read(ClaimFrame::arp(kHost, kV4, 2)), claim(kV4));
}

TEST(HostClaim, IsReadFromSolicitationsAndAdvertisements) {
  EXPECT_EQ(read(asks()), claim(kV6));
  EXPECT_EQ(read(tells()), claim(kV6));
  const auto link_local = *IpAddress::parse("fe80::1");
  EXPECT_EQ(read(ClaimFrame::solicitation(kHost, link_local)), claim(link_local));
}

TEST(HostClaim, OfAnAdvertisementIsItsTargetsAddressWhoeverSendsIt) {
  auto frame = tells();
  frame[ClaimFrame::kIpv6 + 8 + 15] = 0x77;
  ClaimFrame::mend_checksum(frame);
  EXPECT_EQ(read(frame), claim(kV6));
}

TEST(HostClaim, IsReadBehindAnotherOptionAndBeforePadding) {
  auto frame = tells();
  const Octets nonce{14, 1, 1, 2, 3, 4, 5, 6};
  frame.insert(frame.begin() + ClaimFrame::kOption, nonce.begin(), nonce.end());
  frame[ClaimFrame::kIpv6 + 5] = 40;
  ClaimFrame::mend_checksum(frame);
  frame.resize(frame.size() + 20, 0xee);
  EXPECT_EQ(read(frame), claim(kV6));
}

TEST(HostClaim, IsNotInAFrameThatEndsTooEarly) {
  for (const auto& [frame, least] :
       {std::pair(arp(), kArp + 28), {asks(), asks().size()}, {tells(), tells().size()}}) {
    for (std::size_t size = 0; size < least; ++size) {
      EXPECT_FALSE(read(Octets(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)))) << size;
    }
  }
}

TEST(HostClaim, IsOneOfAHostsAddressesOnly) {
  for (const char* address :
       {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"})
    EXPECT_FALSE(read(ClaimFrame::arp(kHost, *IpAddress::parse(address)))) << address;
  for (const char* address : {"::", "::1", "ff02::1", "::ffff:10.0.0.1", "::10.0.0.1"}) {
    EXPECT_FALSE(read(ClaimFrame::solicitation(kHost, *IpAddress::parse(address)))) << address;
    EXPECT_FALSE(read(ClaimFrame::advertisement(kHost, *IpAddress::parse(address)))) << address;
  }
}

// What is spoiled in a frame that is right but for that.
struct Spoiled {
  const char* what;
  Octets (*frame)();
  std::size_t at;
  std::uint8_t value;
  bool has_checksum = true;
};

class SpoiledClaim : public ::testing::TestWithParam<Spoiled> {};

TEST_P(SpoiledClaim, IsNone) {
  const auto& spoiled = GetParam();
  auto frame = spoiled.frame();
  ASSERT_NE(frame.at(spoiled.at), spoiled.value);
  frame.at(spoiled.at) = spoiled.value;
  if (frame[12] == 0x86 && spoiled.has_checksum) ClaimFrame::mend_checksum(frame);
  EXPECT_FALSE(read(frame)) << spoiled.what;
}

constexpr auto kIpv6 = ClaimFrame::kIpv6;
constexpr auto kBody = ClaimFrame::kBody;
constexpr auto kOption = ClaimFrame::kOption;

INSTANTIATE_TEST_SUITE_P(
    Frames, SpoiledClaim,
    ::testing::Values(
        Spoiled{"another protocol", arp, 13, 0x07}, Spoiled{"a source that is a group", arp, 6, 3},
        Spoiled{"no Ethernet", arp, kArp + 1, 6}, Spoiled{"no IPv4", arp, kArp + 2, 9},
        Spoiled{"long MACs", arp, kArp + 4, 8}, Spoiled{"short addresses", arp, kArp + 5, 3},
        Spoiled{"reverse ARP", arp, kArp + 7, 3}, Spoiled{"operation 257", arp, kArp + 6, 1},
        Spoiled{"somebody else's MAC", arp, kArp + 13, 2}, Spoiled{"another version", asks, kIpv6, 0x40},
        Spoiled{"UDP", asks, kIpv6 + 6, 17}, Spoiled{"a router between", asks, kIpv6 + 7, 254},
        Spoiled{"longer than the frame", asks, kIpv6 + 5, 33},
        Spoiled{"much longer than the frame", asks, kIpv6 + 4, 255},
        Spoiled{"a length without the option", asks, kIpv6 + 5, 24},
        Spoiled{"a length within the target", asks, kIpv6 + 5, 23},
        Spoiled{"a wrong checksum", asks, kBody + 3, 0, false},
        Spoiled{"a router solicitation", asks, kBody, 133}, Spoiled{"a code", asks, kBody + 1, 1},
        Spoiled{"a group as the target", asks, kBody + 8, 0xff},
        Spoiled{"an option of length 0", asks, kOption + 1, 0},
        Spoiled{"an option beyond the end", asks, kOption + 1, 2},
        Spoiled{"the other one's option", asks, kOption, 2},
        Spoiled{"somebody else's MAC in the option", asks, kOption + 7, 2},
        Spoiled{"the wrong option in an advertisement", tells, kOption, 1},
        Spoiled{"somebody else's MAC in an advertisement", tells, kOption + 7, 2},
        Spoiled{"an answer to everybody", tells, kBody + 4, 0x60}));

TEST(HostClaim, OfTwoMacsInOneMessageIsNone) {
  auto frame = asks();
  const Octets second{1, 1, 2, 0, 0, 0, 0, 9};
  frame.insert(frame.end(), second.begin(), second.end());
  frame[kIpv6 + 5] = 40;
  ClaimFrame::mend_checksum(frame);
  EXPECT_FALSE(read(frame));
}

TEST(HostClaim, OfTheZeroMacIsNone) { EXPECT_FALSE(read(ClaimFrame::arp({}, kV4))); }

}  // namespace
}  // namespace kvtep::rtnl::codec
