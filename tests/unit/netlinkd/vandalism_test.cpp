// What somebody else changes of ours is put back and counted; what is not ours is left alone.
#include <functional>
#include <string>

#include "tests/support/agent_story.hpp"

namespace kvtep::testing {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

using Vandalism = AgentStory;

VxlanEntry remote_entry(Stage& d) {
  return {.device = d.vxlan(), .mac = d.host, .destination = {.address = ip("192.168.1.10")}};
}
VxlanEntry flood_entry(Stage& d, const char* address) {
  return {.device = d.vxlan(), .mac = {}, .destination = {.address = ip(address)}};
}

struct Deed {
  const char* name;
  std::function<void(Stage&)> hand;
  std::uint64_t drift = 1;
};

std::vector<Deed> deeds() {
  return {
      {"the bridge is deleted", [](Stage& d) { d.world.kernel.delete_link(d.bridge()); }, 2},
      {"the bridge is set down", [](Stage& d) { d.world.kernel.set_down(d.bridge()); }},
      {"the bridge snoops",
       [](Stage& d) { d.by_hand(ConfigureBridge{d.bridge(), {.multicast_snooping = true}}); }},
      {"the bridge filters VLANs",
       [](Stage& d) { d.by_hand(ConfigureBridge{d.bridge(), {.vlan_filtering = true}}); }},
      {"the bridge forgets hosts at once",
       [](Stage& d) { d.by_hand(ConfigureBridge{d.bridge(), {.ageing_time = 0}}); }},
      {"the bridge learns a few hosts alone",
       [](Stage& d) { d.by_hand(ConfigureBridge{d.bridge(), {.mac_limit = 5}}); }},
      {"the bridge shows frames to the firewall",
       [](Stage& d) { d.by_hand(ConfigureBridge{d.bridge(), {.calls_firewall = true}}); }},
      {"the host takes part in the bridge",
       [](Stage& d) { d.by_hand(ConfigureBridge{d.bridge(), {.reaches_host = true}}); }},
      {"the vxlan device is deleted", [](Stage& d) { d.world.kernel.delete_link(d.vxlan()); }, 2},
      {"the vxlan device is set down", [](Stage& d) { d.world.kernel.set_down(d.vxlan()); }},
      {"the vxlan device is renamed", [](Stage& d) { d.world.kernel.rename(d.vxlan(), "mine"); }, 2},
      {"the vxlan device's MTU is changed", [](Stage& d) { d.by_hand(SetMtu{d.vxlan(), 1450}); }},
      {"a VLAN device's MTU is changed", [](Stage& d) { d.by_hand(SetMtu{d.index("eth2.5"), 1400}); }},
      {"the vxlan device learns",
       [](Stage& d) {
         d.by_hand(
             ConfigureVxlan{d.vxlan(), {.vni = Vni{100}, .local = ip("192.168.2.20"), .learning = true}});
       }},
      {"the vxlan device has another address",
       [](Stage& d) {
         d.by_hand(ConfigureVxlan{d.vxlan(), {.vni = Vni{100}, .local = ip("192.168.2.21")}});
       }},
      {"the vxlan device has another ttl",
       [](Stage& d) {
         d.by_hand(ConfigureVxlan{d.vxlan(), {.vni = Vni{100}, .local = ip("192.168.2.20"), .ttl = 3}});
       }},
      {"the vxlan device's port learns",
       [](Stage& d) { d.by_hand(ConfigureBridgePort{d.vxlan(), {.learning = true}}); }},
      {"the vxlan device is released", [](Stage& d) { d.world.kernel.enslave(d.vxlan(), {}); }, 2},
      {"the vxlan device is put into another bridge",
       [](Stage& d) { d.world.kernel.enslave(d.vxlan(), d.world.kernel.add_bridge("br-mine")); }, 2},
      {"the bridge's alias is changed", [](Stage& d) { d.world.kernel.set_alias(d.bridge(), "x"); }},
      {"the vxlan device's alias is changed", [](Stage& d) { d.world.kernel.set_alias(d.vxlan(), "x"); }},
      {"a VLAN device's alias is taken away",
       [](Stage& d) { d.world.kernel.set_alias(d.index("eth2.5"), ""); },
       0},  // for a moment it looks like a port of its own, which is a new wish
      {"the vxlan device's filter is removed", [](Stage& d) { d.by_hand(RemoveTagFilter{d.vxlan()}); }},
      {"a port is released", [](Stage& d) { d.world.kernel.enslave(d.eth1, {}); }},
      {"a port does not learn",
       [](Stage& d) { d.by_hand(ConfigureBridgePort{d.eth1, {.learning = false}}); }},
      {"a port's filter is removed", [](Stage& d) { d.by_hand(RemoveTagFilter{d.eth1}); }},
      {"a port's filter is changed", [](Stage& d) { d.by_hand(SetTagFilter{d.eth1, {{VlanId{7}}}}); }},
      {"a VLAN device is deleted", [](Stage& d) { d.world.kernel.delete_link(d.index("eth2.5")); }},
      {"a VLAN device is set down", [](Stage& d) { d.world.kernel.set_down(d.index("eth2.5")); }},
      {"a VLAN device is released", [](Stage& d) { d.world.kernel.enslave(d.index("eth2.5"), {}); }},
      {"a VLAN device does not learn",
       [](Stage& d) { d.by_hand(ConfigureBridgePort{d.index("eth2.5"), {.learning = false}}); }},
      {"a remote MAC is deleted from both tables",
       [](Stage& d) { d.by_hand(RemoveRemoteMac{d.vxlan(), d.host}); }},
      {"a remote MAC is deleted from the vxlan device",
       [](Stage& d) { d.world.kernel.remove_entry(remote_entry(d)); }},
      {"a remote MAC is deleted from the bridge",
       [](Stage& d) { d.by_hand(RemoveRemoteMac{d.vxlan(), d.host, false, true}); }},
      {"a remote MAC is sent elsewhere",
       [](Stage& d) { d.by_hand(SetRemoteMac{d.vxlan(), d.host, ip("192.168.1.99")}); }},
      {"a remote MAC is added",
       [](Stage& d) { d.by_hand(SetRemoteMac{d.vxlan(), d.local, ip("192.168.1.99")}); }},
      {"a static entry is added at the vxlan port",
       [](Stage& d) {
         d.world.kernel.add_entry(BridgeEntry{d.bridge(), d.vxlan(), d.local, BridgeEntryKind::Static});
       }},
      {"the flood list is emptied",
       [](Stage& d) { d.world.kernel.remove_entry(flood_entry(d, "192.168.1.10")); }},
      {"the flood list is made longer",
       [](Stage& d) { d.world.kernel.add_entry(flood_entry(d, "192.168.1.99")); }},
  };
}

TEST(VandalismToWhatIsOurs, IsPutBackAndCounted) {
  for (const auto& deed : deeds()) {
    SCOPED_TRACE(deed.name);
    Stage story;
    deed.hand(story);
    story.world.settle();
    story.world.advance(1s);
    story.expect_in_step();
    EXPECT_EQ(story.drift(), deed.drift);
  }
}

TEST_F(Vandalism, IsNoneWhenTheDatabaseAsksForIt) {
  world.rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.name = "crimson"; });
  world.tell_database();
  world.rows.edit<hwvtep::PhysicalPort>(port1, [&](auto& row) { row.vlan_bindings = {{0, red}, {9, red}}; });
  world.tell_database();
  const auto blue = world.rows.logical_switch("blue", 200);
  world.rows.edit<hwvtep::PhysicalPort>(port2, [&](auto& row) { row.vlan_bindings = {{0, blue}}; });
  world.tell_database();
  world.rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.tunnel_key = 101; });
  world.tell_database();
  const auto near = world.rows.locator("192.168.1.11");
  world.rows.edit<hwvtep::UcastMacsRemote>(remote, [&](auto& row) { row.locator = near; });
  world.rows.remote_mac("00:00:00:00:aa:03", blue, near);
  world.tell_database();
  world.advance(10s);
  world.rows.erase<hwvtep::UcastMacsRemote>(remote);
  world.tell_database();
  world.advance(10s);
  expect_in_step();
  EXPECT_EQ(drift(), 0U);
}

