#include "netlinkd/planner/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <regex>

#include "tests/support/rows.hpp"

namespace kvtep::planner {
namespace {

using kvtep::testing::ip;
using kvtep::testing::mac;
using kvtep::testing::Rows;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr IfIndex kPort{2};
constexpr IfIndex kBridge{10};
constexpr IfIndex kVxlan{11};

// Red is bound to eth1, and its devices are there.
class ReportTest : public ::testing::Test {
 protected:
  ReportTest() {
    red = rows.logical_switch("red", 100);
    port = rows.port("eth1", {{0, red}});
    own = rows.insert(hwvtep::PhysicalSwitch{.ports = {port}, .name = "s2", .tunnel_ips = {"192.168.2.20"}});
    const auto alias = ownership_alias("s2", red.to_string(), "red");
    installed.apply(
        LinkChanged{{.index = kBridge, .name = "kvbr100", .alias = alias, .up = true, .info = BridgeInfo{}}});
    installed.apply(LinkChanged{{.index = kVxlan,
                                 .name = "kvvx100",
                                 .alias = alias,
                                 .master = kBridge,
                                 .info = VxlanInfo{.vni = Vni{100}, .local = ip("192.168.2.20")}}});
    installed.apply(LinkChanged{{.index = kPort, .name = "eth1", .master = kBridge, .up = true}});
  }

  void learned(const char* host, IfIndex at = kPort, BridgeEntryKind kind = BridgeEntryKind::Learned) {
    installed.apply(BridgeEntryChanged{{.bridge = kBridge, .port = at, .mac = mac(host), .kind = kind}});
  }

  // The operations, with the random names of new rows taken out.
  std::string report(const ReportScope& scope = {}, std::size_t limit = 1000) {
    const auto view = rows.view();
    const auto wish = planner::desired(view, installed);
    auto result =
        planner::report({.view = view,
                         .desired = wish ? *wish : Desired{},
                         .installed = installed,
                         .faults = faults,
                         .address_of =
                             [this](Vni, const MacAddress& host) {
                               const auto known = addresses.find(host);
                               return known == addresses.end() ? std::nullopt : std::optional(known->second);
                             }},
                        scope, limit);
    rest = result.rest;
    operations = result.transaction.operations().size();
    return std::regex_replace(result.transaction.params("db"), std::regex("row[0-9a-f]{32}"), "ROW");
  }

  // All that the report asks for is there.
  void publish_flood_row() {
    locator = rows.locator("192.168.2.20");
    const auto set = rows.insert(hwvtep::PhysicalLocatorSet{.locators = {locator}});
    rows.insert(hwvtep::McastMacsLocal{.MAC = "unknown-dst", .logical_switch = red, .locator_set = set});
  }
  Uuid publish(const std::string& text, const Uuid& at) {
    return rows.insert(hwvtep::UcastMacsLocal{.MAC = text, .logical_switch = red, .locator = at});
  }
  static std::string erased(const char* table, const Uuid& row) {
    return R"({"op":"delete","table":")" + std::string(table) + R"(","where":[["_uuid","==",["uuid",")" +
           row.to_string() + R"("]]]})";
  }

  Rows rows;
  Installed installed;
  Faults faults;
  std::map<MacAddress, IpAddress> addresses;
  ReportScope rest;
  std::size_t operations = 0;
  Uuid red, port, own, locator;
};

TEST_F(ReportTest, BeginsWithTheSwitchAloneAndItsReference) {
  Rows empty;
  empty.settings.management_ips = {ip("10.0.0.9")};
  empty.settings.description = "rack 4";
  const auto view = empty.view();
  auto result = planner::report({.view = view, .desired = {}, .installed = {}, .faults = {}}, {}, 1000);
  const auto text = std::regex_replace(result.transaction.params("db"), std::regex("row[0-9a-f]{32}"), "ROW");
  EXPECT_EQ(text,
            R"(["db",{"op":"insert","table":"Physical_Switch","uuid-name":"ROW","row":{"name":"s2",)"
            R"("description":"rack 4","management_ips":"10.0.0.9","tunnel_ips":"192.168.2.20"}},)"
            R"({"op":"insert","table":"Global","uuid-name":"ROW","row":{"switches":["named-uuid","ROW"]}}])");
  EXPECT_TRUE(result.rest.everything);
}

