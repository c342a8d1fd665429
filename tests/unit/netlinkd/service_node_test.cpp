// The flood list of a switch in service_node mode that has more than one node to choose from.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_world.hpp"

namespace kvtep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr auto kIds = ServiceNodeIds::of(Vni{100}, true);

class ServiceNode : public ::testing::Test {
 protected:
  ServiceNode() {
    world.rows.own_switch();
    red = world.rows.logical_switch("red", 100);
    flood = world.rows.flood(red, {world.rows.locator("192.168.1.10"), world.rows.locator("192.168.1.11")});
  }
  void begin() {
    world.start();
    world.advance(1s);
    world.take_ops();
  }
  void advance() {
    world.tell_database();
    world.advance(1s);
  }
  void flood_to(std::set<Uuid> locators) {
    const auto set = world.rows.insert(hwvtep::PhysicalLocatorSet{.locators = std::move(locators)});
    world.rows.edit<hwvtep::McastMacsRemote>(flood, [&](auto& row) { row.locator_set = set; });
    advance();
  }
  Installed now() { return Installed::from(world.kernel.dump()); }
  std::set<TunnelDestination> list() {
    const auto installed = now();
    const auto& groups = installed.vxlan_table(world.kernel.index_of("kvvx100")).groups;
    const auto found = groups.find(MacAddress{});
    return found == groups.end() ? std::set<TunnelDestination>{} : found->second;
  }
  std::optional<IpAddress> node() {
    const auto installed = now();
    const auto found = installed.nexthops().find(kIds.nexthop);
    return found == installed.nexthops().end() ? std::nullopt : found->second.address;
  }

  FakeWorld world;
  Uuid red, flood;
};

const std::set<TunnelDestination> kBehindGroup = {{.nexthop_group = kIds.group}};

TEST_F(ServiceNode, StandsBehindAGroupWhereThereIsAnotherOne) {
  begin();
  EXPECT_EQ(list(), kBehindGroup);
  EXPECT_EQ(node(), ip("192.168.1.10"));
  EXPECT_TRUE(world.status().in_step);
}

TEST_F(ServiceNode, IsExchangedByOneOperationAndOneStepOfTheKernel) {
  begin();
  flood_to({world.rows.locator("192.168.1.8"), world.rows.locator("192.168.1.9")});
  EXPECT_THAT(world.take_ops(), ElementsAre(KernelOp(SetServiceNode{.vxlan = world.kernel.index_of("kvvx100"),
                                                                    .ids = kIds,
                                                                    .node = ip("192.168.1.8"),
                                                                    .has_group = true,
                                                                    .has_entry = true})));
  EXPECT_EQ(node(), ip("192.168.1.8"));
}

TEST_F(ServiceNode, StaysBehindTheGroupWhenTheOthersLeave) {
  begin();
  flood_to({world.rows.locator("192.168.1.9")});
  EXPECT_EQ(list(), kBehindGroup);
  EXPECT_EQ(node(), ip("192.168.1.9"));
}

TEST_F(ServiceNode, IsAPlainDestinationWhereItIsAloneAndStaysOneWhenAnotherComes) {
  flood_to({world.rows.locator("192.168.1.9")});
  begin();
  EXPECT_EQ(list(), (std::set<TunnelDestination>{{.address = ip("192.168.1.9")}}));
  flood_to({world.rows.locator("192.168.1.8"), world.rows.locator("192.168.1.7")});
  EXPECT_EQ(list(), (std::set<TunnelDestination>{{.address = ip("192.168.1.7")}}));
  EXPECT_THAT(now().nexthops(), IsEmpty());
}

TEST_F(ServiceNode, MakesWayForAListOfAll) {
  begin();
  world.rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.replication_mode = "source_node"; });
  advance();
  EXPECT_EQ(list(),
            (std::set<TunnelDestination>{{.address = ip("192.168.1.10")}, {.address = ip("192.168.1.11")}}));
  EXPECT_THAT(now().nexthops(), IsEmpty());
  EXPECT_TRUE(world.status().in_step);
}