TEST_F(Vandalism, IsNoneWhenAHostMovesHereAndGoes) {
  world.kernel.learn(eth1, host);
  world.settle();
  world.kernel.age_out(bridge(), host);
  world.settle();
  expect_in_step();
  EXPECT_EQ(drift(), 0U);
}

TEST_F(Vandalism, IsCountedWhileAnotherObjectCannotBeMended) {
  world.kernel.fail_next([](const KernelOp& op) { return std::holds_alternative<SetTagFilter>(op); }, EINVAL);
  by_hand(RemoveTagFilter{eth1});
  world.settle();
  EXPECT_EQ(drift(), 1U);
  world.kernel.enslave(vxlan(), {});
  by_hand(ConfigureBridge{bridge(), {.multicast_snooping = true}});
  world.settle();
  EXPECT_GE(drift(), 2U);
  EXPECT_EQ(std::get<BridgeInfo>(world.link("kvbr100")->info), BridgeInfo{});
}

TEST_F(Vandalism, OfAPortIsNoneWhenItGoesDownAndUp) {
  world.kernel.set_down(eth1);
  world.kernel.set_down(eth2);
  world.settle();
  EXPECT_THAT(world.take_ops(), IsEmpty());
  world.kernel.set_up(eth1);
  world.kernel.set_up(eth2);
  world.settle();
  world.advance(1s);
  EXPECT_THAT(world.take_ops(), IsEmpty());
  expect_in_step();
  EXPECT_EQ(drift(), 0U);
}