TEST_F(ReportTest, HangsTheSwitchOnTheGlobalRowThatIsThere) {
  rows.erase<hwvtep::PhysicalSwitch>(own);
  rows.insert(hwvtep::Global{});
  EXPECT_THAT(report(), HasSubstr(R"({"op":"mutate","table":"Global")"));
}

TEST_F(ReportTest, PublishesALocalHostWithItsLocatorInOneTransaction) {
  learned("00:00:00:00:aa:02");
  EXPECT_THAT(
      report(),
      AllOf(
          HasSubstr(
              R"("table":"Physical_Locator","uuid-name":"ROW","row":{"encapsulation_type":"vxlan_over_ipv4","dst_ip":"192.168.2.20"})"),
          HasSubstr(R"("table":"Physical_Locator_Set")"), HasSubstr(R"("MAC":"unknown-dst")"),
          HasSubstr(R"("table":"Ucast_Macs_Local","uuid-name":"ROW","row":{"MAC":"00:00:00:00:aa:02",)")));
  EXPECT_EQ(operations, 4U) << "the locator is made once";
}

TEST_F(ReportTest, PublishesTheAddressOfALocalHost) {
  publish_flood_row();
  learned("00:00:00:00:aa:02");
  addresses = {{mac("00:00:00:00:aa:02"), ip("2001:DB8::2")}, {mac("00:00:00:00:aa:03"), ip("10.0.0.3")}};
  EXPECT_THAT(report(), HasSubstr(R"("ipaddr":"2001:db8::2")"));
  EXPECT_EQ(operations, 1U) << "the other one is no local host";
}

// A row's ipaddr, what is known, and what is written.
struct AddressCase {
  const char* there;
  const char* known;
  const char* written;  // null: nothing
};

class ReportOfAnAddress : public ReportTest, public ::testing::WithParamInterface<AddressCase> {};

TEST_P(ReportOfAnAddress, MendsTheRowThatIsThere) {
  const auto& test = GetParam();
  publish_flood_row();
  learned("00:00:00:00:aa:02");
  const auto row = publish("00:00:00:00:aa:02", locator);
  rows.edit<hwvtep::UcastMacsLocal>(row, [&](auto& edited) { edited.ipaddr = test.there; });
  if (const auto known = IpAddress::parse(test.known)) addresses[mac("00:00:00:00:aa:02")] = *known;
  const auto text = report({.everything = false, .macs = {{Vni{100}, mac("00:00:00:00:aa:02")}}});
  EXPECT_EQ(text,
            test.written == nullptr
                ? R"(["db"])"
                : R"(["db",{"op":"update","table":"Ucast_Macs_Local","where":[["_uuid","==",["uuid",")" +
                      row.to_string() + R"("]]],"row":{"ipaddr":")" + test.written + R"("}}])");
}

INSTANTIATE_TEST_SUITE_P(Rows, ReportOfAnAddress,
                         ::testing::Values(AddressCase{"", "", nullptr},
                                           AddressCase{"", "10.0.0.2", "10.0.0.2"},
                                           AddressCase{"10.0.0.2", "10.0.0.2", nullptr},
                                           AddressCase{"10.0.0.1", "10.0.0.2", "10.0.0.2"},
                                           AddressCase{"2001:DB8::2", "2001:db8::2", "2001:db8::2"},
                                           AddressCase{"nonsense", "", ""}));

TEST_F(ReportTest, IsEmptyWhereTheRowsSayItAlready) {
  publish_flood_row();
  learned("00:00:00:00:aa:02");
  publish("00:00:00:00:aa:02", locator);
  EXPECT_EQ(report(), R"(["db"])");
  EXPECT_TRUE(rest.empty());
}

TEST_F(ReportTest, PublishesNothingOfWhatIsNoLocalHost) {
  publish_flood_row();
  learned("00:00:00:00:aa:02", kVxlan);
  learned("00:00:00:00:aa:03", kVxlan, BridgeEntryKind::ExternallyLearned);
  learned("00:00:00:00:aa:04", kPort, BridgeEntryKind::Permanent);
  learned("00:00:00:00:aa:05", kBridge, BridgeEntryKind::Permanent);
  EXPECT_EQ(report(), R"(["db"])");
}

