// A MAC that flaps costs neither a storm of writes nor one of transactions, and ends where it belongs.
#include <string>

#include "netlinkd/agent/damping.hpp"
#include "tests/support/agent_story.hpp"

namespace kvtep::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class Flapping : public AgentStory {
 protected:
  void here() {
    world.kernel.learn(eth1, host);
    world.settle();
    keep_transactions();
  }
  // The controller changes its mind about the host, and so wins over the local entry.
  void far_away(const Uuid& locator) {
    world.rows.edit<hwvtep::UcastMacsRemote>(remote, [&](auto& row) { row.locator = locator; });
    world.tell_database();
    keep_transactions();
  }
  void flap(int times) {
    const auto other = world.rows.locator("192.168.1.11");
    for (int i = 0; i < times; ++i) {
      here();
      world.advance(50ms);
      far_away(i % 2 == 0 ? other : far);
      world.advance(50ms);
    }
  }
  void keep_transactions() {
    while (!world.sent.empty()) transactions.push_back(world.commit());
  }
  std::optional<IpAddress> destination() {
    const auto installed = now();
    const auto& hosts = installed.vxlan_table(vxlan()).hosts;
    return hosts.contains(host) ? hosts.at(host).destination.address : std::nullopt;
  }

  std::vector<std::string> transactions;
};

TEST_F(Flapping, CostsAFewWritesAndTransactionsAtMost) {
  flap(100);  // 10 s
  EXPECT_LT(world.take_ops().size(), 15U);
  EXPECT_LT(transactions.size(), 30U);
  EXPECT_GE(world.status().counters.damped, 1U);
  EXPECT_THAT(world.status().damped, Contains(HasSubstr(host.to_string())));
  EXPECT_FALSE(world.status().in_step);
}

TEST_F(Flapping, EndsWithWhatTheLastOneSays) {
  flap(100);
  far_away(world.rows.locator("192.168.1.12"));
  world.advance(2min);
  keep_transactions();
  EXPECT_EQ(destination(), ip("192.168.1.12"));
  EXPECT_THAT(world.status().damped, IsEmpty());
  expect_in_step();

  here();
  world.advance(2min);
  keep_transactions();
  EXPECT_EQ(now().bridge_table(bridge()).at(host).port, eth1);
  EXPECT_THAT(transactions.back(), HasSubstr(host.to_string()));
}

TEST_F(Flapping, OfOneHostHoldsUpNoOther) {
  flap(20);
  world.take_ops();
  world.rows.remote_mac("00:00:00:00:aa:07", red, far);
  world.tell_database();
  EXPECT_THAT(world.take_ops(), SizeIs(1));
  world.kernel.learn(eth1, local);
  world.settle();
  EXPECT_THAT(world.commit() + world.commit(), HasSubstr(local.to_string()));
}

TEST_F(Flapping, IsNotWhatAFewMovesAre) {
  for (int i = 0; i < 20; ++i) {
    world.kernel.learn(i % 2 == 0 ? eth1 : index("eth2.5"), local);
    world.settle();
    world.advance(4s);
  }
  EXPECT_EQ(world.status().counters.moves, 19U);
  EXPECT_EQ(world.status().counters.damped, 0U);
}

TEST(Damper, WaitsTwiceAsLongEachTimeUpToAMinute) {
  agent::Damper<int> damper;
  agent::TimePoint now{};
  std::vector<agent::Duration> waits;
  while (waits.size() < 6) {
    now += 100ms;
    if (const auto until = damper.moved(1, now)) {
      EXPECT_TRUE(damper.is_damped(1, now));
      EXPECT_FALSE(damper.is_damped(2, now));
      waits.push_back(*until - now);
    }
  }
  EXPECT_THAT(waits, ::testing::ElementsAre(5s, 10s, 20s, 40s, 60s, 60s));
  // After a quiet time it starts anew.
  now += 5min;
  std::optional<agent::TimePoint> until;
  while (!until) until = damper.moved(1, now += 100ms);
  EXPECT_EQ(*until - now, 5s);
}

}  // namespace
}  // namespace kvtep::testing
