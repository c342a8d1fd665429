// Stories about a controller that takes back its rows, and a daemon that was told to keep forwarding.

#include <set>

#include "tests/support/agent_story.hpp"

namespace kvtep::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::VariantWith;
using namespace std::chrono_literals;

class HoldDown : public AgentStory {
 protected:
  explicit HoldDown(double share = 0.5)
      : AgentStory({.settings = {}, .hold_down = {.share = share, .time = 5min}}) {
    for (int i = 10; i < 20; ++i) {
      more.insert(world.rows.remote_mac("02:00:00:00:00:" + std::to_string(i), red, far));
    }
    world.tell_database();
    world.advance(1h);
    world.take_ops();
    before = now();
  }

  // As ovn-controller-vtep stops: a row a transaction, a few milliseconds apart; then the keys.
  void stop_controller() {
    for (const auto& row : more) {
      world.rows.erase<hwvtep::UcastMacsRemote>(row);
      world.tell_database();
      world.advance(5ms);
    }
    world.rows.erase<hwvtep::UcastMacsRemote>(remote);
    world.rows.erase<hwvtep::McastMacsRemote>(flood);
    world.tell_database();
    world.advance(5ms);
    set_key(std::nullopt);
  }
  void set_key(std::optional<std::int64_t> key) {
    world.rows.edit<hwvtep::LogicalSwitch>(red, [&](auto& row) { row.tunnel_key = key; });
    world.tell_database();
  }

  std::set<Uuid> more;
  Installed before;
};

TEST_F(HoldDown, KeepsEverythingForItsTimeWhenTheControllerStops) {
  stop_controller();
  world.advance(4min);
  EXPECT_THAT(world.take_ops(), IsEmpty());
  EXPECT_EQ(now(), before);
  ASSERT_TRUE(world.status().held);
  EXPECT_EQ(world.status().held->first.rows, 12U);
  EXPECT_EQ(world.status().held->second.rows, 0U);
  EXPECT_EQ(world.status().held->first.keys, 1U);
  EXPECT_FALSE(world.status().in_step);
  world.advance(2min);
  EXPECT_FALSE(world.status().held);
  EXPECT_EQ(index("kvbr100"), IfIndex{});
  EXPECT_EQ(world.link("eth1")->master, IfIndex{});
  EXPECT_TRUE(world.status().in_step);
}

TEST_F(HoldDown, EndsAtOnceByCommand) {
  stop_controller();
  world.advance(10s);
  EXPECT_TRUE(world.apply_now());
  world.advance(5s);
  EXPECT_EQ(index("kvbr100"), IfIndex{});
  EXPECT_FALSE(world.apply_now()) << "there is nothing to apply";
}

TEST_F(HoldDown, IsCancelledByTheRowsComingBack) {
  stop_controller();
  world.advance(30s);
  set_key(100);
  for (int i = 10; i < 19; ++i) {
    world.rows.remote_mac("02:00:00:00:00:" + std::to_string(i), red, far);
  }
  world.rows.flood(red, {far});
  world.tell_database();
  EXPECT_FALSE(world.status().held);
  world.advance(5s);
  // One MAC of the controller's did not come back, and the stage's neither.
  EXPECT_THAT(world.take_ops(), ::testing::SizeIs(2));
  EXPECT_EQ(now().vxlan_table(vxlan()).hosts.size(), 9U);
}

TEST_F(HoldDown, StillDoesWhatIsNewAndWhatMoves) {
  stop_controller();
  set_key(100);
  const auto other = world.rows.locator("192.168.1.11");
  world.rows.remote_mac("02:00:00:00:00:99", red, other);
  world.rows.remote_mac("02:00:00:00:00:10", red, other);
  world.tell_database();
  ASSERT_TRUE(world.status().held);
  const auto installed = now();
  const auto& hosts = installed.vxlan_table(vxlan()).hosts;
  EXPECT_EQ(hosts.at(mac("02:00:00:00:00:99")).destination.address, ip("192.168.1.11"));
  EXPECT_EQ(hosts.at(mac("02:00:00:00:00:10")).destination.address, ip("192.168.1.11"));
  // An operator's unbinding is no shrinking.
  world.rows.edit<hwvtep::PhysicalPort>(port2, [](auto& row) { row.vlan_bindings.clear(); });
  world.tell_database();
  world.advance(5s);
  EXPECT_EQ(world.link("eth2.5"), nullptr);
  EXPECT_EQ(world.link("eth1")->master, bridge());
}

TEST_F(HoldDown, KeepsTheLocalRowsOfASwitchThatLostItsKey) {
  while (!world.sent.empty()) world.commit();
  const auto own_locator = world.rows.locator("192.168.2.20");
  const auto row = world.rows.insert(
      hwvtep::UcastMacsLocal{.MAC = local.to_string(), .logical_switch = red, .locator = own_locator});
  world.kernel.learn(eth1, local);
  world.tell_database();
  while (!world.sent.empty()) world.commit();
  set_key(std::nullopt);
  std::string text;
  for (int i = 0; i < 60; ++i) {
    world.advance(1s);
    while (!world.sent.empty()) text += world.commit();
  }
  EXPECT_THAT(text, Not(HasSubstr(row.to_string())));
  // A new switch with that key has it: a row's own key counts more than a held one.
  const auto blue = world.rows.logical_switch("blue", 100);
  world.tell_database();
  world.advance(5s);
  EXPECT_THAT(world.link("kvbr100")->alias, HasSubstr(blue.to_string()));
}

TEST_F(HoldDown, DoesNotMindRowsThatGoSlowly) {
  for (const auto& row : more) {
    world.rows.erase<hwvtep::UcastMacsRemote>(row);
    world.tell_database();
    world.advance(20s);
  }
  EXPECT_FALSE(world.status().held);
  EXPECT_EQ(now().vxlan_table(vxlan()).hosts.size(), 1U);
}

class NoHoldDown : public HoldDown {
 protected:
  NoHoldDown() : HoldDown(0) {}
};

TEST_F(NoHoldDown, IsTheDefault) {
  EXPECT_EQ(agent::Options{}.hold_down.share, 0);
  stop_controller();
  world.advance(1s);
  EXPECT_EQ(index("kvbr100"), IfIndex{});
}

}  // namespace
}  // namespace kvtep::testing
