#include "netlinkd/planner/desired.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netlinkd/planner/remote_mac.hpp"
#include "tests/support/rows.hpp"

namespace kvtep::planner {
namespace {

using kvtep::testing::ip;
using kvtep::testing::mac;
using kvtep::testing::Rows;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

TunnelDestination plain(const char* address) { return {.address = ip(address)}; }

std::string reasons(const Desired& desired) {
  std::string text;
  for (const auto& issue : desired.issues) text += issue.object + ": " + issue.reason + "\n";
  return text;
}

TEST(Desired, MakesABridgeAndAVxlanDeviceOfASwitchBoundOrNot) {
  Rows rows;
  const auto red = rows.logical_switch("red", 100);
  const auto desired = planner::desired(rows.view(), {});
  ASSERT_TRUE(desired);
  ASSERT_THAT(desired->switches, SizeIs(1));
  const auto& wish = desired->switches.at(Vni{100});
  EXPECT_EQ(wish.bridge_name, "kvbr100");
  EXPECT_EQ(wish.vxlan_name, "kvvx100");
  EXPECT_EQ(wish.alias, "kvtep/s2/" + red.to_string() + " red");
  EXPECT_EQ(wish.vxlan, (VxlanInfo{.vni = Vni{100}, .local = ip("192.168.2.20")}));
  EXPECT_THAT(wish.multicast, IsEmpty());
  EXPECT_FALSE(wish.bridge_address.is_group());
}

TEST(Desired, LeavesOutASwitchWhoseKeyIsNoVni) {
  for (const std::optional<std::int64_t> key :
       {std::optional<std::int64_t>{}, std::optional<std::int64_t>{0}, std::optional<std::int64_t>{-5},
        std::optional<std::int64_t>{0x1000000}}) {
    Rows rows;
    rows.logical_switch("red", key);
    rows.logical_switch("blue", 200);
    const auto desired = planner::desired(rows.view(), {});
    EXPECT_THAT(desired->switches, SizeIs(1));
    EXPECT_THAT(desired->issues, SizeIs(1));
    EXPECT_THAT(reasons(*desired), HasSubstr("(red): "));
  }
}

TEST(Desired, TellsOfAFirewallThatSeesBridgedPackets) {
  Rows rows;
  Installed installed;
  installed.apply(HostChanged{{.firewall_sees_bridges = true}});
  EXPECT_TRUE(planner::desired(rows.view(), installed)->issues.empty()) << "there is no bridge";
  rows.logical_switch("red", 100);
  EXPECT_THAT(reasons(*planner::desired(rows.view(), installed)), HasSubstr("the host's firewall sees"));
}

TEST(Desired, TellsOfAnUnderlayThatIsTooSmallForThePorts) {
  Rows rows;
  const auto red = rows.logical_switch("red", 100);
  rows.own_switch({rows.port("eth1", {{0, red}})});
  const auto issues_at = [&](std::uint32_t port, const Path& path) {
    Installed installed;
    installed.apply(LinkChanged{{.index = IfIndex{5}, .name = "eth1", .mtu = port}});
    installed.apply(HostChanged{{.narrowest_path = path}});
    return planner::desired(rows.view(), installed)->issues.size();
  };
  const auto v4 = ip("192.168.1.10");
  const auto v6 = ip("2001:db8::10");
  EXPECT_EQ(issues_at(1500, {v4, 1550}), 0U);
  EXPECT_EQ(issues_at(1500, {v4, 1549}), 1U);
  EXPECT_EQ(issues_at(1500, {v6, 1570}), 0U);
  EXPECT_EQ(issues_at(1500, {v6, 1569}), 1U);
  EXPECT_EQ(issues_at(9000, {v4, 1550}), 1U);
}

TEST(Desired, GivesAVniToTheSwitchThatHasItAndElseToTheFirstByName) {
  Rows rows;
  const auto beta = rows.logical_switch("beta", 100);
  const auto alpha = rows.logical_switch("alpha", 100);
  EXPECT_EQ(planner::desired(rows.view(), {})->switches.at(Vni{100}).logical_switch, alpha);

  Installed installed;
  installed.apply(LinkChanged{{.index = IfIndex{5},
                               .name = "kvbr100",
                               .alias = ownership_alias("s2", beta.to_string(), "beta"),
                               .info = BridgeInfo{}}});
  const auto desired = planner::desired(rows.view(), installed);
  EXPECT_EQ(desired->switches.at(Vni{100}).logical_switch, beta);
  EXPECT_THAT(reasons(*desired),
              HasSubstr("(alpha): its VNI 100 is taken by the Logical_Switch " + beta.to_string()));
}

TEST(Desired, FloodsToAllInSourceNodeModeAndToTheLowestAddressElse) {
  Rows rows;
  const auto red = rows.logical_switch("red", 100);
  rows.flood(red, {rows.locator("192.168.1.12"), rows.locator("192.168.1.11")});
  rows.flood(red, {rows.locator("192.168.1.9"), rows.locator("192.168.2.20"), rows.locator("nowhere")});
  EXPECT_THAT(planner::desired(rows.view(), {})->switches.at(Vni{100}).multicast,
              ElementsAre(Pair(MacAddress{}, ElementsAre(plain("192.168.1.9")))));
  rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.replication_mode = "source_node"; });
  const auto desired = planner::desired(rows.view(), {});
  EXPECT_THAT(desired->switches.at(Vni{100}).multicast,
              ElementsAre(Pair(MacAddress{}, ElementsAre(plain("192.168.1.9"), plain("192.168.1.11"),
                                                         plain("192.168.1.12")))))
      << "two rows are one list, without our own address";
  EXPECT_THAT(reasons(*desired), HasSubstr("'nowhere' is no address at which a tunnel can end"));
}