TEST_F(ServiceNode, MakesWayForOneWithAKeyOfItsOwn) {
  begin();
  const auto keyed = [&](const char* address) {
    return world.rows.insert(
        hwvtep::PhysicalLocator{.encapsulation_type = "vxlan_over_ipv4", .dst_ip = address, .tunnel_key = 7});
  };
  flood_to({keyed("192.168.1.10"), keyed("192.168.1.11")});
  EXPECT_EQ(list(), (std::set<TunnelDestination>{{.address = ip("192.168.1.10"), .vni = Vni{7}}}));
}

TEST_F(ServiceNode, GoesWithTheListAfterTheDelayAndWithTheSwitch) {
  begin();
  world.rows.erase<hwvtep::McastMacsRemote>(flood);
  world.tell_database();
  EXPECT_EQ(list(), kBehindGroup) << "a controller may repeat it at once";
  advance();
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_THAT(now().nexthops(), IsEmpty());

  flood = world.rows.flood(red, {world.rows.locator("192.168.1.10"), world.rows.locator("192.168.1.11")});
  advance();
  EXPECT_EQ(list(), kBehindGroup);
  world.rows.erase<hwvtep::McastMacsRemote>(flood);
  world.rows.erase<hwvtep::LogicalSwitch>(red);
  advance();
  advance();
  EXPECT_THAT(now().nexthops(), IsEmpty());
  EXPECT_TRUE(world.status().in_step);
}

TEST_F(ServiceNode, ComesBackWhateverAnOperatorDeletes) {
  begin();
  for (const auto id : {kIds.nexthop, kIds.group}) {
    world.kernel.delete_nexthop(id);
    advance();
    EXPECT_EQ(list(), kBehindGroup);
    EXPECT_EQ(node(), ip("192.168.1.10"));
  }
  world.kernel.delete_link(world.kernel.index_of("kvvx100"));
  advance();
  EXPECT_EQ(list(), kBehindGroup);
  EXPECT_TRUE(world.status().in_step);
}

TEST_F(ServiceNode, TakesThePlaceOfAStrangersGroup) {
  const auto foreign = [&] {
    return VxlanEntry{
        .device = world.kernel.index_of("kvvx100"), .mac = {}, .destination = {.nexthop_group = 5}};
  };
  begin();
  world.rows.erase<hwvtep::McastMacsRemote>(flood);
  advance();
  world.kernel.add_entry(foreign());
  advance();
  EXPECT_THAT(list(), IsEmpty());
  world.kernel.add_entry(foreign());
  flood = world.rows.flood(red, {world.rows.locator("192.168.1.10")});
  advance();
  EXPECT_EQ(list(), (std::set<TunnelDestination>{{.address = ip("192.168.1.10")}}));
  EXPECT_TRUE(world.status().in_step);
}

TEST_F(ServiceNode, IsAdoptedByTheNextDaemon) {
  begin();
  FakeWorld next;
  next.kernel = world.kernel;
  next.rows = world.rows;
  next.start();
  next.advance(5min);
  EXPECT_THAT(next.take_ops(), IsEmpty());
}

TEST_F(ServiceNode, LeavesTheNexthopsOfAnotherDaemonsDeviceAlone) {
  const auto theirs = ServiceNodeIds::of(Vni{7}, true);
  const auto device = world.kernel.add_vxlan("foreign", {.vni = Vni{7}, .local = ip("192.168.2.21")});
  world.kernel.apply(
      std::vector<KernelOp>{SetServiceNode{.vxlan = device, .ids = theirs, .node = ip("192.168.1.10")}});
  begin();
  EXPECT_TRUE(now().nexthops().contains(theirs.nexthop));
  world.kernel.delete_link(device);
  advance();
  EXPECT_FALSE(now().nexthops().contains(theirs.nexthop)) << "nobody's";
}

}  // namespace
}  // namespace kvtep::testing
