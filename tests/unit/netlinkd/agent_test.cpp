#include "netlinkd/agent/agent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/fake_world.hpp"

namespace kvtep::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::VariantWith;
using namespace std::chrono_literals;

const MacAddress kHost = mac("00:00:00:00:aa:01");
const MacAddress kLocal = mac("00:00:00:00:aa:02");

// One switch, red, VNI 100, bound untagged to eth1; one remote host behind 192.168.1.10.
class Agent : public ::testing::Test {
 protected:
  Agent() {
    eth1 = world.kernel.add_port("eth1");
    world.kernel.set_up(eth1);
    red = world.rows.logical_switch("red", 100);
    port = world.rows.port("eth1", {{0, red}});
    own = world.rows.own_switch({port});
    far = world.rows.locator("192.168.1.10");
    remote = world.rows.remote_mac("00:00:00:00:aa:01", red, far);
  }

  IfIndex bridge() { return world.kernel.index_of("kvbr100"); }
  IfIndex vxlan() { return world.kernel.index_of("kvvx100"); }
  std::optional<IpAddress> destination(const MacAddress& host) {
    const auto installed = Installed::from(world.kernel.dump());
    const auto& hosts = installed.vxlan_table(vxlan()).hosts;
    const auto entry = hosts.find(host);
    if (entry == hosts.end()) return std::nullopt;
    return entry->second.destination.address;
  }
  std::optional<BridgeEntryKind> kind(const MacAddress& host) {
    const auto installed = Installed::from(world.kernel.dump());
    const auto& table = installed.bridge_table(bridge());
    const auto entry = table.find(host);
    if (entry == table.end()) return std::nullopt;
    return entry->second.kind;
  }
  void set_key(std::optional<std::int64_t> key) {
    world.rows.edit<hwvtep::LogicalSwitch>(red, [&](auto& row) { row.tunnel_key = key; });
  }

  FakeWorld world;
  IfIndex eth1;
  Uuid red, port, own, far, remote;
};

TEST_F(Agent, BuildsWhatTheDatabaseAsks) {
  world.start();
  EXPECT_EQ(world.link("eth1")->master, bridge());
  EXPECT_TRUE(world.link("kvvx100")->up);
  EXPECT_EQ(destination(kHost), ip("192.168.1.10"));
  EXPECT_EQ(kind(kHost), BridgeEntryKind::ExternallyLearned);
  EXPECT_TRUE(world.status().in_step);
  EXPECT_THAT(world.status().issues, IsEmpty());
}

TEST_F(Agent, DoesNothingBeforeItHasDumpReplicaAndLock) {
  FakeWorld other;
  other.kernel.add_port("eth1");
  other.rows.logical_switch("red", 100);
  other.tell_database(true);
  other.give_lock(true);
  other.settle();
  EXPECT_THAT(other.take_ops(), IsEmpty()) << "without a dump";

  FakeWorld unlocked;
  unlocked.rows.logical_switch("red", 100);
  unlocked.start();
  EXPECT_THAT(unlocked.take_ops(), Not(IsEmpty()));
  unlocked.give_lock(false);
  unlocked.rows.logical_switch("blue", 200);
  unlocked.tell_database();
  EXPECT_THAT(unlocked.take_ops(), IsEmpty()) << "without the lock";
}

TEST_F(Agent, AsksForNothingAfterARestart) {
  world.start();
  FakeWorld next;
  next.kernel = world.kernel;
  next.rows = world.rows;
  next.start();
  next.advance(10s);
  EXPECT_THAT(next.take_ops(), IsEmpty());
  EXPECT_EQ(next.status().counters.operations, 0U);
  EXPECT_TRUE(next.status().in_step);
}

TEST_F(Agent, DeletesWhatAnEarlierRunLeftAfterTheDelay) {
  world.start();
  FakeWorld next;
  next.kernel = world.kernel;
  next.rows = world.rows;
  next.rows.erase<hwvtep::UcastMacsRemote>(remote);
  next.rows.edit<hwvtep::PhysicalPort>(port, [](auto& row) { row.vlan_bindings.clear(); });
  next.rows.erase<hwvtep::LogicalSwitch>(red);
  next.start();
  EXPECT_THAT(next.take_ops(), IsEmpty());
  next.advance(1s);
  EXPECT_EQ(next.kernel.index_of("kvbr100"), IfIndex{});
  EXPECT_EQ(next.kernel.index_of("kvvx100"), IfIndex{});
  EXPECT_EQ(next.link("eth1")->master, IfIndex{});
}