TEST(Desired, GivesGroupsListsOfTheirOwn) {
  Rows rows;
  const auto red = rows.logical_switch("red", 100);
  rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.replication_mode = "source_node"; });
  const auto group = mac("01:00:5e:01:02:03");
  rows.flood(red, {rows.locator("192.168.1.11")}, "01:00:5E:01:02:03");
  rows.flood(red, {rows.locator("192.168.1.12")}, "01:00:5e:01:02:03");
  rows.flood(red, {rows.locator("192.168.1.13")}, "00:00:00:00:00:00");
  rows.flood(red, {rows.locator("192.168.2.20")}, "01:00:5e:09:09:09");  // only ourselves
  const auto host = rows.flood(red, {rows.locator("192.168.1.14")}, "02:00:00:00:00:01");
  const auto desired = planner::desired(rows.view(), {});
  EXPECT_THAT(desired->switches.at(Vni{100}).multicast,
              ElementsAre(Pair(MacAddress{}, ElementsAre(plain("192.168.1.13"))),
                          Pair(group, ElementsAre(plain("192.168.1.11"), plain("192.168.1.12")))));
  EXPECT_THAT(reasons(*desired), HasSubstr(host.to_string() + ": '02:00:00:00:00:01' is neither"));
  rows.erase<hwvtep::McastMacsRemote>(host);
  EXPECT_EQ(rows.index, Index::of(rows.database));
}

TEST(Desired, SendsWithALocatorsOwnKeyWhereItDiffersFromTheSwitchs) {
  Rows rows;
  const auto red = rows.logical_switch("red", 100);
  const auto locator = [&](std::int64_t key) {
    return rows.insert(hwvtep::PhysicalLocator{
        .encapsulation_type = "vxlan_over_ipv4", .dst_ip = "192.168.1.10", .tunnel_key = key});
  };
  for (const auto& [key, vni] :
       std::vector<std::pair<std::int64_t, std::optional<Vni>>>{{7, Vni{7}}, {100, std::nullopt}}) {
    const auto row = rows.flood(red, {locator(key)});
    EXPECT_THAT(planner::desired(rows.view(), {})->switches.at(Vni{100}).multicast.at(MacAddress{}),
                ElementsAre(TunnelDestination{.address = ip("192.168.1.10"), .vni = vni}));
    rows.erase<hwvtep::McastMacsRemote>(row);
  }
}

