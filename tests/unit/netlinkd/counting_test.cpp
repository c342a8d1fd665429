// What the bindings carry, from the kernel's counters to Logical_Binding_Stats.
#include "tests/support/agent_story.hpp"

namespace kvtep::testing {
namespace {

using namespace std::chrono_literals;
using hwvtep::LogicalBindingStats;
using hwvtep::PhysicalPort;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Both bindings have their rows, and the daemon has seen them.
class Counting : public AgentStory {
 protected:
  explicit Counting(agent::Duration pace = 10s) : AgentStory({.stats_interval = pace}) {
    untagged = publish(port1, 0);
    tagged = publish(port2, 5);
    world.tell_database();
    commit_all();
  }

  Uuid publish(const Uuid& port, std::int64_t vlan) {
    const auto id = world.rows.insert(LogicalBindingStats{});
    world.rows.edit<PhysicalPort>(port, [&](auto& row) { row.vlan_stats[vlan] = id; });
    return id;
  }
  void write(const Uuid& id, std::int64_t packets) {
    world.rows.edit<LogicalBindingStats>(id, [&](auto& row) { row.packets_from_local = packets; });
    world.tell_database();
  }
  void frames(IfIndex device, std::uint64_t number) { world.kernel.carry(device, {.rx_packets = number}); }
  void commit_all() {
    while (!world.sent.empty()) world.commit();
  }
  std::string last_sent() { return world.sent.empty() ? "" : world.sent.back().text; }

  Uuid untagged, tagged;
};

TEST_F(Counting, WritesWhatABindingCarriedAtItsPaceAndNotSooner) {
  frames(eth1, 3);
  frames(index("eth2.5"), 4);
  world.advance(8s);
  EXPECT_THAT(world.sent, IsEmpty());
  world.advance(10s);
  ASSERT_THAT(world.sent, SizeIs(1));
  EXPECT_THAT(last_sent(), AllOf(HasSubstr(R"("row":{"packets_from_local":3})"),
                                 HasSubstr(R"("row":{"packets_from_local":4})")));
}

TEST_F(Counting, MakesNoWorkOfItsOwnWrites) {
  frames(eth1, 3);
  world.advance(10s);
  ASSERT_THAT(world.sent, SizeIs(1));
  const auto transactions = world.status().counters.transactions;
  write(untagged, 3);
  world.commit();
  world.advance(5s);
  EXPECT_EQ(world.status().counters.transactions, transactions);
  EXPECT_THAT(world.take_ops(), IsEmpty());
  EXPECT_TRUE(world.status().in_step);
}

TEST_F(Counting, WritesNothingWhileNothingPasses) {
  const auto readings = world.readings;
  world.advance(60s);
  EXPECT_EQ(world.readings, readings + 6);
  EXPECT_THAT(world.sent, IsEmpty());
}

TEST_F(Counting, StartsWithANewBindingAndNotWithThePace) {
  world.advance(2s);
  world.rows.edit<PhysicalPort>(port1, [&](auto& row) { row.vlan_bindings[7] = red; });
  world.tell_database();
  world.advance(1s);
  commit_all();
  publish(port1, 7);
  world.tell_database();
  const auto readings = world.readings;
  frames(index("eth1.7"), 5);
  world.advance(10s);
  EXPECT_EQ(world.readings, readings + 1);
  EXPECT_THAT(last_sent(), AllOf(HasSubstr(R"("row":{"packets_from_local":5})"), Not(HasSubstr("insert"))))
      << "of the port's own count nothing: those frames were tagged";
}

TEST_F(Counting, InsertsTheRowOfANewBindingWithinASecond) {
  world.advance(2s);
  world.rows.edit<PhysicalPort>(port1, [&](auto& row) { row.vlan_bindings[7] = red; });
  world.tell_database();
  commit_all();
  world.advance(1s);
  EXPECT_THAT(last_sent(), HasSubstr(R"("op":"insert","table":"Logical_Binding_Stats")"));
}

TEST_F(Counting, TakesTheRowBackWithItsBinding) {
  world.rows.edit<PhysicalPort>(port1, [](auto& row) { row.vlan_bindings.clear(); });
  world.tell_database();
  EXPECT_THAT(last_sent(), HasSubstr(R"(["vlan_stats","delete",0])"));
}

TEST_F(Counting, WritesARowAgainThatAControllerDeleted) {
  world.rows.edit<PhysicalPort>(port1, [](auto& row) { row.vlan_stats.clear(); });
  world.rows.erase<LogicalBindingStats>(untagged);
  world.tell_database();
  EXPECT_THAT(last_sent(), HasSubstr(R"("op":"insert","table":"Logical_Binding_Stats")"));
}

TEST_F(Counting, PutsRightWhatAControllerWroteOverACount) {
  frames(eth1, 3);
  world.advance(10s);
  write(untagged, 3);
  commit_all();
  write(untagged, 1000);
  EXPECT_THAT(last_sent(), HasSubstr(R"("row":{"packets_from_local":3})"));
}

TEST_F(Counting, GoesOnWhileTheDatabaseIsAwayAndWritesTheSumAfterwards) {
  world.lose_database();
  frames(eth1, 3);
  world.advance(10s);
  frames(eth1, 4);
  world.advance(10s);
  EXPECT_THAT(world.sent, IsEmpty());
  world.tell_database(true);
  EXPECT_THAT(last_sent(), HasSubstr(R"("row":{"packets_from_local":7})"));
}

TEST_F(Counting, RewritesCountsThatARestartOfTheServerForgot) {
  frames(eth1, 3);
  world.advance(10s);
  write(untagged, 3);
  commit_all();
  world.lose_database();
  world.rows.edit<LogicalBindingStats>(untagged, [](auto& row) { row = {}; });
  world.tell_database(true);
  EXPECT_THAT(last_sent(), HasSubstr(R"("row":{"packets_from_local":3})"));
}

TEST_F(Counting, ThatDoesNotWorkIsTriedAgainAtItsPace) {
  frames(eth1, 3);
  world.failing_reading = system_error(ENOBUFS, "dump the counters");
  world.advance(10s);
  EXPECT_THAT(world.sent, IsEmpty());
  world.advance(10s);
  EXPECT_THAT(last_sent(), HasSubstr(R"("row":{"packets_from_local":3})"));
}

TEST_F(Counting, GoesOnFromWhatAnotherDaemonCountedThatHadTheLock) {
  world.give_lock(false);
  world.advance(10s);
  write(untagged, 40);
  world.give_lock(true);
  world.settle();
  commit_all();
  world.advance(1s);
  frames(eth1, 2);
  world.advance(10s);
  EXPECT_THAT(last_sent(), HasSubstr(R"("row":{"packets_from_local":42})"));
}

class NotCounting : public Counting {
 protected:
  NotCounting() : Counting(0s) {}
};

TEST_F(NotCounting, ReadsAndWritesNothing) {
  frames(eth1, 3);
  world.advance(1h);
  EXPECT_EQ(world.readings, 0U);
  EXPECT_THAT(world.sent, IsEmpty());
}

}  // namespace
}  // namespace kvtep::testing