TEST_F(Agent, TakesAFlapOfAKeyForNothing) {
  world.start();
  world.take_ops();
  for (const std::int64_t key : {0, 100, 0, 100}) {
    set_key(key);
    world.tell_database();
    world.advance(3ms);
  }
  world.advance(5s);
  EXPECT_THAT(world.take_ops(), IsEmpty());
}

TEST_F(Agent, TakesAMoveOfARowForAReplacement) {
  world.start();
  world.take_ops();
  world.rows.erase<hwvtep::UcastMacsRemote>(remote);
  world.tell_database();
  world.advance(21ms);
  world.rows.remote_mac("00:00:00:00:aa:01", red, world.rows.locator("192.168.1.11"));
  world.tell_database();
  world.advance(5s);
  EXPECT_THAT(
      world.take_ops(),
      ::testing::ElementsAre(VariantWith<SetRemoteMac>(SetRemoteMac{vxlan(), kHost, ip("192.168.1.11")})));
}

TEST_F(Agent, RemovesARemoteMacAfterTheDelay) {
  world.start();
  world.rows.erase<hwvtep::UcastMacsRemote>(remote);
  world.tell_database();
  world.advance(199ms);
  EXPECT_EQ(destination(kHost), ip("192.168.1.10"));
  world.advance(2ms);
  EXPECT_EQ(destination(kHost), std::nullopt);
  EXPECT_EQ(kind(kHost), std::nullopt);
}

TEST_F(Agent, LetsALocalHostWinUntilItAgesOut) {
  world.start();
  world.take_ops();
  world.kernel.learn(eth1, kHost);
  world.settle();
  world.advance(5s);
  EXPECT_EQ(kind(kHost), BridgeEntryKind::Learned);
  EXPECT_THAT(world.take_ops(), IsEmpty());
  world.kernel.age_out(bridge(), kHost);
  world.settle();
  EXPECT_EQ(kind(kHost), BridgeEntryKind::ExternallyLearned);
}

TEST_F(Agent, LetsAChangedRowWinOverALocalHost) {
  world.start();
  world.kernel.learn(eth1, kHost);
  world.settle();
  world.rows.edit<hwvtep::UcastMacsRemote>(
      remote, [locator = world.rows.locator("192.168.1.11")](auto& row) { row.locator = locator; });
  world.tell_database();
  EXPECT_EQ(kind(kHost), BridgeEntryKind::ExternallyLearned);
  EXPECT_EQ(destination(kHost), ip("192.168.1.11"));
}

TEST_F(Agent, PutsBackWhatAnOperatorDeletes) {
  world.start();
  world.kernel.delete_link(vxlan());
  world.settle();
  ASSERT_NE(vxlan(), IfIndex{});
  EXPECT_TRUE(world.link("kvvx100")->up);
  EXPECT_EQ(destination(kHost), ip("192.168.1.10"));
}

TEST_F(Agent, ReadsEverythingAnewAfterAnOverrun) {
  world.start();
  world.kernel.overrun();
  world.kernel.delete_link(vxlan());
  world.kernel.learn(eth1, kLocal);
  world.settle();
  EXPECT_EQ(world.status().counters.overruns, 1U);
  EXPECT_EQ(world.status().counters.dumps, 2U);
  EXPECT_EQ(destination(kHost), ip("192.168.1.10"));
}

TEST_F(Agent, TriesAgainWhatFailedForAMoment) {
  world.kernel.fail_next([](const KernelOp& op) { return std::holds_alternative<CreateBridge>(op); }, EBUSY);
  world.start();
  EXPECT_EQ(bridge(), IfIndex{});
  world.advance(1s);
  EXPECT_NE(bridge(), IfIndex{});
  EXPECT_TRUE(world.status().in_step);
}

TEST_F(Agent, ParksWhatTheKernelRefusesForGoodUntilTheWishChanges) {
  const auto is_creation = [](const KernelOp& op) { return std::holds_alternative<CreateBridge>(op); };
  world.kernel.fail_next(is_creation, EINVAL);
  world.start();
  world.advance(1h);
  EXPECT_EQ(bridge(), IfIndex{});
  ASSERT_THAT(world.status().refused, SizeIs(1));
  EXPECT_THAT(world.status().refused.front(), HasSubstr("create the bridge kvbr100"));
  EXPECT_THAT(world.commit() + world.commit(), HasSubstr("unspecified_fault"));
  world.rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.name = "crimson"; });
  world.tell_database();
  EXPECT_NE(bridge(), IfIndex{});
  EXPECT_THAT(world.status().refused, IsEmpty());
}