TEST(Desired, LeavesOutLocatorsThatCannotBeReached) {
  Rows rows;
  const auto red = rows.logical_switch("red", 100);
  const auto geneve =
      rows.insert(hwvtep::PhysicalLocator{.encapsulation_type = "geneve", .dst_ip = "192.168.1.10"});
  const auto keyed = rows.insert(hwvtep::PhysicalLocator{
      .encapsulation_type = "vxlan_over_ipv4", .dst_ip = "192.168.1.10", .tunnel_key = 1 << 24});
  rows.flood(red, {geneve, keyed, rows.locator("2001:db8::1"), rows.locator("239.1.1.1"),
                   kvtep::testing::uuid(999)});
  const auto desired = planner::desired(rows.view(), {});
  EXPECT_THAT(desired->switches.at(Vni{100}).multicast, IsEmpty());
  for (const char* why : {"geneve", "tunnel_key 16777216 is no VNI", "different families", "239.1.1.1",
                          "no Physical_Locator"}) {
    EXPECT_THAT(reasons(*desired), HasSubstr(why));
  }
}

TEST(Desired, ResolvesBindingsOfPortsThatAreOurs) {
  Rows rows;
  const auto red = rows.logical_switch("red", 100);
  const auto blue = rows.logical_switch("blue", 200);
  const auto unrealized = rows.logical_switch("grey", 0);
  rows.own_switch({rows.port("eth1", {{0, red}, {5, blue}, {6, unrealized}, {4095, red}}),
                   rows.port("wlan0", {{0, red}})});
  rows.port("eth2", {{0, red}});  // nobody's
  const auto desired = planner::desired(rows.view(), {});
  ASSERT_THAT(desired->ports, SizeIs(1));
  EXPECT_EQ(desired->ports.at("eth1"),
            (DesiredPort{.untagged = Vni{100}, .tagged = {{VlanId{5}, Vni{200}}}}));
  EXPECT_THAT(reasons(*desired), HasSubstr("4095 is no VLAN"));
  EXPECT_THAT(reasons(*desired), HasSubstr("Physical_Port wlan0: the device is no port of this switch"));
}

TEST(Desired, BindsNoDeviceThatCannotBeAPort) {
  Rows rows;
  rows.settings.ports.clear();
  const auto red = rows.logical_switch("red", 100);
  Installed installed;
  installed.apply(LinkChanged{{.index = IfIndex{1}, .name = "lo"}});
  installed.apply(LinkChanged{{.index = IfIndex{5}, .name = "br-mine", .info = BridgeInfo{}}});
  installed.apply(LinkChanged{{.index = IfIndex{6},
                               .name = "kvvx200",
                               .alias = ownership_alias("s2", kvtep::testing::uuid(7).to_string(), "blue"),
                               .info = VxlanInfo{.vni = Vni{200}}}});
  std::set<Uuid> ports;
  for (const char* name : {"lo", "br-mine", "kvvx200"}) ports.insert(rows.port(name, {{0, red}}));
  rows.own_switch(ports);
  const auto desired = planner::desired(rows.view(), installed);
  EXPECT_THAT(desired->ports, IsEmpty());
  EXPECT_THAT(desired->issues, SizeIs(3));
  EXPECT_THAT(desired->inventory, IsEmpty());
}

TEST(Desired, CanBeLimitedToBoundSwitches) {
  Rows rows;
  rows.settings.realize_bound_only = true;
  const auto red = rows.logical_switch("red", 100);
  rows.logical_switch("blue", 200);
  rows.own_switch({rows.port("eth1", {{0, red}})});
  EXPECT_THAT(planner::desired(rows.view(), {})->vni_of, ElementsAre(std::pair(red, Vni{100})));
}

TEST(Desired, AcceptsPacketsFromAllLocatorsOfTheTunnelsFamilyButItself) {
  Rows rows;
  for (const char* address : {"192.168.1.10", "192.168.2.20", "2001:db8::1", "0.0.0.0", "no address"}) {
    rows.locator(address);
  }
  EXPECT_FALSE(planner::desired(rows.view(), {})->source_filter);
  rows.settings.known_sources_only = true;
  EXPECT_EQ(planner::desired(rows.view(), {})->source_filter,
            (SourceFilter{.tunnel_ip = ip("192.168.2.20"), .allowed = {ip("192.168.1.10")}}));
}

