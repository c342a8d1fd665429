#include "netlinkd/planner/mac_limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/support/rows.hpp"

namespace kvtep::planner {
namespace {

using kvtep::testing::ip;
using kvtep::testing::mac;
using kvtep::testing::Rows;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr IfIndex kEth1{2};
constexpr IfIndex kEth2{3};
constexpr IfIndex kVlan{4};
constexpr IfIndex kRedBridge{10};
constexpr IfIndex kBlueBridge{20};
constexpr Vni kRed{100};
constexpr Vni kBlue{200};

using Macs = std::set<std::string>;

// Red is bound to eth1 and eth2, blue to VLAN 5 of eth1.
class MacLimitsTest : public ::testing::Test {
 protected:
  MacLimitsTest() {
    red = rows.logical_switch("red", 100);
    blue = rows.logical_switch("blue", 200);
    rows.own_switch({rows.port("eth1", {{0, red}, {5, blue}}), rows.port("eth2", {{0, red}})});
    locator = rows.locator("192.168.2.20");
    make_switch(red, "red", kRedBridge, kRed);
    make_switch(blue, "blue", kBlueBridge, kBlue);
    installed.apply(LinkChanged{{.index = kEth1, .name = "eth1", .master = kRedBridge}});
    installed.apply(LinkChanged{{.index = kEth2, .name = "eth2", .master = kRedBridge}});
    installed.apply(LinkChanged{
        {.index = kVlan, .name = "eth1.5", .master = kBlueBridge, .info = VlanInfo{VlanId{5}, kEth1}}});
  }

  void make_switch(const Uuid& id, const char* name, IfIndex bridge, Vni vni) {
    const auto alias = ownership_alias("s2", id.to_string(), name);
    const auto number = std::to_string(vni.value);
    installed.apply(
        LinkChanged{{.index = bridge, .name = "kvbr" + number, .alias = alias, .info = BridgeInfo{}}});
    installed.apply(LinkChanged{{.index = IfIndex{bridge.value + 1},
                                 .name = "kvvx" + number,
                                 .alias = alias,
                                 .master = bridge,
                                 .info = VxlanInfo{.vni = vni, .local = ip("192.168.2.20")}}});
  }
  void set_kernel_limit(std::optional<std::uint32_t> limit) {
    auto link = *installed.link(kRedBridge);
    std::get<BridgeInfo>(link.info).mac_limit = limit;
    installed.apply(LinkChanged{link});
  }
  BridgeEntry entry(const char* host, IfIndex port) const {
    return {.bridge = port == kVlan ? kBlueBridge : kRedBridge, .port = port, .mac = mac(host)};
  }
  void learned(const char* host, IfIndex port) { installed.apply(BridgeEntryChanged{entry(host, port)}); }
  void forgotten(const char* host, IfIndex port) { installed.apply(BridgeEntryGone{entry(host, port)}); }
  void publish(const char* host, const Uuid& logical_switch) {
    published[rows.insert(
        hwvtep::UcastMacsLocal{.MAC = host, .logical_switch = logical_switch, .locator = locator})] = host;
  }

  // Whose rows the report makes and deletes.
  void report(const ReportScope& scope = {}) {
    const auto view = rows.view();
    const auto wish = planner::desired(view, installed);
    const Faults faults{.full = full_tables(rows.settings, *wish, installed)};
    const auto text =
        planner::report({.view = view, .desired = *wish, .installed = installed, .faults = faults}, scope,
                        1000)
            .transaction.params("db");
    made.clear();
    const std::regex row(R"re("MAC":"([0-9a-f:]{17})")re");
    for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at) made.insert((*at)[1]);
    deleted.clear();
    for (const auto& [id, host] : published) {
      if (text.find(R"("delete","table":"Ucast_Macs_Local","where":[["_uuid","==",["uuid",")" +
                    id.to_string()) != std::string::npos)
        deleted.insert(host);
    }
    words = text;
  }
  static ReportScope about(Vni vni, const char* host) {
    return {.everything = false, .macs = {{vni, mac(host)}}};
  }
  FullTables full() {
    return full_tables(rows.settings, *planner::desired(rows.view(), installed), installed);
  }

  Rows rows;
  Installed installed;
  Uuid red, blue, locator;
  std::map<Uuid, std::string> published;
  Macs made, deleted;
  std::string words;
};

constexpr const char* k1 = "00:00:00:00:aa:01";
constexpr const char* k2 = "00:00:00:00:aa:02";
constexpr const char* k3 = "00:00:00:00:aa:03";
constexpr const char* k4 = "00:00:00:00:aa:04";

TEST_F(MacLimitsTest, WithoutOneEverythingIsPublished) {
  for (const char* host : {k1, k2, k3}) learned(host, kEth1);
  report();
  EXPECT_THAT(made, ElementsAre(k1, k2, k3));
  EXPECT_THAT(words, Not(HasSubstr("exhaustion")));
  EXPECT_TRUE(full().empty());
}

TEST_F(MacLimitsTest, OfAPortPublishNoMore) {
  rows.settings.port_mac_limit = 2;
  for (const char* host : {k1, k2}) learned(host, kEth1);
  learned(k4, kEth2);
  EXPECT_TRUE(full().empty()) << "what it may have";
  learned(k3, kEth1);
  report();
  EXPECT_THAT(made, ElementsAre(k1, k2, k4));
  EXPECT_THAT(full().ports, ElementsAre("eth1"));
  EXPECT_THAT(words, AllOf(HasSubstr(R"(["switch_fault_status","insert","mac_table_exhaustion"])"),
                           HasSubstr(R"(["port_fault_status","insert","unspecified_fault"])")));
}