TEST_F(ReportTest, WithdrawsWhatIsNoLongerSoAndMendsWhatIsWrong) {
  publish_flood_row();
  const auto gone = publish("00:00:00:00:aa:02", locator);
  learned("00:00:00:00:aa:03");
  const auto twice = publish("00:00:00:00:aa:03", locator);
  const auto again = publish("00:00:00:00:aa:03", locator);
  learned("00:00:00:00:aa:0b");
  const auto upper = publish("00:00:00:00:AA:0B", locator);
  const auto text = report();
  EXPECT_THAT(text, HasSubstr(erased("Ucast_Macs_Local", gone)));
  EXPECT_NE(text.find(erased("Ucast_Macs_Local", twice)) == std::string::npos,
            text.find(erased("Ucast_Macs_Local", again)) == std::string::npos)
      << "one of two equal rows stays";
  EXPECT_THAT(text, HasSubstr(erased("Ucast_Macs_Local", upper)));
  EXPECT_THAT(text, HasSubstr(R"("MAC":"00:00:00:00:aa:0b")"));
}

TEST_F(ReportTest, LeavesAnotherSwitchsRowsAlone) {
  publish_flood_row();
  rows.insert(hwvtep::PhysicalSwitch{.name = "s3", .tunnel_ips = {"192.168.2.30"}});
  const auto theirs = rows.locator("192.168.2.30");
  publish("00:00:00:00:aa:09", theirs);
  const auto set = rows.insert(hwvtep::PhysicalLocatorSet{.locators = {theirs}});
  rows.insert(hwvtep::McastMacsLocal{.MAC = "unknown-dst", .logical_switch = red, .locator_set = set});
  EXPECT_EQ(report(), R"(["db"])");
}

TEST_F(ReportTest, NamesAVniOfItsOwnInTheLocatorOfTheSwitch) {
  rows.settings.vni_range = {.first = Vni{100}, .last = Vni{100}};
  rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.tunnel_key.reset(); });
  publish_flood_row();
  learned("00:00:00:00:aa:02");
  publish("00:00:00:00:aa:02", locator);
  EXPECT_THAT(report(), AllOf(HasSubstr(R"("dst_ip":"192.168.2.20","tunnel_key":100})"),
                              HasSubstr(R"({"op":"delete","table":"Mcast_Macs_Local")"),
                              HasSubstr(R"({"op":"delete","table":"Ucast_Macs_Local")")));
  EXPECT_EQ(operations, 6U) << "a locator, a set, and two rows in the place of two";
}

TEST_F(ReportTest, IsEmptyWhereTheRowsNameItsOwnVniAlready) {
  rows.settings.vni_range = {.first = Vni{100}, .last = Vni{100}};
  rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.tunnel_key.reset(); });
  rows.locator("192.168.2.20");
  locator = rows.insert(hwvtep::PhysicalLocator{
      .encapsulation_type = "vxlan_over_ipv4", .dst_ip = "192.168.2.20", .tunnel_key = 100});
  const auto set = rows.insert(hwvtep::PhysicalLocatorSet{.locators = {locator}});
  rows.insert(hwvtep::McastMacsLocal{.MAC = "unknown-dst", .logical_switch = red, .locator_set = set});
  learned("00:00:00:00:aa:02");
  publish("00:00:00:00:aa:02", locator);
  EXPECT_EQ(report(), R"(["db"])");
}

TEST_F(ReportTest, KnowsAnIpv6LocatorByEverySpelling) {
  rows.settings.tunnel_ip = ip("2001:db8:2::20");
  rows.edit<hwvtep::PhysicalSwitch>(own, [](auto& row) { row.tunnel_ips = {"2001:db8:2::20"}; });
  rows.insert(hwvtep::PhysicalSwitch{.name = "s3", .tunnel_ips = {"2001:DB8:3::30"}});
  locator = rows.locator("2001:0DB8:2:0::20");
  const auto set = rows.insert(hwvtep::PhysicalLocatorSet{.locators = {locator}});
  rows.insert(hwvtep::McastMacsLocal{.MAC = "unknown-dst", .logical_switch = red, .locator_set = set});
  learned("00:00:00:00:aa:02");
  publish("00:00:00:00:aa:02", locator);
  publish("00:00:00:00:aa:03", rows.locator("2001:db8:3::30"));
  EXPECT_EQ(report(), R"(["db"])") << "one is ours, the other s3's";
}

TEST_F(ReportTest, WithdrawsEverythingOfASwitchThatIsUnbound) {
  publish_flood_row();
  learned("00:00:00:00:aa:02");
  const auto row = publish("00:00:00:00:aa:02", locator);
  rows.edit<hwvtep::PhysicalPort>(port, [](auto& bound) { bound.vlan_bindings.clear(); });
  const auto text = report({}, 0);
  EXPECT_THAT(text, HasSubstr(erased("Ucast_Macs_Local", row))) << "whatever the limit";
  EXPECT_THAT(text, HasSubstr(R"({"op":"delete","table":"Mcast_Macs_Local")"));
  EXPECT_THAT(text, Not(HasSubstr("insert")));
}