TEST_F(Agent, DoesNotFightInALoop) {
  world.start();
  world.take_ops();
  for (int i = 0; i < 20; ++i) {
    if (destination(kHost)) {
      world.kernel.remove_entry(
          VxlanEntry{.device = vxlan(), .mac = kHost, .destination = {.address = ip("192.168.1.10")}});
    }
    world.settle();
    world.advance(10ms);
  }
  EXPECT_LT(world.take_ops().size(), 10U);
  world.advance(2min);
  EXPECT_EQ(destination(kHost), ip("192.168.1.10"));
}

TEST_F(Agent, WithdrawsRowsAtOnceAndThePortAfterTheDelay) {
  world.start();
  while (!world.sent.empty()) world.commit();
  const auto locator = world.rows.locator("192.168.2.20");
  const auto row = world.rows.insert(
      hwvtep::UcastMacsLocal{.MAC = kLocal.to_string(), .logical_switch = red, .locator = locator});
  world.kernel.learn(eth1, kLocal);
  world.tell_database();
  while (!world.sent.empty()) world.commit();
  world.rows.edit<hwvtep::PhysicalPort>(port, [](auto& bound) { bound.vlan_bindings.clear(); });
  world.tell_database();
  ASSERT_THAT(world.sent, SizeIs(1));
  EXPECT_THAT(world.sent.front().text, HasSubstr(row.to_string()));
  EXPECT_EQ(world.link("eth1")->master, bridge());
  world.advance(1s);
  EXPECT_EQ(world.link("eth1")->master, IfIndex{});
}

TEST_F(Agent, HasOneTransactionUnderWay) {
  world.start();
  ASSERT_THAT(world.sent, SizeIs(1));
  for (int i = 0; i < 10; ++i) {
    world.kernel.learn(eth1, mac(("02:00:00:00:00:0" + std::to_string(i)).c_str()));
    world.settle();
  }
  EXPECT_THAT(world.sent, SizeIs(1));
  world.commit();
  ASSERT_THAT(world.sent, SizeIs(1));
  for (int i = 0; i < 10; ++i)
    EXPECT_THAT(world.sent.front().text, HasSubstr("02:00:00:00:00:0" + std::to_string(i)));
}

TEST_F(Agent, LooksAgainAfterAConflict) {
  world.start();
  const auto first = world.commit(agent::CommitOutcome::Conflict);
  EXPECT_THAT(world.sent, IsEmpty());
  world.advance(1s);
  ASSERT_THAT(world.sent, SizeIs(1));
  EXPECT_THAT(world.sent.front().text, HasSubstr("unknown-dst"));
}

TEST_F(Agent, KeepsTheKernelRightWhileTheDatabaseIsGone) {
  world.start();
  while (!world.sent.empty()) world.commit();
  world.lose_database();
  EXPECT_EQ(world.status().database_trouble, "gone");
  world.kernel.delete_link(bridge());
  world.kernel.learn(eth1, kLocal);
  world.settle();
  EXPECT_EQ(world.link("eth1")->master, bridge());
  EXPECT_THAT(world.sent, IsEmpty());
  world.advance(1h);
  EXPECT_EQ(destination(kHost), ip("192.168.1.10"));
}

TEST_F(Agent, TellsOfAPortThatSomebodyElseTakes) {
  world.start();
  while (!world.sent.empty()) world.commit();
  world.kernel.enslave(eth1, world.kernel.add_bridge("br-mine"));
  world.settle();
  EXPECT_THAT(world.commit() + world.commit(), HasSubstr("invalid_vlan_map"));
  EXPECT_EQ(world.link("eth1")->master, world.kernel.index_of("br-mine"));
}

TEST_F(Agent, KeepsARoundSmall) {
  FakeWorld small({.settings = {}, .round_limit = 10});
  const auto blue = small.rows.logical_switch("blue", 200);
  const auto locator = small.rows.locator("192.168.1.10");
  for (int i = 10; i < 60; ++i) small.rows.remote_mac("02:00:00:00:00:" + std::to_string(i), blue, locator);
  small.start();
  std::size_t entries = 0;
  for (const auto& round : small.rounds) {
    EXPECT_LE(round.size(), 10U);
    entries += static_cast<std::size_t>(std::ranges::count_if(
        round, [](const KernelOp& op) { return std::holds_alternative<SetRemoteMac>(op); }));
  }
  EXPECT_EQ(entries, 50U);
}

}  // namespace
}  // namespace kvtep::testing
