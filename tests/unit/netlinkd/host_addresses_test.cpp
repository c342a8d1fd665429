#include "netlinkd/agent/host_addresses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rows.hpp"

namespace kvtep::agent {
namespace {

using kvtep::testing::ip;
using kvtep::testing::mac;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

class Addresses : public ::testing::Test {
 protected:
  using Host = HostAddresses::Host;

  // The hosts whose published address changed.
  HostAddresses::Changed saw(const Host& host, const char* address) {
    HostAddresses::Changed changed;
    table.saw(place, host, ip(address), now, changed);
    return changed;
  }
  std::string published(const Host& host) const {
    const auto address = table.published(host);
    return address ? address->to_string() : "";
  }

  HostAddresses table{4};
  const Host a{Vni{100}, mac("02:00:00:00:00:0a")};
  const Host b{Vni{100}, mac("02:00:00:00:00:0b")};
  const Host elsewhere{Vni{200}, mac("02:00:00:00:00:0a")};
  Place place{IfIndex{2}, kUntagged};
  TimePoint now{};
};

TEST_F(Addresses, AreUnknownUntilTheHostSpeaks) {
  EXPECT_FALSE(table.published(a));
  EXPECT_THAT(saw(a, "10.0.0.1"), ElementsAre(Key(a)));
  EXPECT_EQ(published(a), "10.0.0.1");
  EXPECT_EQ(published(b), "");
  EXPECT_EQ(published(elsewhere), "") << "another switch, another host";
}

TEST_F(Addresses, ThatChangeAreToldWithTheOneBeforeTheFirstChange) {
  saw(a, "10.0.0.1");
  HostAddresses::Changed changed;
  for (const char* address : {"10.0.0.2", "10.0.0.3"}) table.saw(place, a, ip(address), now, changed);
  table.saw(place, b, ip("10.0.0.3"), now, changed);
  EXPECT_EQ(changed, (HostAddresses::Changed{{a, ip("10.0.0.1")}, {b, std::nullopt}}));
}

TEST_F(Addresses, HeardAgainChangeNothing) {
  saw(a, "10.0.0.1");
  EXPECT_THAT(saw(a, "10.0.0.1"), IsEmpty());
  EXPECT_EQ(table.size(), 1U);
}

TEST_F(Addresses, OfIpv4ArePublishedBeforeThoseOfIpv6AndLinkLocalOnesLast) {
  EXPECT_THAT(saw(a, "fe80::1"), ElementsAre(Key(a)));
  EXPECT_THAT(saw(a, "2001:db8::1"), ElementsAre(Key(a)));
  EXPECT_EQ(published(a), "2001:db8::1");
  EXPECT_THAT(saw(a, "fe80::2"), IsEmpty());
  EXPECT_THAT(saw(a, "10.0.0.1"), ElementsAre(Key(a)));
  EXPECT_THAT(saw(a, "2001:db8::2"), IsEmpty());
  EXPECT_EQ(published(a), "10.0.0.1");
}

TEST_F(Addresses, ThatAreNewTakeThePlaceOfTheOldOnesAtOnce) {
  saw(a, "10.0.0.1");
  EXPECT_THAT(saw(a, "10.0.0.2"), ElementsAre(Key(a)));
  EXPECT_EQ(published(a), "10.0.0.2");
}

TEST_F(Addresses, OfWhichAHostHasTwoDoNotTakeTurns) {
  saw(a, "10.0.0.1");
  saw(a, "10.0.0.2");
  for (int i = 0; i < 100; ++i) {
    now += 20s;
    EXPECT_THAT(saw(a, "10.0.0.1"), IsEmpty());
    EXPECT_THAT(saw(a, "10.0.0.2"), IsEmpty());
  }
  EXPECT_EQ(published(a), "10.0.0.2");
}

TEST_F(Addresses, ThatAHostTakesUpAgainAreBackWhenTheOtherIsSilent) {
  saw(a, "10.0.0.1");
  saw(a, "10.0.0.2");
  now += 59s;
  EXPECT_THAT(saw(a, "10.0.0.1"), IsEmpty());
  now += 1s;
  EXPECT_THAT(saw(a, "10.0.0.1"), ElementsAre(Key(a)));
  EXPECT_EQ(published(a), "10.0.0.1");
}

TEST_F(Addresses, LeaveTheOldMacWhenAnotherOneClaimsThem) {
  saw(a, "10.0.0.1");
  saw(a, "2001:db8::1");
  saw(elsewhere, "10.0.0.1");
  EXPECT_THAT(saw(b, "10.0.0.1"), UnorderedElementsAre(Key(a), Key(b)));
  EXPECT_EQ(published(a), "2001:db8::1");
  EXPECT_EQ(published(b), "10.0.0.1");
  EXPECT_EQ(published(elsewhere), "10.0.0.1");
}

TEST_F(Addresses, OfAPortAreThoseThatWereHeardLast) {
  for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}) saw(a, address);
  saw(a, "10.0.0.1");
  EXPECT_THAT(saw(b, "10.0.0.5"), ElementsAre(Key(b))) << "what left was not published";
  EXPECT_EQ(table.size(), 4U);
  EXPECT_THAT(saw(b, "10.0.0.6"), ElementsAre(Key(b)));
  EXPECT_THAT(saw(b, "10.0.0.7"), UnorderedElementsAre(Key(a), Key(b))) << "10.0.0.4 left";
  EXPECT_EQ(published(a), "10.0.0.1");
  EXPECT_THAT(saw(b, "10.0.0.8"), UnorderedElementsAre(Key(a), Key(b)));
  EXPECT_EQ(published(a), "");
  EXPECT_EQ(table.size(), 4U);
}

