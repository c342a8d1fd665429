#include "netlinkd/planner/binding_counts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rows.hpp"

namespace kvtep::planner {
namespace {

using hwvtep::LogicalBindingStats;
using kvtep::testing::ip;
using kvtep::testing::Rows;
using ::testing::IsEmpty;

constexpr IfIndex kPort{2};
constexpr IfIndex kVlan5{3};
constexpr IfIndex kStrangersVlan{4};
constexpr IfIndex kBridge{10};
constexpr IfIndex kBridge2{20};

LogicalBindingStats sum(std::int64_t packets_in, std::int64_t bytes_in, std::int64_t packets_out = 0,
                        std::int64_t bytes_out = 0) {
  return {.bytes_from_local = bytes_in,
          .packets_from_local = packets_in,
          .bytes_to_local = bytes_out,
          .packets_to_local = packets_out};
}

// eth1 is untagged in red, and VLAN 5 of it in blue; somebody else has a device for VLAN 6 on it.
class BindingCountsTest : public ::testing::Test {
 protected:
  BindingCountsTest() {
    red = rows.logical_switch("red", 100);
    blue = rows.logical_switch("blue", 200);
    port = rows.port("eth1", {{0, red}, {5, blue}});
    own = rows.own_switch({port});
    const auto alias = ownership_alias("s2", red.to_string(), "red");
    add({.index = kBridge, .name = "kvbr100", .alias = alias, .info = BridgeInfo{}});
    add({.index = kBridge2, .name = "kvbr200", .alias = alias, .info = BridgeInfo{}});
    add({.index = kPort, .name = "eth1", .master = kBridge});
    add({.index = kVlan5,
         .name = "eth1.5",
         .alias = alias,
         .master = kBridge2,
         .info = VlanInfo{VlanId{5}, kPort}});
    add({.index = kStrangersVlan, .name = "mine", .info = VlanInfo{VlanId{6}, kPort}});
  }

  void add(const Link& link) { installed.apply(LinkChanged{link}); }

  LogicalBindingStats take(const CounterReading& reading, std::int64_t vlan) {
    const auto view = rows.view();
    counts.take(reading, view, desired(view, installed).value(), installed);
    const auto place = counts.sums().find({"eth1", vlan});
    return place == counts.sums().end() ? sum(-1, -1) : place->second.sum;
  }
  void publish(std::int64_t vlan, const LogicalBindingStats& row) {
    const auto id = rows.insert(row);
    rows.edit<hwvtep::PhysicalPort>(port, [&](auto& edited) { edited.vlan_stats[vlan] = id; });
  }

