// For which addresses a bridge answers, and what keeps moves announced where it does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netlinkd/planner/neighbours.hpp"
#include "netlinkd/planner/plan.hpp"
#include "tests/support/rows.hpp"

namespace kvtep::planner {
namespace {

using kvtep::testing::ip;
using kvtep::testing::mac;
using kvtep::testing::Rows;
using kvtep::testing::uuid;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr SwitchLinks kLinks{.bridge = {10}, .vxlan = {11}};
constexpr IfIndex kPort{2};
const MacAddress kLow = mac("00:00:00:00:aa:01");
const MacAddress kHigh = mac("00:00:00:00:aa:02");

struct Red {
  Red() : red(rows.logical_switch("red", 100)), far(rows.locator("192.168.1.10")) {}
  std::optional<MacAddress> wanted(const char* address) {
    issues.clear();
    return remote_neighbour(rows.view(), red, ip(address), {.own = ip("192.168.2.20"), .vni = Vni{100}},
                            &issues);
  }
  Rows rows;
  Uuid red, far;
  std::set<Issue> issues;
};

TEST(RemoteNeighbour, IsTheMacOfTheRowThatSaysTheAddress) {
  Red world;
  world.rows.remote_host("00:00:00:00:AA:01", "10.0.0.5", world.red, world.far);
  world.rows.remote_host("00:00:00:00:aa:01", "fd00:0:0::5", world.red, world.far);
  EXPECT_EQ(world.wanted("10.0.0.5"), kLow);
  EXPECT_EQ(world.wanted("fd00::5"), kLow);
  EXPECT_EQ(world.wanted("10.0.0.6"), std::nullopt);
  EXPECT_THAT(world.issues, IsEmpty());
}

TEST(RemoteNeighbour, OfTwoMacsWithOneAddressIsTheLowestAndTheOtherIsSaid) {
  Red world;
  const auto high = world.rows.remote_host("00:00:00:00:aa:02", "10.0.0.5", world.red, world.far);
  const auto low = world.rows.remote_host("00:00:00:00:aa:01", "10.0.0.5", world.red, world.far);
  EXPECT_EQ(world.wanted("10.0.0.5"), kLow);
  ASSERT_THAT(world.issues, SizeIs(1));
  EXPECT_THAT(world.issues.begin()->object, HasSubstr(high.to_string()));
  EXPECT_THAT(world.issues.begin()->reason, HasSubstr("also that of 00:00:00:00:aa:01"));
  world.rows.erase<hwvtep::UcastMacsRemote>(low);
  EXPECT_EQ(world.wanted("10.0.0.5"), kHigh);
  EXPECT_THAT(world.issues, IsEmpty());
}

TEST(RemoteNeighbour, OfTwoRowsOfOneMacIsNoConflict) {
  Red world;
  const auto other = world.rows.locator("192.168.1.11");
  world.rows.remote_host("00:00:00:00:aa:01", "10.0.0.5", world.red, world.far);
  world.rows.remote_host("00:00:00:00:aa:01", "10.0.0.5", world.red, other);
  EXPECT_EQ(world.wanted("10.0.0.5"), kLow);
  EXPECT_THAT(world.issues, IsEmpty());
}

TEST(RemoteNeighbour, IsNoneOfAnotherSwitchOrBehindALocatorThatIsNoRemoteOne) {
  Red world;
  const auto blue = world.rows.logical_switch("blue", 200);
  world.rows.remote_host("00:00:00:00:aa:01", "10.0.0.5", blue, world.far);
  world.rows.remote_host("00:00:00:00:aa:01", "10.0.0.6", world.red, world.rows.locator("192.168.2.20"));
  world.rows.remote_host("00:00:00:00:aa:01", "10.0.0.7", world.red, world.rows.locator("nowhere"));
  for (const char* address : {"10.0.0.5", "10.0.0.6", "10.0.0.7"})
    EXPECT_EQ(world.wanted(address), std::nullopt) << address;
}

TEST(RemoteNeighbour, OfABadAddressIsLeftOutAloneAndSaid) {
  for (const char* address : {"10.0.0", "10.0.0.5/24", "224.0.0.5", "0.0.0.0", "127.0.0.1", "255.255.255.255",
                              "::", "::1", "ff02::1", "::ffff:10.0.0.5", "10.0.0.5 10.0.0.6", "host"}) {
    SCOPED_TRACE(address);
    Red world;
    const auto id = world.rows.remote_host("00:00:00:00:aa:01", address, world.red, world.far);
    const auto desired = planner::desired(world.rows.view(), {});
    ASSERT_THAT(desired->issues, SizeIs(1));
    EXPECT_THAT(desired->issues.begin()->reason, HasSubstr(address));
    EXPECT_FALSE(desired->switches.at(Vni{100}).answers_for_hosts);
    EXPECT_TRUE(
        remote_destination(world.rows.view(), world.red, kLow, {.own = ip("192.168.2.20"), .vni = Vni{100}}));
    world.rows.edit<hwvtep::UcastMacsRemote>(id, [](auto& row) { row.ipaddr = "fe80::5"; });
    EXPECT_THAT(planner::desired(world.rows.view(), {})->issues, IsEmpty());
    EXPECT_EQ(world.wanted("fe80::5"), kLow);
  }
}

Installed with(std::initializer_list<Neighbour> neighbours) {
  Installed installed;
  for (const auto& neighbour : neighbours) installed.apply(NeighbourChanged{neighbour});
  return installed;
}

TEST(PlanNeighbour, IsTheDifferenceBetweenTheDatabaseAndTheKernel) {
  const auto address = ip("10.0.0.5");
  const KernelOp set = SetNeighbour{.bridge = kLinks.bridge, .address = address, .mac = kLow};
  const KernelOp remove = RemoveNeighbour{.bridge = kLinks.bridge, .address = address};
  const auto low = with({{.device = kLinks.bridge, .address = address, .mac = kLow}});
  const auto high = with({{.device = kLinks.bridge, .address = address, .mac = kHigh}});
  EXPECT_EQ(plan_neighbour(address, std::nullopt, kLinks, {}), std::nullopt);
  EXPECT_EQ(plan_neighbour(address, kLow, kLinks, {}), Step{.op = set});
  EXPECT_EQ(plan_neighbour(address, kLow, kLinks, low), std::nullopt);
  EXPECT_EQ(plan_neighbour(address, kLow, kLinks, high), Step{.op = set});
  EXPECT_EQ(plan_neighbour(address, std::nullopt, kLinks, low), (Step{.op = remove, .is_removal = true}));
}

TEST(PlanNeighbour, LeavesSomebodyElsesEntryAlone) {
  const auto address = ip("fd00::5");
  const auto theirs =
      with({{.device = kLinks.bridge, .address = address, .mac = kHigh, .is_external = false}});
  EXPECT_EQ(plan_neighbour(address, kLow, kLinks, theirs), std::nullopt);
  EXPECT_EQ(plan_neighbour(address, std::nullopt, kLinks, theirs), std::nullopt);
  EXPECT_NE(foreign_neighbour(address, kLinks, theirs), nullptr);
}

// A switch with one local port, all of it in place but for what has to do with neighbours.
struct Links {
  Links() {
    wanted.switches[Vni{100}] = {.logical_switch = uuid(7),
                                 .bridge_name = "kvbr100",
                                 .vxlan_name = "kvvx100",
                                 .alias = alias,
                                 .vxlan = {.vni = Vni{100}, .local = ip("192.168.2.20")}};
    wanted.ports["eth1"].untagged = Vni{100};
    wanted.inventory = {"eth1"};
    apply(LinkChanged{
        {.index = kLinks.bridge, .name = "kvbr100", .alias = alias, .up = true, .info = BridgeInfo{}}});
    apply(LinkChanged{vxlan()});
    apply(TagFilterChanged{kLinks.vxlan, {}});
    apply(LinkChanged{{.index = kPort,
                       .name = "eth1",
                       .master = kLinks.bridge,
                       .up = true,
                       .mtu = 1500,
                       .bridge_port = BridgePort{}}});
    apply(TagFilterChanged{kPort, {}});
  }
  Link vxlan() const {
    return {.index = kLinks.vxlan,
            .name = "kvvx100",
            .alias = alias,
            .master = kLinks.bridge,
            .up = true,
            .mtu = 1500,
            .info = VxlanInfo{.vni = Vni{100}, .local = ip("192.168.2.20")},
            .bridge_port = BridgePort{.learning = false}};
  }
  void apply(const KernelEvent& event) { installed.apply(event); }
  std::vector<KernelOp> ops() const {
    std::vector<KernelOp> result;
    for (const auto& step : plan_links(wanted, installed, "s2").steps) result.push_back(step.op);
    return result;
  }