TEST_F(Addresses, AreCutForEachPortByItself) {
  saw(a, "10.0.0.1");
  place.port = IfIndex{3};
  for (int i = 1; i < 200; ++i) saw(b, ("10.1.0." + std::to_string(i)).c_str());
  EXPECT_EQ(table.size(), 5U);
  EXPECT_EQ(published(a), "10.0.0.1");
  EXPECT_EQ(published(b), "10.1.0.199");
}

TEST_F(Addresses, MoveWithTheirHostAndCountForItsNewPort) {
  saw(a, "10.0.0.1");
  place.port = IfIndex{3};
  for (const char* address : {"10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.4"}) saw(b, address);
  HostAddresses::Changed changed;
  table.moved(a, place, changed);
  EXPECT_EQ(table.size(), 4U);
  EXPECT_EQ(published(a), "10.0.0.1");
  table.keep_only({{place, Vni{100}}}, changed);
  EXPECT_EQ(published(a), "10.0.0.1");
  table.keep_only({{{IfIndex{2}, kUntagged}, Vni{100}}}, changed);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_THAT(changed, UnorderedElementsAre(Key(a), Key(b)));
}

TEST_F(Addresses, GoWithTheBindingAtWhichTheyWereHeard) {
  saw(a, "10.0.0.1");
  place.vlan = VlanId{5};
  saw(elsewhere, "10.0.0.1");
  HostAddresses::Changed changed;
  table.keep_only({{{IfIndex{2}, kUntagged}, Vni{100}}, {place, Vni{300}}}, changed);
  EXPECT_EQ(published(a), "10.0.0.1");
  EXPECT_THAT(changed, ElementsAre(Key(elsewhere))) << "the VLAN is another switch's now";
}

TEST_F(Addresses, AreForgottenUpToAMoment) {
  saw(a, "10.0.0.1");
  now += 5s;
  saw(a, "2001:db8::1");
  table.forget(a, now);
  EXPECT_EQ(published(a), "2001:db8::1");
  table.forget(a, now + 1s);
  EXPECT_EQ(published(a), "");
  EXPECT_THAT(table.hosts(), IsEmpty());
}

}  // namespace
}  // namespace kvtep::agent