TEST_F(MacLimitsTest, OfAPortKeepWhatIsPublishedWhoeverComesLater) {
  rows.settings.port_mac_limit = 2;
  publish(k3, red);
  for (const char* host : {k1, k2, k3}) learned(host, kEth1);
  report();
  EXPECT_THAT(made, ElementsAre(k1));
  EXPECT_THAT(deleted, IsEmpty());
  publish(k1, red);
  report(about(kRed, k2));
  EXPECT_THAT(made, IsEmpty());
}

TEST_F(MacLimitsTest, OfAPortCountItsVlansToo) {
  rows.settings.port_mac_limit = 2;
  learned(k1, kVlan);
  learned(k2, kVlan);
  learned(k3, kEth1);
  report();
  EXPECT_THAT(made, ElementsAre(k1, k3)) << "the lowest VNI first, then the lowest MAC";
  EXPECT_THAT(full().ports, ElementsAre("eth1"));
}

TEST_F(MacLimitsTest, GiveTheRoomOfOneThatGoesToAnother) {
  rows.settings.port_mac_limit = 1;
  publish(k3, red);
  for (const char* host : {k1, k3}) learned(host, kEth1);
  learned(k2, kVlan);
  report(about(kBlue, k2));
  EXPECT_THAT(made, IsEmpty());
  forgotten(k3, kEth1);
  report(about(kRed, k3));
  EXPECT_THAT(made, ElementsAre(k1));
  EXPECT_THAT(deleted, ElementsAre(k3));
}

TEST_F(MacLimitsTest, ThatAreLoweredTakeBackWhatIsTooMuch) {
  rows.settings.port_mac_limit = 2;
  for (const char* host : {k1, k2, k3}) {
    publish(host, red);
    learned(host, kEth1);
  }
  report(about(kRed, k1));
  EXPECT_THAT(deleted, ElementsAre(k3));
  EXPECT_THAT(made, IsEmpty());
}

TEST_F(MacLimitsTest, OfASwitchHoldForAllItsPortsTogether) {
  rows.settings.mac_limit = 2;
  learned(k1, kEth1);
  learned(k2, kEth2);
  learned(k3, kEth1);
  learned(k4, kVlan);
  report();
  EXPECT_THAT(made, ElementsAre(k1, k2, k4)) << "blue has room";
  EXPECT_THAT(full().switches, ElementsAre(kRed));
  EXPECT_THAT(words, AllOf(HasSubstr(R"(["switch_fault_status","insert","mac_table_exhaustion"])"),
                           Not(HasSubstr("port_fault_status"))));
}

TEST_F(MacLimitsTest, OfBothKindsLeaveNoRoomUnused) {
  rows.settings.mac_limit = 2;
  rows.settings.port_mac_limit = 1;
  learned(k1, kEth1);
  learned(k2, kEth1);
  learned(k3, kEth2);
  report();
  EXPECT_THAT(made, ElementsAre(k1, k3));
}

TEST_F(MacLimitsTest, NeitherCountNorHoldBackWhatAnOperatorSet) {
  rows.settings.port_mac_limit = 1;
  rows.settings.mac_limit = 1;
  auto by_hand = entry(k1, kEth1);
  by_hand.kind = BridgeEntryKind::Static;
  installed.apply(BridgeEntryChanged{by_hand});
  learned(k2, kEth1);
  report();
  EXPECT_THAT(made, ElementsAre(k1, k2));
  learned(k3, kEth1);
  report();
  EXPECT_THAT(made, ElementsAre(k1, k2));
}

TEST_F(MacLimitsTest, ThatTheKernelKeepsAreReachedWithTheLastEntry) {
  rows.settings.mac_limit = 2;
  set_kernel_limit(2);
  learned(k1, kEth1);
  EXPECT_TRUE(full().empty());
  learned(k2, kEth1);
  EXPECT_THAT(full().switches, ElementsAre(kRed)) << "the next one is not learned";
  set_kernel_limit(std::nullopt);
  EXPECT_TRUE(full().empty()) << "the next one would be";
  learned(k3, kEth1);
  EXPECT_THAT(full().switches, ElementsAre(kRed));
}

TEST_F(MacLimitsTest, AreNamedAsIssues) {
  rows.settings.mac_limit = 2;
  rows.settings.port_mac_limit = 1;
  const auto desired = *planner::desired(rows.view(), installed);
  const auto issues = issues_of({.switches = {kRed}, .ports = {"eth1"}}, rows.settings, desired);
  ASSERT_EQ(issues.size(), 2U);
  EXPECT_EQ(issues.begin()->object, "Logical_Switch " + red.to_string());
  EXPECT_THAT(issues.begin()->reason, AllOf(HasSubstr("kvbr100"), HasSubstr("no more than 2")));
  EXPECT_EQ(issues.rbegin()->object, "Physical_Port eth1");
  EXPECT_THAT(issues.rbegin()->reason, HasSubstr("port-mac-limit"));
}

}  // namespace
}  // namespace kvtep::planner