  const std::string alias = ownership_alias("s2", uuid(7).to_string(), "red");
  const KernelOp announce = SetAnnouncer{.index = kPort, .announcer = {kLinks.vxlan}};
  const KernelOp suppress =
      ConfigureBridgePort{.index = kLinks.vxlan, .port = {.learning = false, .neigh_suppress = true}};
  Desired wanted;
  Installed installed;
};

TEST(Suppression, IsOnWhereARowSaysAnAddressAndAnnouncedMovesComeFirst) {
  Links links;
  EXPECT_THAT(links.ops(), IsEmpty());
  links.wanted.switches.at(Vni{100}).answers_for_hosts = true;
  EXPECT_THAT(links.ops(), ElementsAre(links.announce, links.suppress));
  links.apply(AnnouncerChanged{kPort, {kLinks.vxlan}});
  links.apply(BridgePortChanged{kLinks.vxlan, {.learning = false, .neigh_suppress = true}});
  EXPECT_THAT(links.ops(), IsEmpty());
}

TEST(Suppression, StaysUntilTheLastEntryIsGoneAndAnnouncedMovesGoLast) {
  Links links;
  links.apply(AnnouncerChanged{kPort, {kLinks.vxlan}});
  links.apply(BridgePortChanged{kLinks.vxlan, {.learning = false, .neigh_suppress = true}});
  links.apply(NeighbourChanged{{.device = kLinks.bridge, .address = ip("10.0.0.5"), .mac = kLow}});
  EXPECT_THAT(links.ops(), IsEmpty());
  links.apply(NeighbourGone{kLinks.bridge, ip("10.0.0.5")});
  EXPECT_THAT(links.ops(),
              ElementsAre(KernelOp(ConfigureBridgePort{.index = kLinks.vxlan, .port = {.learning = false}}),
                          KernelOp(RemoveAnnouncer{.index = kPort})));
}

TEST(Suppression, IsOffWhereTheEntriesAreSomebodyElses) {
  Links links;
  links.apply(NeighbourChanged{
      {.device = kLinks.bridge, .address = ip("10.0.0.5"), .mac = kLow, .is_external = false}});
  EXPECT_THAT(links.ops(), IsEmpty());
}

TEST(Suppression, CopiesIntoTheTunnelThatIsThereNow) {
  Links links;
  links.wanted.switches.at(Vni{100}).answers_for_hosts = true;
  links.apply(BridgePortChanged{kLinks.vxlan, {.learning = false, .neigh_suppress = true}});
  links.apply(AnnouncerChanged{kPort, {IfIndex{}}});  // the last one is gone
  EXPECT_THAT(links.ops(), ElementsAre(links.announce));
  links.apply(AnnouncerChanged{kPort, {IfIndex{99}}});
  EXPECT_THAT(links.ops(), ElementsAre(links.announce));
  // A copy to a device that is down is nothing but a line in the kernel's log.
  auto down = links.vxlan();
  down.up = false;
  links.apply(LinkChanged{down});
  EXPECT_THAT(links.ops(), Not(Contains(links.announce)));
}

TEST(Suppression, LeavesOutProbesWhereTheyPassByThemselves) {
  Links links;
  links.wanted.switches.at(Vni{100}).answers_for_hosts = true;
  links.wanted.copies_probes = false;
  links.apply(AnnouncerChanged{kPort, {kLinks.vxlan}});
  EXPECT_THAT(links.ops(), Contains(KernelOp(SetAnnouncer{kPort, {kLinks.vxlan, false}})));
  links.apply(AnnouncerChanged{kPort, {kLinks.vxlan, false}});
  EXPECT_THAT(links.ops(), ElementsAre(links.suppress));
}

TEST(Suppression, NeverCopiesFromAPortThatHasLeft) {
  Links links;
  links.wanted.switches.at(Vni{100}).answers_for_hosts = true;
  links.apply(AnnouncerChanged{kPort, {kLinks.vxlan}});
  auto port = *links.installed.link(kPort);
  port.master = {};
  port.bridge_port.reset();
  links.apply(LinkChanged{port});
  EXPECT_EQ(links.ops().front(), KernelOp(RemoveAnnouncer{kPort})) << "whatever else there is to do";
}

TEST(Suppression, OfAnotherDaemonsSwitchIsItsOwnBusiness) {
  Links links;
  auto other = links.vxlan();
  other.index = IfIndex{21};
  other.name = "kvvx7";
  other.alias = ownership_alias("s3", uuid(8).to_string(), "blue");
  other.master = IfIndex{};
  other.info = VxlanInfo{.vni = Vni{7}, .local = ip("192.168.3.20")};
  links.apply(LinkChanged{other});
  links.apply(AnnouncerChanged{kPort, {other.index}});
  EXPECT_THAT(links.ops(), IsEmpty());
}

}  // namespace
}  // namespace kvtep::planner
