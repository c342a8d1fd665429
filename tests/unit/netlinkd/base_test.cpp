#include <gtest/gtest.h>

#include "netlinkd/base/glob.hpp"
#include "netlinkd/base/ids.hpp"
#include "netlinkd/base/ip_address.hpp"
#include "netlinkd/base/mac_address.hpp"

namespace kvtep {
namespace {

TEST(MacAddress, IsReadInEitherCaseAndWrittenInLowerCase) {
  const auto mac = MacAddress::parse("00:1A:2b:3C:4d:5E");
  ASSERT_TRUE(mac);
  EXPECT_EQ(mac->to_string(), "00:1a:2b:3c:4d:5e");
  EXPECT_FALSE(mac->is_group());
  EXPECT_TRUE(MacAddress::parse("01:00:5e:00:00:01")->is_group());
  EXPECT_TRUE(MacAddress{}.is_zero());
}

TEST(MacAddress, RefusesEveryOtherText) {
  for (const char* text :
       {"", "unknown-dst", "00:00:00:00:aa:1", "00:00:00:00:aa:01 ", "00-00-00-00-aa-01", "00:00:00:00:aa:0g",
        "00:00:00:00:aa:01:02", "0x:00:00:00:aa:01", "+0:00:00:00:aa:01", "00:00:00:00:aa:01 10.0.0.1"}) {
    EXPECT_FALSE(MacAddress::parse(text)) << text;
  }
}

TEST(IpAddress, ReadsBothFamiliesAndNothingElse) {
  EXPECT_EQ(IpAddress::parse("192.168.1.10")->to_string(), "192.168.1.10");
  EXPECT_EQ(IpAddress::parse("2001:DB8:0:0::1")->to_string(), "2001:db8::1");
  for (const char* text : {"", "10.0.0", "10.0.0.256", "10.0.0.1/24", "fe80::1%eth0", "host", " 10.0.0.1"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("10.0.0.1\0x", 10)));
}

TEST(IpAddress, KnowsWhatNoTunnelCanEndAt) {
  for (const char* text : {"10.0.0.1", "2001:db8::1", "fd00::1", "::2"}) {
    EXPECT_TRUE(IpAddress::parse(text)->can_end_tunnel()) << text;
  }
  for (const char* text : {"fe80::1", "febf::1", "::ffff:10.0.0.1"}) {
    EXPECT_TRUE(IpAddress::parse(text)->is_host()) << text;
    EXPECT_FALSE(IpAddress::parse(text)->can_end_tunnel()) << text;
  }
  for (const char* text : {"0.0.0.0", "239.1.1.1", "255.255.255.255", "::", "ff02::1"}) {
    EXPECT_FALSE(IpAddress::parse(text)->is_host()) << text;
    EXPECT_FALSE(IpAddress::parse(text)->can_end_tunnel()) << text;
  }
}

TEST(Vni, IsAnyKeyOfTwentyFourBitsButZero) {
  EXPECT_EQ(Vni::from_key(1), Vni{1});
  EXPECT_EQ(Vni::from_key(0xffffff), Vni{0xffffff});
  for (const std::int64_t key :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{0x1000000}, std::int64_t{100'000'000'000}}) {
    EXPECT_FALSE(Vni::from_key(key)) << key;
  }
}

TEST(VlanId, IsAnyKeyButTheReservedOne) {
  EXPECT_EQ(VlanId::from_key(0), kUntagged);
  EXPECT_EQ(VlanId::from_key(4094), VlanId{4094});
  EXPECT_FALSE(VlanId::from_key(4095));
  EXPECT_FALSE(VlanId::from_key(-1));
}

TEST(Glob, MatchesWholeNames) {
  EXPECT_TRUE(matches_any({"swp*", "eth0"}, "swp12"));
  EXPECT_TRUE(matches_any({"swp*", "eth0"}, "eth0"));
  EXPECT_FALSE(matches_any({"swp*", "eth0"}, "eth01"));
  EXPECT_FALSE(matches_any({}, "eth0"));
}

}  // namespace
}  // namespace kvtep