TEST(Desired, SaysNothingWithoutATunnelIp) {
  Rows rows;
  rows.settings.tunnel_ip.reset();
  rows.logical_switch("red", 100);
  EXPECT_FALSE(planner::desired(rows.view(), {}));
  const auto own = rows.own_switch();
  rows.edit<hwvtep::PhysicalSwitch>(own, [](auto& row) { row.tunnel_ips = {"10.0.0.300", "192.168.9.1"}; });
  EXPECT_EQ(planner::desired(rows.view(), {})->switches.at(Vni{100}).vxlan.local, ip("192.168.9.1"));
}

TEST(Desired, TakesAnIpv6TunnelIpOfTheRowOnlyWhereThereIsNoIpv4One) {
  Rows rows;
  rows.settings.tunnel_ip.reset();
  const auto own = rows.own_switch();
  const auto with = [&](std::set<std::string> addresses) {
    rows.edit<hwvtep::PhysicalSwitch>(own, [&](auto& row) { row.tunnel_ips = std::move(addresses); });
    return planner::tunnel_ip(rows.view());
  };
  EXPECT_EQ(with({"2001:db8::2", "2001:db8::1", "192.168.9.1"}), ip("192.168.9.1"));
  EXPECT_EQ(with({"2001:db8::2", "2001:db8::1"}), ip("2001:db8::1"));
  EXPECT_EQ(with({"fe80::1", "::ffff:192.168.9.1"}), std::nullopt);
}

TEST(Desired, SendsOverIpv6AndRefusesRowsThatMixTheFamilies) {
  Rows rows;
  rows.settings.tunnel_ip = ip("2001:db8:2::20");
  const auto red = rows.logical_switch("red", 100);
  rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.replication_mode = "source_node"; });
  rows.flood(red, {rows.locator("2001:db8:1::10"), rows.locator("2001:0DB8:1:0::11"),
                   rows.locator("192.168.1.10"), rows.locator("2001:db8:2:0::20"), rows.locator("fe80::12")});
  const auto desired = planner::desired(rows.view(), {});
  const auto& wish = desired->switches.at(Vni{100});
  EXPECT_EQ(wish.vxlan.local, ip("2001:db8:2::20"));
  EXPECT_THAT(wish.multicast,
              ElementsAre(Pair(MacAddress{}, ElementsAre(plain("2001:db8:1::10"), plain("2001:db8:1::11")))));
  EXPECT_THAT(desired->issues, SizeIs(2));
  EXPECT_THAT(reasons(*desired), HasSubstr("192.168.1.10 and the tunnel IP 2001:db8:2::20 are of different "
                                           "families"));
  EXPECT_THAT(reasons(*desired), HasSubstr("'fe80::12' is no address at which a tunnel can end"));
}

TEST(Inventory, IsWhatMatchesOrElseWhatTheDatabaseLists) {
  Rows rows;
  rows.own_switch({rows.port("wlan0")});
  Installed installed;
  for (std::uint32_t i = 1; const char* name : {"lo", "eth1", "wlan0", "eth1.5"}) {
    installed.apply(LinkChanged{{.index = IfIndex{i++}, .name = name}});
  }
  installed.apply(LinkChanged{{.index = IfIndex{4},
                               .name = "eth1.5",
                               .alias = ownership_alias("s2", kvtep::testing::uuid(7).to_string(), "red")}});
  EXPECT_THAT(inventory(rows.view(), installed), ElementsAre("eth1"));
  rows.settings.ports.clear();
  EXPECT_THAT(inventory(rows.view(), installed), ElementsAre("wlan0"));
}

TEST(Index, LeavesOutRowsWhoseMacCannotBeRead) {
  Rows rows;
  const auto red = rows.logical_switch("red", 100);
  const auto far = rows.locator("192.168.1.10");
  for (const char* text : {"", "MAC 10.0.0.1", "01:00:5e:00:00:01", "00:00:00:00:00:00"})
    rows.remote_mac(text, red, far);
  const auto good = rows.remote_mac("00:00:00:00:AA:01", red, far);
  EXPECT_THAT(rows.index.issues(), SizeIs(4));
  EXPECT_THAT(rows.index.remote_rows(red, mac("00:00:00:00:aa:01")), ElementsAre(good));
  EXPECT_EQ(rows.index, Index::of(rows.database));
  rows.erase<hwvtep::UcastMacsRemote>(good);
  EXPECT_THAT(rows.index.remote_macs(), IsEmpty());
}

// --- One remote MAC