TEST_F(ReportTest, PublishesTheGroupsOfItsHostsWhereTheBridgeSnoops) {
  rows.settings.multicast_snooping = true;
  publish_flood_row();
  const auto join = [&](const char* group, IfIndex at) {
    installed.apply(GroupJoined{{.bridge = kBridge, .port = at, .group = ip(group), .source = {}}});
  };
  join("239.129.2.3", kPort);
  join("239.1.2.3", kPort);  // the same MAC
  join("ff15::1:2", kPort);
  for (const char* link_local : {"224.0.0.251", "ff02::1:ff00:1"}) join(link_local, kPort);
  join("239.9.9.9", kVxlan);
  join("239.9.9.8", kBridge);
  const auto text = report({.everything = false, .macs = {}, .groups = true});
  EXPECT_THAT(text, HasSubstr(R"("row":{"MAC":"01:00:5e:01:02:03",)"));
  EXPECT_THAT(text, HasSubstr(R"("row":{"MAC":"33:33:00:01:00:02",)"));
  EXPECT_EQ(operations, 2U);
}

TEST_F(ReportTest, WithdrawsGroupsThatNobodyWants) {
  publish_flood_row();
  const auto& set = rows.database.table<hwvtep::McastMacsLocal>().begin()->second.locator_set;
  const auto gone = rows.insert(
      hwvtep::McastMacsLocal{.MAC = "01:00:5e:01:02:03", .logical_switch = red, .locator_set = Uuid(set)});
  EXPECT_THAT(report({.everything = false, .macs = {}, .groups = true}),
              HasSubstr(erased("Mcast_Macs_Local", gone)));
  EXPECT_EQ(operations, 1U);
}

TEST_F(ReportTest, LooksAtSingleHostsOnly) {
  learned("00:00:00:00:aa:02");
  learned("00:00:00:00:aa:03");
  const auto text = report({.everything = false, .macs = {{Vni{100}, mac("00:00:00:00:aa:03")}}});
  EXPECT_THAT(text, AllOf(HasSubstr("00:00:00:00:aa:03"), Not(HasSubstr("00:00:00:00:aa:02")),
                          Not(HasSubstr("unknown-dst"))));
}

TEST_F(ReportTest, LeavesTheRestForTheNextTransaction) {
  publish_flood_row();
  for (const char* host : {"00:00:00:00:aa:02", "00:00:00:00:aa:03", "00:00:00:00:aa:04"}) learned(host);
  report({}, 2);
  EXPECT_EQ(operations, 2U);
  EXPECT_FALSE(rest.everything);
  EXPECT_THAT(rest.macs, SizeIs(1));
}

TEST_F(ReportTest, FollowsThePortsThatComeAndGo) {
  publish_flood_row();
  installed.apply(LinkChanged{{.index = IfIndex{3}, .name = "eth2"}});
  EXPECT_EQ(report(),
            R"(["db",{"op":"insert","table":"Physical_Port","uuid-name":"ROW","row":{"name":"eth2"}},)"
            R"({"op":"mutate","table":"Physical_Switch","where":[["_uuid","==",["uuid",")" +
                own.to_string() + R"("]]],"mutations":[["ports","insert",["named-uuid","ROW"]]]}])");
  const auto idle = rows.port("eth9");
  rows.edit<hwvtep::PhysicalSwitch>(own, [&](auto& row) { row.ports.insert(idle); });
  installed.apply(LinkGone{IfIndex{3}});
  installed.apply(LinkGone{kPort});
  const auto text = report();
  EXPECT_THAT(text, HasSubstr(R"("mutations":[["ports","delete",["uuid",")" + idle.to_string()));
  EXPECT_THAT(text, Not(HasSubstr(port.to_string()))) << "it has a binding";
}

// Each fault of vtep(5) that layer 2 can have: how it comes, and where it stands.
struct FaultCase {
  const char* word;
  const char* column;
  std::function<void(ReportTest&)> cause;
  std::function<void(ReportTest&)> end;
};

