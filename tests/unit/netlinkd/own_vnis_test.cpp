#include "netlinkd/planner/own_vnis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netlinkd/planner/remote_mac.hpp"
#include "tests/support/rows.hpp"

namespace kvtep::planner {
namespace {

using kvtep::testing::ip;
using kvtep::testing::mac;
using kvtep::testing::Rows;
using kvtep::testing::uuid;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr VniRange kRange{.first = Vni{1000}, .last = Vni{1009}};

Installed with_device(Vni vni, const std::string& alias) {
  Installed installed;
  installed.apply(LinkChanged{{.index = IfIndex{5},
                               .name = "any-name",
                               .alias = alias,
                               .info = VxlanInfo{.vni = vni, .local = ip("192.168.2.20")}}});
  return installed;
}

std::set<Uuid> switches(std::uint32_t count) {
  std::set<Uuid> all;
  for (std::uint32_t i = 1; i <= count; ++i) all.insert(uuid(i));
  return all;
}

TEST(OwnVnis, AreOneEachOfTheRangeUntilNoneIsLeft) {
  const auto chosen = choose_vnis(switches(11), kRange, {}, {}, "s2");
  std::set<Vni> used;
  std::size_t without = 0;
  for (const auto& [id, vni] : chosen) {
    if (!vni) {
      ++without;
      continue;
    }
    EXPECT_TRUE(kRange.contains(*vni));
    EXPECT_TRUE(used.insert(*vni).second) << vni->value;
  }
  EXPECT_THAT(used, SizeIs(10));
  EXPECT_EQ(without, 1U);
}

TEST(OwnVnis, LeaveOutWhatIsTakenInTheDatabaseOrByAStrangersDevice) {
  std::set<Vni> taken;
  for (std::uint32_t vni = 1000; vni < 1008; ++vni) taken.insert(Vni{vni});
  const auto chosen = choose_vnis(switches(2), kRange, taken, with_device(Vni{1008}, "an operator's"), "s2");
  EXPECT_EQ(chosen.at(uuid(1)).value_or(chosen.at(uuid(2)).value_or(Vni{})), Vni{1009});
  EXPECT_NE(chosen.at(uuid(1)).has_value(), chosen.at(uuid(2)).has_value());
}

TEST(OwnVnis, StayWithTheDevicesThatAreThere) {
  for (const Vni vni : {Vni{1000}, Vni{1004}, Vni{1009}}) {
    const auto installed = with_device(vni, ownership_alias("s2", uuid(3).to_string(), "red"));
    EXPECT_EQ(choose_vnis(switches(9), kRange, {}, installed, "s2").at(uuid(3)), vni);
    EXPECT_NE(choose_vnis(switches(9), kRange, {vni}, installed, "s2").at(uuid(3)), vni)
        << "a controller's choice goes first";
  }
  const auto outside = with_device(Vni{7}, ownership_alias("s2", uuid(3).to_string(), "red"));
  EXPECT_TRUE(kRange.contains(*choose_vnis(switches(3), kRange, {}, outside, "s2").at(uuid(3))));
}

TEST(OwnVnis, DoNotDependOnWhatComesAndGoesInAWideRange) {
  const VniRange wide{.first = Vni{1}, .last = Vni{0xffffff}};
  EXPECT_EQ(choose_vnis({uuid(3)}, wide, {}, {}, "s2").at(uuid(3)),
            choose_vnis(switches(50), wide, {}, {}, "s2").at(uuid(3)));
}

TEST(OwnVnis, GoToSwitchesWithoutAKeyAndNotToThoseWithKeyZero) {
  Rows rows;
  const auto red = rows.logical_switch("red", std::nullopt);
  const auto blue = rows.logical_switch("blue", 0);
  EXPECT_THAT(planner::desired(rows.view(), {})->switches, IsEmpty());
  rows.settings.vni_range = kRange;
  const auto desired = *planner::desired(rows.view(), {});
  ASSERT_THAT(desired.switches, SizeIs(1));
  const auto& [vni, wish] = *desired.switches.begin();
  EXPECT_EQ(wish.logical_switch, red);
  EXPECT_TRUE(wish.has_own_vni);
  EXPECT_TRUE(kRange.contains(vni));
  EXPECT_FALSE(desired.vni_of.contains(blue));
}

TEST(OwnVnis, AreReportedWhereTheyRunOut) {
  Rows rows;
  rows.settings.vni_range = {.first = Vni{1000}, .last = Vni{1000}};
  rows.logical_switch("red", std::nullopt);
  rows.logical_switch("blue", 1000);
  const auto desired = *planner::desired(rows.view(), {});
  ASSERT_THAT(desired.issues, SizeIs(1));
  EXPECT_THAT(desired.issues.begin()->reason, HasSubstr("no VNI of 1000 to 1000 is left (vni-range)"));
}

TEST(OwnVnis, SendToTheKeysOfTheLocatorsAndNeverWithoutOne) {
  Rows rows;
  rows.settings.vni_range = kRange;
  const auto red = rows.logical_switch("red", std::nullopt);
  const auto keyed = rows.insert(hwvtep::PhysicalLocator{
      .encapsulation_type = "vxlan_over_ipv4", .dst_ip = "192.168.1.10", .tunnel_key = 7777});
  rows.remote_mac("00:00:00:00:aa:01", red, keyed);
  rows.remote_mac("00:00:00:00:aa:02", red, rows.locator("192.168.1.11"));
  const auto desired = *planner::desired(rows.view(), {});
  const auto end = tunnel_end(desired.switches.begin()->second);
  std::set<Issue> issues;
  EXPECT_EQ(remote_destination(rows.view(), red, mac("00:00:00:00:aa:01"), end, &issues),
            (TunnelDestination{.address = ip("192.168.1.10"), .vni = Vni{7777}}));
  EXPECT_THAT(issues, IsEmpty());
  EXPECT_FALSE(remote_destination(rows.view(), red, mac("00:00:00:00:aa:02"), end, &issues));
  ASSERT_THAT(issues, SizeIs(1));
  EXPECT_THAT(issues.begin()->reason,
              HasSubstr("neither its Logical_Switch nor the locator has a tunnel_key"));
}

}  // namespace
}  // namespace kvtep::planner