TEST_F(Vandalism, IsNoneWhereAPortsMtuChangesAndOursFollow) {
  by_hand(SetMtu{eth2, 9000});
  world.settle();
  EXPECT_EQ(world.link("kvvx100")->mtu, 9000U);
  EXPECT_EQ(world.link("eth2.5")->mtu, 9000U);
  by_hand(SetMtu{eth2, 1400});
  world.settle();
  EXPECT_EQ(world.link("eth2.5")->mtu, 1400U);
  EXPECT_EQ(world.link("kvvx100")->mtu, 1500U);
  expect_in_step();
  EXPECT_EQ(drift(), 0U);
}

TEST_F(Vandalism, OfAPortsNameTakesItOutUntilTheNameIsBack) {
  world.kernel.rename(eth1, "other1");
  world.settle();
  world.advance(1s);
  EXPECT_EQ(world.link("other1")->master, IfIndex{});
  EXPECT_EQ(now().tag_filter(eth1), nullptr);
  world.kernel.rename(eth1, "eth1");
  world.settle();
  world.advance(1s);
  EXPECT_EQ(world.link("eth1")->master, bridge());
  expect_in_step();
}

TEST_F(Vandalism, OfAPortThatIsDeletedEndsWhenItIsThereAgain) {
  world.kernel.delete_link(eth1);
  world.kernel.delete_link(eth2);
  world.settle();
  world.advance(1s);
  EXPECT_EQ(index("eth2.5"), IfIndex{});
  EXPECT_TRUE(world.status().in_step);
  world.kernel.set_up(world.kernel.add_port("eth1"));
  world.kernel.set_up(world.kernel.add_port("eth2"));
  world.settle();
  world.advance(1s);
  EXPECT_EQ(world.link("eth1")->master, bridge());
  EXPECT_EQ(world.link("eth2.5")->master, bridge());
  expect_in_step();
}

TEST_F(Vandalism, OfAPortThatIsReplacedUnderItsNameIsMended) {
  world.kernel.delete_link(eth1);
  world.kernel.set_up(world.kernel.add_port("eth1"));
  world.settle();
  world.advance(1s);
  EXPECT_NE(index("eth1"), eth1);
  EXPECT_EQ(world.link("eth1")->master, bridge());
  expect_in_step();
}

TEST_F(Vandalism, ByEnslavingAPortIsAConflictAndNotUndoneByForce) {
  const auto mine = world.kernel.add_bridge("br-mine");
  world.kernel.enslave(eth1, mine);
  world.settle();
  world.advance(1min);
  EXPECT_EQ(world.link("eth1")->master, mine);
  EXPECT_THAT(world.status().issues, Contains(Field(&Issue::object, "port eth1")));
  EXPECT_THAT(world.commit() + world.commit(), HasSubstr("invalid_vlan_map"));
  EXPECT_THAT(world.take_ops(), IsEmpty());

  world.kernel.enslave(eth1, {});
  world.settle();
  EXPECT_EQ(world.link("eth1")->master, bridge());
  EXPECT_THAT(world.status().issues, IsEmpty());
  expect_in_step();
}

// Without our alias a device is somebody else's, unless it is beyond doubt where and as we made it.
TEST_F(Vandalism, OfTheAliasOfADeviceThatIsUsedOtherwiseMakesItSomebodyElses) {
  world.kernel.set_alias(vxlan(), "mine now");
  world.kernel.enslave(vxlan(), world.kernel.add_bridge("br-mine"));
  by_hand(RemoveTagFilter{vxlan()});
  const auto before = now();
  world.settle();
  world.advance(1min);
  EXPECT_EQ(now().links(), before.links());
  EXPECT_THAT(world.status().issues,
              Contains(Issue{"device kvvx100", "somebody else's device has the name"}));
  // Out of the way, it is made anew.
  world.kernel.delete_link(vxlan());
  world.settle();
  world.advance(1s);
  EXPECT_EQ(now().vxlan_table(vxlan()).hosts.size(), 1U);
  expect_in_step();
}

}  // namespace
}  // namespace kvtep::testing