class ReportOfAFault : public ReportTest, public ::testing::WithParamInterface<FaultCase> {
 public:
  static std::vector<FaultCase> all() {
    const auto of = [](ReportTest& test) -> ReportOfAFault& { return static_cast<ReportOfAFault&>(test); };
    const char* on_switch = "switch_fault_status";
    const char* on_port = "port_fault_status";
    const auto flag = [&](const char* word, bool Faults::* member) {
      return FaultCase{word, on_switch, [=](ReportTest& t) { of(t).faults.*member = true; },
                       [=](ReportTest& t) { of(t).faults.*member = false; }};
    };
    const auto bind = [=](const char* word, std::set<std::string> Faults::* member) {
      return FaultCase{word, on_port, [=](ReportTest& t) { (of(t).faults.*member).insert("eth1"); },
                       [=](ReportTest& t) { (of(t).faults.*member).clear(); }};
    };
    const auto edit = [=](const char* word, std::map<std::int64_t, Uuid> hwvtep::PhysicalPort::* column,
                          std::int64_t key) {
      return FaultCase{word, on_port,
                       [=](ReportTest& t) {
                         of(t).rows.edit<hwvtep::PhysicalPort>(
                             of(t).port, [&](auto& row) { (row.*column)[key] = of(t).red; });
                       },
                       [=](ReportTest& t) {
                         of(t).rows.edit<hwvtep::PhysicalPort>(of(t).port,
                                                               [&](auto& row) { (row.*column).erase(key); });
                       }};
    };
    return {flag("mac_table_exhaustion", &Faults::mac_table_exhaustion),
            flag("tunnel_exhaustion", &Faults::tunnel_exhaustion),
            flag("unspecified_fault", &Faults::unspecified),
            {"lr_support_fault", on_switch,
             [=](ReportTest& t) { of(t).router = of(t).rows.insert(hwvtep::LogicalRouter{.name = "r"}); },
             [=](ReportTest& t) { of(t).rows.erase<hwvtep::LogicalRouter>(of(t).router); }},
            bind("invalid_vlan_map", &Faults::conflicting_ports),
            bind("unspecified_fault", &Faults::failing_ports),
            edit("invalid_vlan_map", &hwvtep::PhysicalPort::vlan_bindings, 4095),
            edit("invalid_ACL_binding", &hwvtep::PhysicalPort::acl_bindings, 0)};
  }
  Uuid router;
};

TEST_P(ReportOfAFault, IsSetAndClearedAndOtherWordsAreLeftAlone) {
  const auto& fault = GetParam();
  publish_flood_row();
  rows.edit<hwvtep::PhysicalPort>(port, [](auto& row) { row.port_fault_status = {"another"}; });
  rows.edit<hwvtep::PhysicalSwitch>(own, [](auto& row) { row.switch_fault_status = {"another"}; });
  EXPECT_EQ(report(), R"(["db"])");
  fault.cause(*this);
  const auto mutation = [&](const char* what) {
    return "\"mutations\":[[\"" + std::string(fault.column) + "\",\"" + what + "\",\"" + fault.word + "\"]]";
  };
  EXPECT_THAT(report(), HasSubstr(mutation("insert")));
  EXPECT_EQ(operations, 1U);
  if (fault.column == std::string("port_fault_status")) {
    rows.edit<hwvtep::PhysicalPort>(port, [&](auto& row) { row.port_fault_status.insert(fault.word); });
  } else {
    rows.edit<hwvtep::PhysicalSwitch>(own, [&](auto& row) { row.switch_fault_status.insert(fault.word); });
  }
  EXPECT_EQ(report(), R"(["db"])");
  fault.end(*this);
  EXPECT_THAT(report(), HasSubstr(mutation("delete")));
  EXPECT_EQ(operations, 1U);
}

INSTANTIATE_TEST_SUITE_P(Words, ReportOfAFault, ::testing::ValuesIn(ReportOfAFault::all()),
                         [](const auto& case_info) {
                           return std::string(case_info.param.word) +
                                  (case_info.param.column[0] == 's' ? "OfTheSwitch" : "OfAPort") +
                                  std::to_string(case_info.index);
                         });

TEST_F(ReportTest, PutsBackItsTunnelIp) {
  publish_flood_row();
  rows.edit<hwvtep::PhysicalSwitch>(own, [](auto& row) { row.tunnel_ips.clear(); });
  EXPECT_THAT(report(), HasSubstr(R"("row":{"tunnel_ips":"192.168.2.20"})"));
}

}  // namespace
}  // namespace kvtep::planner
