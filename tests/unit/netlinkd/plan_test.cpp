#include "netlinkd/planner/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netlinkd/planner/port_plan.hpp"
#include "tests/support/rows.hpp"

namespace kvtep::planner {
namespace {

using kvtep::testing::ip;
using kvtep::testing::mac;
using kvtep::testing::uuid;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr IfIndex kPort{2};
constexpr IfIndex kBridge{10};
constexpr IfIndex kVxlan{11};
constexpr IfIndex kVlan{12};
constexpr Vni kRed{100};

std::string alias() { return ownership_alias("s2", uuid(7).to_string(), "red"); }

VxlanInfo vxlan_info() { return {.vni = kRed, .local = ip("192.168.2.20")}; }

DesiredSwitch red() {
  return {.logical_switch = uuid(7),
          .bridge_name = "kvbr100",
          .vxlan_name = "kvvx100",
          .alias = alias(),
          .bridge_address = mac("06:00:00:00:00:01"),
          .vxlan = vxlan_info()};
}

Desired with_red() {
  Desired desired;
  desired.switches.emplace(kRed, red());
  desired.vni_of.emplace(uuid(7), kRed);
  return desired;
}

Link bridge() {
  return {.index = kBridge, .name = "kvbr100", .alias = alias(), .up = true, .info = BridgeInfo{}};
}

Link vxlan() {
  return {.index = kVxlan,
          .name = "kvvx100",
          .alias = alias(),
          .master = kBridge,
          .up = true,
          .mtu = 1500,
          .info = vxlan_info(),
          .bridge_port = BridgePort{.learning = false}};
}

Link port(IfIndex master = {}) { return {.index = kPort, .name = "eth1", .master = master, .up = true}; }

Link vlan(IfIndex master = kBridge, bool up = true) {
  return {.index = kVlan,
          .name = "eth1.5",
          .alias = alias(),
          .master = master,
          .up = up,
          .info = VlanInfo{.vlan = VlanId{5}, .parent = kPort}};
}

Installed kernel(std::initializer_list<KernelEvent> events) {
  Installed installed;
  for (const auto& event : events) installed.apply(event);
  return installed;
}

Installed in_place() {
  return kernel({LinkChanged{bridge()}, LinkChanged{vxlan()}, TagFilterChanged{kVxlan, {}}});
}

std::vector<KernelOp> ops(const Plan& plan) {
  std::vector<KernelOp> result;
  for (const auto& step : plan.steps) result.push_back(step.op);
  return result;
}

TEST(PlanLinks, AsksForNothingWhereEverythingIsInPlace) {
  EXPECT_THAT(plan_links(with_red(), in_place(), "s2").steps, IsEmpty());
}

TEST(PlanLinks, CreatesTheBridgeFirstAndAlone) {
  const auto plan = plan_links(with_red(), {}, "s2");
  EXPECT_THAT(ops(plan), ElementsAre(KernelOp(CreateBridge{
                             .name = "kvbr100", .alias = alias(), .address = mac("06:00:00:00:00:01")})));
}

TEST(PlanLinks, GivesABridgeItsLimitWhereTheKernelHasOne) {
  auto desired = with_red();
  desired.switches.at(kRed).bridge.mac_limit = 50;
  EXPECT_THAT(ops(plan_links(desired, in_place(), "s2")),
              ElementsAre(KernelOp(ConfigureBridge{kBridge, {.mac_limit = 50}})));
  auto limitless = bridge();
  limitless.info = BridgeInfo{.mac_limit = std::nullopt};
  auto installed = in_place();
  installed.apply(LinkChanged{limitless});
  EXPECT_THAT(plan_links(desired, installed, "s2").steps, IsEmpty());
}

TEST(PlanLinks, CreatesTheVxlanDeviceInTheBridgeOnceThatIsThere) {
  const auto plan = plan_links(with_red(), kernel({LinkChanged{bridge()}}), "s2");
  EXPECT_THAT(ops(plan), ElementsAre(KernelOp(CreateVxlan{
                             .name = "kvvx100", .alias = alias(), .info = vxlan_info(), .bridge = kBridge})));
}

TEST(PlanLinks, SetsTheVxlanDeviceUpOnlyBehindItsFilter) {
  auto down = vxlan();
  down.up = false;
  auto installed = kernel({LinkChanged{bridge()}, LinkChanged{down}});
  EXPECT_THAT(ops(plan_links(with_red(), installed, "s2")),
              ElementsAre(KernelOp(SetTagFilter{.index = kVxlan})));
  installed.apply(TagFilterChanged{kVxlan, {}});
  EXPECT_THAT(ops(plan_links(with_red(), installed, "s2")),
              ElementsAre(KernelOp(kvtep::SetUp{.index = kVxlan})));
}

TEST(PlanLinks, SetsTheVxlanDeviceUpOnlyOnceThePortNoLongerLearns) {
  auto learning = vxlan();
  learning.up = false;
  learning.bridge_port = BridgePort{.learning = true};
  const auto installed = kernel({LinkChanged{bridge()}, LinkChanged{learning}, TagFilterChanged{kVxlan, {}}});
  EXPECT_THAT(ops(plan_links(with_red(), installed, "s2")),
              ElementsAre(KernelOp(ConfigureBridgePort{.index = kVxlan, .port = {.learning = false}})));
}

TEST(PlanLinks, PutsBackWhatAnOperatorChanged) {
  auto renamed_network = bridge();
  renamed_network.info = BridgeInfo{.multicast_snooping = true};
  auto other_local = vxlan();
  auto info = vxlan_info();
  info.local = ip("10.9.9.9");
  info.learning = true;
  other_local.info = info;
  other_local.master = {};
  other_local.bridge_port.reset();
  const auto installed =
      kernel({LinkChanged{renamed_network}, LinkChanged{other_local}, TagFilterChanged{kVxlan, {}}});
  EXPECT_THAT(ops(plan_links(with_red(), installed, "s2")),
              UnorderedElementsAre(KernelOp(ConfigureBridge{.index = kBridge}),
                                   KernelOp(ConfigureVxlan{.index = kVxlan, .info = vxlan_info()}),
                                   KernelOp(SetMaster{.index = kVxlan, .bridge = kBridge})));
}

TEST(PlanLinks, ReplacesADeviceOfOursWhoseVniCannotBeChanged) {
  auto wrong = vxlan();
  wrong.info = VxlanInfo{.vni = Vni{101}, .local = ip("192.168.2.20")};
  const auto plan = plan_links(with_red(), kernel({LinkChanged{bridge()}, LinkChanged{wrong}}), "s2");
  EXPECT_THAT(plan.steps, ElementsAre(Step{.op = DeleteLink{.index = kVxlan, .name = "kvvx100"}}));
}

TEST(PlanLinks, LeavesAForeignDeviceOfOurNameAlone) {
  auto foreign = bridge();
  foreign.alias = "";
  const auto plan = plan_links(with_red(), kernel({LinkChanged{foreign}}), "s2");
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_THAT(plan.conflicts, SizeIs(1));
}

TEST(PlanLinks, LeavesAForeignDeviceWithOurVniAlone) {
  auto foreign = vxlan();
  foreign.name = "vxlan100";
  foreign.alias = "mine";
  foreign.master = {};
  const auto plan = plan_links(with_red(), kernel({LinkChanged{bridge()}, LinkChanged{foreign}}), "s2");
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_THAT(plan.conflicts, SizeIs(1));
}

TEST(PlanLinks, RemovesLeftoversOfThisSwitchOnly) {
  auto other = bridge();
  other.index = IfIndex{20};
  other.name = "kvbr7";
  other.alias = ownership_alias("another", uuid(7).to_string(), "red");
  const auto plan = plan_links({}, kernel({LinkChanged{bridge()}, LinkChanged{other}}), "s2");
  EXPECT_THAT(plan.steps,
              ElementsAre(Step{.op = DeleteLink{.index = kBridge, .name = "kvbr100"}, .is_removal = true}));
}

TEST(PlanLinks, AddsToTheFloodListBeforeItTakesAway) {
  auto desired = with_red();
  for (const auto& group : {MacAddress{}, mac("01:00:5e:01:02:03")}) {
    desired.switches.at(kRed).multicast = {{group, {{ip("10.0.0.2")}, {ip("10.0.0.3")}}}};
    auto installed = in_place();
    for (const char* address : {"10.0.0.1", "10.0.0.2"}) {
      installed.apply(
          VxlanEntryChanged{{.device = kVxlan, .mac = group, .destination = {.address = ip(address)}}});
    }
    EXPECT_THAT(plan_links(desired, installed, "s2").steps,
                ElementsAre(Step{.op = AddFloodDestination{kVxlan, {ip("10.0.0.3")}, group}},
                            Step{.op = RemoveFloodDestination{kVxlan, {ip("10.0.0.1")}, group}}));
  }
}

TEST(PlanLinks, EmptiesNoListThatIsToHaveOthers) {
  auto desired = with_red();
  desired.switches.at(kRed).multicast = {{MacAddress{}, {{ip("10.0.0.2")}}}};
  auto installed = in_place();
  const auto there = [&](const char* address) {
    installed.apply(VxlanEntryChanged{{.device = kVxlan, .destination = {.address = ip(address)}}});
  };
  there("10.0.0.1");
  EXPECT_THAT(plan_links(desired, installed, "s2").steps,
              ElementsAre(Step{.op = AddFloodDestination{kVxlan, {ip("10.0.0.2")}, {}}}));
  there("10.0.0.2");
  EXPECT_THAT(plan_links(desired, installed, "s2").steps,
              ElementsAre(Step{.op = RemoveFloodDestination{kVxlan, {ip("10.0.0.1")}, {}}}));
}

TEST(PlanLinks, RemovesTheGroupsOfNobody) {
  auto installed = in_place();
  const auto group = mac("ff:ff:ff:ff:ff:ff");
  const TunnelDestination stranger{.address = ip("10.0.0.1"), .vni = Vni{9}, .udp_port = 8472};
  installed.apply(VxlanEntryChanged{{.device = kVxlan, .mac = group, .destination = stranger}});
  EXPECT_THAT(plan_links(with_red(), installed, "s2").steps,
              ElementsAre(Step{.op = RemoveFloodDestination{kVxlan, stranger, group}, .is_removal = true}));
}

TEST(PlanLinks, WaitsBeforeItEmptiesTheFloodList) {
  auto installed = in_place();
  installed.apply(VxlanEntryChanged{{.device = kVxlan, .destination = {.address = ip("10.0.0.1")}}});
  const auto plan = plan_links(with_red(), installed, "s2");
  ASSERT_THAT(plan.steps, SizeIs(1));
  EXPECT_TRUE(plan.steps.front().is_removal);
}

// --- Ports

Desired with_untagged() {
  auto desired = with_red();
  desired.inventory = {"eth1"};
  desired.ports["eth1"].untagged = kRed;
  return desired;
}

Desired with_tagged() {
  auto desired = with_red();
  desired.inventory = {"eth1"};
  desired.ports["eth1"].tagged[VlanId{5}] = kRed;
  return desired;
}

TEST(PlanPorts, PutsAPortIntoTheBridgeOnlyBehindItsFilter) {
  auto installed = in_place();
  installed.apply(LinkChanged{port()});
  EXPECT_THAT(ops(plan_links(with_untagged(), installed, "s2")),
              ElementsAre(KernelOp(SetTagFilter{.index = kPort})));
  installed.apply(TagFilterChanged{kPort, {}});
  EXPECT_THAT(ops(plan_links(with_untagged(), installed, "s2")),
              ElementsAre(KernelOp(SetMaster{.index = kPort, .bridge = kBridge})));
  installed.apply(LinkChanged{port(kBridge)});
  EXPECT_THAT(plan_links(with_untagged(), installed, "s2").steps, IsEmpty());
}

TEST(PlanPorts, NeverStealsAPortFromAForeignBridge) {
  auto installed = in_place();
  installed.apply(LinkChanged{{.index = IfIndex{30}, .name = "br-mine", .info = BridgeInfo{}}});
  installed.apply(LinkChanged{port(IfIndex{30})});
  const auto plan = plan_links(with_untagged(), installed, "s2");
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_THAT(plan.conflicting_ports, ElementsAre("eth1"));
}

TEST(PlanPorts, TakesAnUnboundPortOutAndThenItsFilterOff) {
  auto installed = in_place();
  installed.apply(LinkChanged{port(kBridge)});
  installed.apply(TagFilterChanged{kPort, {}});
  auto desired = with_red();
  desired.inventory = {"eth1"};
  EXPECT_THAT(plan_links(desired, installed, "s2").steps,
              ElementsAre(Step{.op = SetMaster{.index = kPort}, .is_removal = true}));
  installed.apply(LinkChanged{port()});
  EXPECT_THAT(plan_links(desired, installed, "s2").steps,
              ElementsAre(Step{.op = RemoveTagFilter{.index = kPort}}));
}

TEST(PlanPorts, MovesAPortFromOneSwitchToTheOtherInOneStep) {
  auto desired = with_untagged();
  auto blue = red();
  blue.bridge_name = "kvbr200";
  blue.vxlan_name = "kvvx200";
  blue.vxlan.vni = Vni{200};
  desired.switches.emplace(Vni{200}, blue);
  desired.ports["eth1"].untagged = Vni{200};
  auto installed = in_place();
  installed.apply(LinkChanged{port(kBridge)});
  installed.apply(TagFilterChanged{kPort, {}});
  auto blue_bridge = bridge();
  blue_bridge.index = IfIndex{20};
  blue_bridge.name = "kvbr200";
  installed.apply(LinkChanged{blue_bridge});
  EXPECT_THAT(ops(plan_links(desired, installed, "s2")),
              ::testing::Contains(KernelOp(SetMaster{.index = kPort, .bridge = IfIndex{20}})));
}

TEST(PlanPorts, BuildsATaggedBindingStepByStep) {
  auto installed = in_place();
  installed.apply(LinkChanged{port()});
  const auto desired = with_tagged();
  EXPECT_THAT(ops(plan_links(desired, installed, "s2")),
              ElementsAre(KernelOp(CreateVlan{
                  .name = "eth1.5", .alias = alias(), .info = {.vlan = VlanId{5}, .parent = kPort}})));
  installed.apply(LinkChanged{vlan({}, false)});
  EXPECT_THAT(ops(plan_links(desired, installed, "s2")), ElementsAre(KernelOp(SetTagFilter{.index = kVlan})));
  installed.apply(TagFilterChanged{kVlan, {}});
  EXPECT_THAT(ops(plan_links(desired, installed, "s2")),
              ElementsAre(KernelOp(SetMaster{.index = kVlan, .bridge = kBridge})));
  installed.apply(LinkChanged{vlan(kBridge, false)});
  EXPECT_THAT(ops(plan_links(desired, installed, "s2")), ElementsAre(KernelOp(kvtep::SetUp{.index = kVlan})));
  installed.apply(LinkChanged{vlan()});
  EXPECT_THAT(plan_links(desired, installed, "s2").steps, IsEmpty());
}

TEST(PlanPorts, DoesNotSetAVlanDeviceUpWhileItsPortIsDown) {
  auto down = port();
  down.up = false;
  auto installed = in_place();
  for (const KernelEvent& event :
       {KernelEvent(LinkChanged{down}), KernelEvent(LinkChanged{vlan(kBridge, false)}),
        KernelEvent(TagFilterChanged{kVlan, {}})}) {
    installed.apply(event);
  }
  EXPECT_THAT(plan_links(with_tagged(), installed, "s2").steps, IsEmpty());
}

TEST(PlanPorts, OpensTheFilterOnlyForVlansThatHaveADevice) {
  auto desired = with_tagged();
  desired.ports["eth1"].untagged = kRed;
  auto installed = in_place();
  installed.apply(LinkChanged{port(kBridge)});
  installed.apply(TagFilterChanged{kPort, {}});
  EXPECT_THAT(ops(plan_links(desired, installed, "s2")),
              ElementsAre(KernelOp(CreateVlan{
                  .name = "eth1.5", .alias = alias(), .info = {.vlan = VlanId{5}, .parent = kPort}})));
  installed.apply(LinkChanged{vlan()});
  installed.apply(TagFilterChanged{kVlan, {}});
  EXPECT_THAT(ops(plan_links(desired, installed, "s2")),
              ElementsAre(KernelOp(SetTagFilter{.index = kPort, .filter = {.allowed = {VlanId{5}}}})));
}

TEST(PlanPorts, ClosesTheFilterBeforeTheVlanDeviceGoes) {
  auto installed = in_place();
  installed.apply(LinkChanged{port(kBridge)});
  installed.apply(TagFilterChanged{kPort, {.allowed = {VlanId{5}}}});
  installed.apply(LinkChanged{vlan()});
  installed.apply(TagFilterChanged{kVlan, {}});
  EXPECT_THAT(plan_links(with_untagged(), installed, "s2").steps,
              ElementsAre(Step{.op = SetTagFilter{.index = kPort}, .is_removal = true}));
  installed.apply(TagFilterChanged{kPort, {}});
  EXPECT_THAT(plan_links(with_untagged(), installed, "s2").steps,
              ElementsAre(Step{.op = DeleteLink{.index = kVlan, .name = "eth1.5"}, .is_removal = true}));
}

TEST(PlanPorts, ClosesTheFilterAtOnceForAVlanWhoseDeviceIsGone) {
  auto desired = with_untagged();
  auto installed = in_place();
  installed.apply(LinkChanged{port(kBridge)});
  installed.apply(TagFilterChanged{kPort, {.allowed = {VlanId{5}}}});
  EXPECT_THAT(plan_links(desired, installed, "s2").steps,
              ElementsAre(Step{.op = SetTagFilter{.index = kPort}}));
}

TEST(PlanPorts, LeavesAnOperatorsVlanDeviceAlone) {
  auto foreign = vlan({});
  foreign.alias = "";
  auto installed = in_place();
  installed.apply(LinkChanged{port()});
  installed.apply(LinkChanged{foreign});
  const auto plan = plan_links(with_tagged(), installed, "s2");
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_THAT(plan.conflicting_ports, ElementsAre("eth1"));
}

TEST(PlanPorts, LeavesNothingOnAPortThatIsNoLongerOurs) {
  auto installed = in_place();
  installed.apply(LinkChanged{port()});
  installed.apply(TagFilterChanged{kPort, {.allowed = {VlanId{5}}}});
  installed.apply(LinkChanged{vlan()});
  installed.apply(TagFilterChanged{kVlan, {}});
  EXPECT_THAT(
      plan_links(with_red(), installed, "s2").steps,
      UnorderedElementsAre(Step{.op = RemoveTagFilter{.index = kPort}},
                           Step{.op = DeleteLink{.index = kVlan, .name = "eth1.5"}, .is_removal = true}));
}

TEST(PlanPorts, TakesNoVlanFromAPortOfAForeignBridge) {
  auto installed = in_place();
  installed.apply(LinkChanged{{.index = IfIndex{30}, .name = "br-mine", .info = BridgeInfo{}}});
  installed.apply(LinkChanged{port(IfIndex{30})});
  const auto plan = plan_links(with_tagged(), installed, "s2");
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_THAT(plan.conflicting_ports, ElementsAre("eth1"));
}

TEST(PlanPorts, TakesAForeignDeviceOutOfOurBridge) {
  auto installed = in_place();
  installed.apply(LinkChanged{{.index = IfIndex{40}, .name = "tap0", .master = kBridge}});
  EXPECT_THAT(plan_links(with_red(), installed, "s2").steps,
              ElementsAre(Step{.op = SetMaster{.index = IfIndex{40}}, .is_removal = true}));
}

Step filter_step(const std::set<IpAddress>& allowed, bool is_removal = false) {
  const SourceFilter filter{.tunnel_ip = ip("192.168.2.20"), .allowed = allowed};
  return {.op = SetSourceFilter{"kvtep_s2", filter}, .is_removal = is_removal};
}

std::vector<Step> plan_filter(std::optional<std::set<IpAddress>> wanted,
                              const std::optional<std::set<IpAddress>>& there) {
  Desired desired;
  const auto tunnel_ip = ip("192.168.2.20");
  if (wanted) desired.source_filter = SourceFilter{.tunnel_ip = tunnel_ip, .allowed = *wanted};
  Installed installed;
  if (there) installed.apply(SourceFilterChanged{"kvtep_s2", {.tunnel_ip = tunnel_ip, .allowed = *there}});
  installed.apply(SourceFilterChanged{"kvtep_s3", {.tunnel_ip = tunnel_ip, .allowed = {}}});
  return plan_links(desired, installed, "s2").steps;
}

TEST(PlanSourceFilter, AddsAtOnceAndTakesAwayAfterAWhile) {
  const auto one = ip("10.0.0.1");
  const auto two = ip("10.0.0.2");
  EXPECT_THAT(plan_filter({{}}, std::nullopt), ElementsAre(filter_step({})));
  EXPECT_THAT(plan_filter({{one}}, {{one}}), IsEmpty());
  EXPECT_THAT(plan_filter({{one, two}}, {{one}}), ElementsAre(filter_step({one, two})));
  EXPECT_THAT(plan_filter({{two}}, {{one}}), ElementsAre(filter_step({one, two})));
  EXPECT_THAT(plan_filter({{two}}, {{one, two}}), ElementsAre(filter_step({two}, true)));
  EXPECT_THAT(plan_filter(std::nullopt, {{one}}), ElementsAre(Step{.op = RemoveSourceFilter{"kvtep_s2"}}));
  EXPECT_THAT(plan_filter(std::nullopt, std::nullopt), IsEmpty());
}

TEST(PlanSourceFilter, IsReplacedWhereItIsForAnotherTunnelIp) {
  Desired desired;
  desired.source_filter = SourceFilter{.tunnel_ip = ip("192.168.2.20"), .allowed = {}};
  Installed installed;
  installed.apply(
      SourceFilterChanged{"kvtep_s2", {.tunnel_ip = ip("192.168.2.21"), .allowed = {ip("10.0.0.1")}}});
  EXPECT_THAT(plan_links(desired, installed, "s2").steps, ElementsAre(filter_step({})));
}

TEST(VlanDeviceName, FitsIntoADeviceName) {
  Link link{.index = IfIndex{0x7fffffff}, .name = "eth1"};
  EXPECT_EQ(vlan_device_name(link, VlanId{4094}), "eth1.4094");
  link.name = "enp0s31f6np10";
  EXPECT_EQ(vlan_device_name(link, VlanId{4094}), "kv7fffffff.4094");
}

}  // namespace
}  // namespace kvtep::planner