  Rows rows;
  Installed installed;
  BindingCounts counts;
  Uuid red, blue, port, own;
};

TEST_F(BindingCountsTest, FromLocalIsWhatComesInByThePortAndToLocalWhatLeaves) {
  take({{kPort, {}}}, 0);
  EXPECT_EQ(take({{kPort, {.rx_packets = 3, .rx_bytes = 300, .tx_packets = 7, .tx_bytes = 700}}}, 0),
            sum(3, 300, 7, 700));
}

TEST_F(BindingCountsTest, UntaggedIsWhatThePortCarriedBesideAllItsVlans) {
  const CounterReading before{{kPort, {}}, {kVlan5, {}}, {kStrangersVlan, {}}};
  take(before, 0);
  const CounterReading after{
      {kPort, {.rx_packets = 10, .rx_bytes = 1000, .tx_packets = 20, .tx_bytes = 2000}},
      {kVlan5, {.rx_packets = 3, .rx_bytes = 300 - 3 * 14, .tx_packets = 4, .tx_bytes = 400}},
      {kStrangersVlan, {.rx_packets = 2, .rx_bytes = 200 - 2 * 14, .tx_packets = 5, .tx_bytes = 500}}};
  EXPECT_EQ(take(after, 0), sum(5, 500, 11, 1100));
  EXPECT_EQ(take(after, 0), sum(5, 500, 11, 1100)) << "nothing has passed since";
  EXPECT_EQ(take(after, 5), sum(3, 258, 4, 400));
}

TEST_F(BindingCountsTest, WhatThePortCarriedBeforeItsBindingIsNotCounted) {
  EXPECT_EQ(take({{kPort, {.rx_packets = 1000, .rx_bytes = 100000}}}, 0), sum(0, 0));
  EXPECT_EQ(take({{kPort, {.rx_packets = 1001, .rx_bytes = 100100}}}, 0), sum(1, 100));
}

TEST_F(BindingCountsTest, AVlanDeviceIsCountedFromItsBeginning) {
  take({{kPort, {}}}, 5);
  EXPECT_EQ(take({{kPort, {}}, {kVlan5, {.rx_packets = 2, .rx_bytes = 20}}}, 5), sum(2, 20));
}

TEST_F(BindingCountsTest, ADeviceThatIsMadeAnewCountsOn) {
  take({{kVlan5, {}}}, 5);
  take({{kVlan5, {.rx_packets = 5, .rx_bytes = 50}}}, 5);
  EXPECT_EQ(take({{kVlan5, {.rx_packets = 2, .rx_bytes = 20}}}, 5), sum(7, 70)) << "with the same number";
  installed.apply(LinkGone{kVlan5});
  EXPECT_EQ(take({}, 5), sum(7, 70)) << "while it is away";
  add({.index = IfIndex{33},
       .name = "eth1.5",
       .alias = ownership_alias("s2", blue.to_string(), "blue"),
       .master = kBridge2,
       .info = VlanInfo{VlanId{5}, kPort}});
  EXPECT_EQ(take({{IfIndex{33}, {.rx_packets = 1, .rx_bytes = 10}}}, 5), sum(8, 80)) << "with another one";
}

TEST_F(BindingCountsTest, APortThatIsMadeAnewCountsOn) {
  take({{kPort, {.rx_packets = 10, .rx_bytes = 100}}}, 0);
  take({{kPort, {.rx_packets = 12, .rx_bytes = 120}}}, 0);
  EXPECT_EQ(take({{kPort, {.rx_packets = 1, .rx_bytes = 10}}}, 0), sum(3, 30));
}

TEST_F(BindingCountsTest, AStartGoesOnFromWhatTheDatabaseSays) {
  publish(0, sum(40, 400, 4, 44));
  EXPECT_EQ(take({{kPort, {.rx_packets = 9, .rx_bytes = 90}}}, 0), sum(40, 400, 4, 44));
  EXPECT_EQ(take({{kPort, {.rx_packets = 10, .rx_bytes = 100}}}, 0), sum(41, 410, 4, 44));
}

// The device may be older than its binding: it goes along when another Logical_Switch is bound.
TEST_F(BindingCountsTest, WhatAVlanDeviceCarriedWhileNoDaemonRanIsNotCounted) {
  publish(5, sum(40, 400, 4, 44));
  EXPECT_EQ(take({{kVlan5, {.rx_packets = 50, .rx_bytes = 500}}}, 5), sum(40, 400, 4, 44));
  EXPECT_EQ(take({{kVlan5, {.rx_packets = 52, .rx_bytes = 520}}}, 5), sum(42, 420, 4, 44));
}

TEST_F(BindingCountsTest, TheLastFramesOfAVlanDeviceAreNotTakenForUntaggedOnes) {
  take({{kPort, {}}, {kVlan5, {}}}, 0);
  take({{kPort, {.rx_packets = 9, .rx_bytes = 900}}, {kVlan5, {.rx_packets = 8, .rx_bytes = 800 - 8 * 14}}},
       0);
  installed.apply(LinkGone{kVlan5});
  EXPECT_EQ(take({{kPort, {.rx_packets = 1009, .rx_bytes = 100900}}}, 0), sum(1, 100));
  EXPECT_EQ(take({{kPort, {.rx_packets = 1010, .rx_bytes = 101000}}}, 0), sum(2, 200));
}

TEST_F(BindingCountsTest, AnotherSwitchOfTheSameVlanStartsAtZero) {
  take({{kPort, {}}}, 0);
  take({{kPort, {.rx_packets = 4, .rx_bytes = 40}}}, 0);
  publish(0, sum(4, 40));
  rows.edit<hwvtep::PhysicalPort>(port, [&](auto& row) { row.vlan_bindings[0] = blue; });
  EXPECT_EQ(take({{kPort, {.rx_packets = 9, .rx_bytes = 90}}}, 0), sum(0, 0));
  EXPECT_EQ(counts.sums().at({"eth1", 0}).logical_switch, blue);
}

TEST_F(BindingCountsTest, APortInSomebodyElsesBridgeCarriesNothingForUs) {
  take({{kPort, {}}}, 0);
  add({.index = IfIndex{30}, .name = "br0", .info = BridgeInfo{}});
  add({.index = kPort, .name = "eth1", .master = IfIndex{30}});
  EXPECT_EQ(take({{kPort, {.rx_packets = 5, .rx_bytes = 50}}}, 0), sum(0, 0));
  add({.index = kPort, .name = "eth1", .master = kBridge});
  EXPECT_EQ(take({{kPort, {.rx_packets = 6, .rx_bytes = 60}}}, 0), sum(1, 10)) << "nor afterwards";
}

TEST_F(BindingCountsTest, ABindingThatIsNotRealizedIsCountedAsNothing) {
  rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.tunnel_key = 0; });
  EXPECT_EQ(take({{kPort, {}}}, 0), sum(0, 0));
  EXPECT_EQ(take({{kPort, {.rx_packets = 5, .rx_bytes = 50}}}, 0), sum(0, 0));
}

TEST_F(BindingCountsTest, ABindingThatGoesIsForgotten) {
  take({{kPort, {}}}, 0);
  rows.edit<hwvtep::PhysicalPort>(port, [](auto& row) { row.vlan_bindings.clear(); });
  take({{kPort, {}}}, 0);
  EXPECT_THAT(counts.sums(), IsEmpty());
}

}  // namespace
}  // namespace kvtep::planner