constexpr SwitchLinks kLinks{.bridge = IfIndex{10}, .vxlan = IfIndex{11}};
const MacAddress kHost = mac("00:00:00:00:aa:01");

TEST(RemoteDestination, IsTheLowestOfSeveralAndNeverOurOwn) {
  Rows rows;
  const auto red = rows.logical_switch("red", 100);
  for (const char* address : {"192.168.1.12", "192.168.1.11", "192.168.2.20", "bad"}) {
    rows.remote_mac("00:00:00:00:aa:01", red, rows.locator(address));
  }
  std::set<Issue> issues;
  const TunnelEnd end{.own = ip("192.168.2.20"), .vni = Vni{100}};
  EXPECT_EQ(remote_destination(rows.view(), red, kHost, end, &issues), plain("192.168.1.11"));
  ASSERT_THAT(issues, SizeIs(2));
  EXPECT_THAT(issues.begin()->reason, HasSubstr("192.168.1.11, and wins over 192.168.1.12"));
  EXPECT_THAT(issues.rbegin()->reason, HasSubstr("'bad' is no address"));
  EXPECT_EQ(remote_destination(rows.view(), red, mac("00:00:00:00:aa:02"), end), std::nullopt);
}

struct MacCase {
  const char* name;
  std::optional<VxlanEntry> remote;
  std::optional<BridgeEntry> entry;
  std::optional<TunnelDestination> wanted;
  bool yields;
  std::optional<Step> step;
};

VxlanEntry to(const char* address, bool lasting = true) {
  return {.device = kLinks.vxlan, .mac = kHost, .destination = {.address = ip(address)}, .lasting = lasting};
}
BridgeEntry at(IfIndex port, BridgeEntryKind kind) {
  return {.bridge = kLinks.bridge, .port = port, .mac = kHost, .kind = kind};
}

TEST(PlanRemoteMac, FollowsItsTable) {
  const auto here = at(kLinks.vxlan, BridgeEntryKind::ExternallyLearned);
  const auto local = at(IfIndex{2}, BridgeEntryKind::Learned);
  const auto own = at(IfIndex{2}, BridgeEntryKind::Permanent);
  const auto one = plain("192.168.1.10");
  const Step set{.op = SetRemoteMac{.vxlan = kLinks.vxlan, .mac = kHost, .destination = one}};
  auto keyed = to("192.168.1.10");
  keyed.destination.vni = Vni{7};
  const auto remove = [](bool vxlan, bool bridge) {
    return Step{
        .op =
            RemoveRemoteMac{.vxlan = kLinks.vxlan, .mac = kHost, .from_vxlan = vxlan, .from_bridge = bridge},
        .is_removal = true};
  };
  const std::vector<MacCase> cases = {
      {"nothing wanted, nothing there", {}, {}, {}, false, {}},
      {"in place", to("192.168.1.10"), here, one, false, {}},
      {"absent", {}, {}, one, false, set},
      {"elsewhere", to("192.168.1.11"), here, one, false, set},
      {"with another key", keyed, here, one, false, set},
      {"ageing", to("192.168.1.10", false), here, one, false, set},
      {"the bridge's half is missing", to("192.168.1.10"), {}, one, false, set},
      {"the tunnel's half is missing", {}, here, one, false, set},
      {"a local host that came before the row", to("192.168.1.10"), local, one, false, set},
      {"a local host that came after the row", to("192.168.1.10"), local, one, true, {}},
      {"it has aged out", to("192.168.1.10"), {}, one, true, set},
      {"the address of a port", {}, own, one, false, {}},
      {"no longer wanted", to("192.168.1.10"), here, {}, false, remove(true, true)},
      {"no longer wanted, and local", to("192.168.1.10"), local, {}, false, remove(true, false)},
      {"half of it is left", {}, here, {}, false, remove(false, true)},
      {"a local host is nobody's business", {}, local, {}, false, {}},
  };
  for (const auto& [name, remote, entry, wanted, yields, step] : cases) {
    Installed installed;
    if (remote) installed.apply(VxlanEntryChanged{*remote});
    if (entry) installed.apply(BridgeEntryChanged{*entry});
    EXPECT_EQ(plan_remote_mac(kHost, wanted, yields, kLinks, installed), step) << name;
  }
}

}  // namespace
}  // namespace kvtep::planner
