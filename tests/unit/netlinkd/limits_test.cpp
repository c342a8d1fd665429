// Stories about limits on local MACs: hosts beyond them are told of, and get their rows as others go.
#include "tests/support/agent_story.hpp"

namespace kvtep::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;

agent::Options with_limits(std::uint32_t mac_limit, std::uint32_t port_mac_limit) {
  auto settings = Rows().settings;
  settings.mac_limit = mac_limit;
  settings.port_mac_limit = port_mac_limit;
  return {.settings = settings};
}

class Limit : public AgentStory {
 protected:
  explicit Limit(agent::Options options) : AgentStory(std::move(options)) {}

  void learn(const char* text) {
    world.kernel.learn(eth1, mac(text));
    world.settle();
  }
  std::string published() {
    std::string text;
    while (!world.sent.empty()) text += world.commit();
    return text;
  }
  // The database as after that transaction.
  Uuid has_row(const char* text) {
    const auto id = world.rows.insert(hwvtep::UcastMacsLocal{
        .MAC = text, .logical_switch = red, .locator = world.rows.locator("192.168.2.20")});
    world.tell_database();
    return id;
  }
  void has_fault(bool is_there) {
    const auto own = world.rows.database.table<hwvtep::PhysicalSwitch>().begin()->first;
    world.rows.edit<hwvtep::PhysicalSwitch>(own, [&](auto& row) {
      row.switch_fault_status =
          is_there ? std::set<std::string>{"mac_table_exhaustion"} : std::set<std::string>{};
    });
    world.tell_database();
  }
};

constexpr const char* kFirst = "00:00:00:00:bb:02";
constexpr const char* kSecond = "00:00:00:00:bb:01";
constexpr const char* kThird = "00:00:00:00:bb:03";

class PortLimit : public Limit {
 protected:
  PortLimit() : Limit(with_limits(0, 1)) {}
};

TEST_F(PortLimit, IsAFaultUntilHostsGoAndTheNextOneGetsTheRow) {
  learn(kFirst);
  EXPECT_THAT(published(), AllOf(HasSubstr(kFirst), Not(HasSubstr("exhaustion"))));
  const auto row = has_row(kFirst);
  learn(kSecond);
  EXPECT_THAT(published(), AllOf(HasSubstr(R"(["switch_fault_status","insert","mac_table_exhaustion"])"),
                                 HasSubstr(R"(["port_fault_status","insert","unspecified_fault"])"),
                                 Not(HasSubstr(kSecond))));
  has_fault(true);
  EXPECT_THAT(world.status().issues, ElementsAre(Field(&Issue::object, "Physical_Port eth1")));

  world.kernel.age_out(bridge(), mac(kFirst));
  world.settle();
  EXPECT_THAT(published(), AllOf(HasSubstr(R"(["switch_fault_status","delete","mac_table_exhaustion"])"),
                                 HasSubstr(kSecond), HasSubstr(row.to_string())));
  EXPECT_THAT(world.status().issues, IsEmpty());
}

TEST_F(PortLimit, GivesRowsToThoseThatWaitedWhereManyGoAtOnce) {
  learn(kFirst);
  learn(kSecond);
  learn(kThird);
  published();
  has_row(kSecond);
  has_fault(true);
  published();
  for (const char* gone : {kFirst, kSecond}) world.kernel.age_out(bridge(), mac(gone));
  world.settle();
  EXPECT_THAT(published(), HasSubstr(kThird));
}

class SwitchLimit : public Limit {
 protected:
  SwitchLimit() : Limit(with_limits(2, 0)) {}
  std::size_t learned() { return now().learned(bridge()); }
};

TEST_F(SwitchLimit, IsTheBridgesOwn) {
  EXPECT_EQ(std::get<BridgeInfo>(world.link("kvbr100")->info).mac_limit, 2U);
  for (const char* each : {kFirst, kSecond, kThird}) learn(each);
  EXPECT_EQ(learned(), 2U);
  EXPECT_THAT(published(), AllOf(HasSubstr(kFirst), HasSubstr(kSecond), Not(HasSubstr(kThird)),
                                 HasSubstr(R"(["switch_fault_status","insert","mac_table_exhaustion"])")));
  has_fault(true);
  world.kernel.age_out(bridge(), mac(kFirst));
  world.settle();
  EXPECT_THAT(published(), HasSubstr(R"(["switch_fault_status","delete","mac_table_exhaustion"])"));
}

TEST_F(SwitchLimit, IsPutBack) {
  by_hand(ConfigureBridge{bridge(), {.mac_limit = 1000}});
  world.settle();
  EXPECT_EQ(std::get<BridgeInfo>(world.link("kvbr100")->info).mac_limit, 2U);
  EXPECT_EQ(drift(), 1U);
  expect_in_step();
}

TEST(SwitchLimitOfAnOlderKernel, HoldsForWhatIsPublished) {
  FakeWorld world(with_limits(1, 0));
  world.kernel.lose_mac_limits();
  const auto port = world.kernel.add_port("eth1");
  world.kernel.set_up(port);
  const auto red = world.rows.logical_switch("red", 100);
  world.rows.own_switch({world.rows.port("eth1", {{0, red}})});
  world.start();
  world.advance(1s);
  EXPECT_TRUE(world.status().in_step);
  EXPECT_EQ(world.status().counters.ineffective, 0U);
  for (const char* host : {kFirst, kSecond}) world.kernel.learn(port, mac(host));
  world.settle();
  std::string published;
  while (!world.sent.empty()) published += world.commit();
  EXPECT_THAT(published, AllOf(HasSubstr(kSecond), HasSubstr("mac_table_exhaustion")));
  EXPECT_THAT(published, Not(HasSubstr(kFirst)));
}

}  // namespace
}  // namespace kvtep::testing
