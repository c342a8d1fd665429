// Stories about the addresses of remote hosts, for which the bridges answer.
#include <algorithm>

#include "tests/support/agent_story.hpp"

namespace kvtep::testing {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class Neighbours : public AgentStory {
 protected:
  explicit Neighbours(agent::Options options = {}) : AgentStory(std::move(options)) {
    say_address(remote, "10.0.0.5");
    world.tell_database();
    world.take_ops();
  }
  void say_address(const Uuid& row, const char* text) {
    world.rows.edit<hwvtep::UcastMacsRemote>(row, [&](auto& r) { r.ipaddr = text; });
  }
  std::map<std::string, MacAddress> answers() {
    std::map<std::string, MacAddress> found;
    const auto installed = now();
    for (const auto& [address, neighbour] : installed.neighbours(bridge()))
      found.emplace(address.to_string(), neighbour.mac);
    return found;
  }
  bool suppresses() { return now().link(vxlan())->bridge_port->neigh_suppress; }
  bool announces(IfIndex port) { return now().announcer(port) == Announcer{vxlan()}; }
  void pass(agent::Duration time = 1s) {
    world.settle();
    world.advance(time);
  }

  using Answers = std::map<std::string, MacAddress>;
};

TEST_F(Neighbours, AreAnsweredForAndMovesStayAnnounced) {
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}}));
  EXPECT_TRUE(suppresses());
  EXPECT_TRUE(announces(eth1));
  EXPECT_TRUE(announces(index("eth2.5")));
  EXPECT_FALSE(announces(vxlan()));
  EXPECT_FALSE(announces(eth2));
  expect_in_step();
  EXPECT_EQ(drift(), 0U);
}

TEST_F(Neighbours, AreNotAnsweredForWhereMovesCouldNotBeAnnounced) {
  world.tell_capabilities(Capabilities{{.feature = Feature::Announcers, .words = "no such thing"}});
  pass();
  EXPECT_THAT(answers(), IsEmpty());
  pass();
  EXPECT_FALSE(suppresses());
  EXPECT_FALSE(announces(eth1));
  say_address(remote, "10.0.0.6");
  world.tell_database();
  pass();
  EXPECT_THAT(answers(), IsEmpty());
  EXPECT_TRUE(world.status().in_step);
}

TEST_F(Neighbours, FollowTheRow) {
  say_address(remote, "fd00::5");
  world.tell_database();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}, {"fd00::5", host}})) << "the old one waits";
  pass();
  EXPECT_EQ(answers(), (Answers{{"fd00::5", host}}));
  world.rows.edit<hwvtep::UcastMacsRemote>(remote, [](auto& row) { row.MAC = "00:00:00:00:aa:02"; });
  world.tell_database();
  pass();
  EXPECT_EQ(answers(), (Answers{{"fd00::5", local}}));
  EXPECT_TRUE(suppresses());
  expect_in_step();
  EXPECT_EQ(drift(), 0U);
}

TEST_F(Neighbours, GoWithTheRowAndSuppressionWithTheLast) {
  world.rows.erase<hwvtep::UcastMacsRemote>(remote);
  world.tell_database();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}}));
  EXPECT_TRUE(suppresses());
  pass();
  EXPECT_THAT(answers(), IsEmpty());
  EXPECT_FALSE(suppresses());
  EXPECT_FALSE(announces(eth1));
  expect_in_step();
  EXPECT_EQ(drift(), 0U);
}

TEST_F(Neighbours, ThatComeBackAtOnceWereNeverGone) {
  world.rows.erase<hwvtep::UcastMacsRemote>(remote);
  world.tell_database();
  world.rows.remote_host("00:00:00:00:aa:01", "10.0.0.5", red, far);
  world.tell_database();
  pass();
  for (const auto& op : world.take_ops()) EXPECT_FALSE(std::holds_alternative<RemoveNeighbour>(op)) << op;
  expect_in_step();
}

TEST_F(Neighbours, WithOneAddressHaveOneWinnerAndTheOtherTakesOver) {
  const auto lower = world.rows.remote_host("00:00:00:00:00:01", "10.0.0.5", red, far);
  world.tell_database();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", mac("00:00:00:00:00:01")}}));
  EXPECT_THAT(world.status().issues, Contains(Field(&Issue::reason, HasSubstr("also that of"))));
  world.rows.erase<hwvtep::UcastMacsRemote>(lower);
  world.tell_database();
  pass();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}}));
  expect_in_step();
}

TEST_F(Neighbours, OfABadAddressAreAnIssueAndNothingElseStops) {
  say_address(remote, "10.0.0.5.6");
  world.tell_database();
  pass();
  EXPECT_THAT(answers(), IsEmpty());
  EXPECT_THAT(now().vxlan_table(vxlan()).hosts, SizeIs(1));
  EXPECT_THAT(world.status().issues, Contains(Field(&Issue::reason, HasSubstr("'10.0.0.5.6' is no IP"))));
  say_address(remote, "10.0.0.6");
  world.tell_database();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.6", host}}));
  EXPECT_THAT(world.status().issues, IsEmpty());
}

TEST_F(Neighbours, ComeWithASwitchAndGoWithIt) {
  const auto blue = world.rows.logical_switch("blue", 200);
  world.rows.remote_host("00:00:00:00:bb:01", "10.0.0.5", blue, far);
  world.tell_database();
  const auto table = now().neighbours(index("kvbr200"));
  EXPECT_THAT(table, SizeIs(1));
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}})) << "another network, another host";
  world.rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.tunnel_key = 101; });
  world.tell_database();
  pass();
  EXPECT_THAT(now().neighbours(index("kvbr101")), SizeIs(1));
  EXPECT_EQ(index("kvbr100"), IfIndex{});
  EXPECT_EQ(now().announcer(eth1), Announcer{index("kvvx101")});
  expect_in_step();
}

TEST_F(Neighbours, LetAPortGoThatIsUnbound) {
  world.rows.edit<hwvtep::PhysicalPort>(port1, [](auto& row) { row.vlan_bindings = {}; });
  world.tell_database();
  pass();
  EXPECT_EQ(now().announcer(eth1), std::nullopt);
  EXPECT_TRUE(announces(index("eth2.5")));
  expect_in_step();
}

TEST_F(Neighbours, AreNotAnnouncedFromAPortThatIsInAnotherNetwork) {
  const auto blue = world.rows.logical_switch("blue", 200);
  world.rows.edit<hwvtep::PhysicalPort>(port1, [&](auto& row) { row.vlan_bindings = {{0, blue}}; });
  world.tell_database();
  pass();
  const auto ops = world.take_ops();
  const auto removal = std::ranges::find(ops, KernelOp(RemoveAnnouncer{eth1}));
  const auto move = std::ranges::find(ops, KernelOp(SetMaster{.index = eth1, .bridge = index("kvbr200")}));
  ASSERT_NE(move, ops.end());
  EXPECT_LT(removal, move);
  EXPECT_EQ(now().announcer(eth1), std::nullopt);
  expect_in_step();
}

TEST_F(Neighbours, ThatAnOperatorDeletesOrChangesComeBackAndAreCounted) {
  world.kernel.remove_neighbour(bridge(), ip("10.0.0.5"));
  pass();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}}));
  EXPECT_EQ(drift(), 1U);
  by_hand(SetNeighbour{bridge(), ip("10.0.0.5"), local});
  pass();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}}));
  EXPECT_EQ(drift(), 2U);
  by_hand(SetNeighbour{bridge(), ip("10.0.0.66"), local});
  pass();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}}));
  EXPECT_EQ(drift(), 3U);
  expect_in_step();
}

TEST_F(Neighbours, LoseNothingWhenTheirDevicesAreVandalized) {
  const std::vector<std::function<void()>> deeds = {
      [this] { world.kernel.set_down(bridge()); },
      [this] { world.kernel.set_down(vxlan()); },
      [this] { world.kernel.delete_link(vxlan()); },
      [this] { world.kernel.delete_link(bridge()); },
      [this] { world.kernel.delete_link(index("eth2.5")); },
      [this] { by_hand(ConfigureBridgePort{vxlan(), {.learning = false}}); },
      [this] { by_hand(RemoveAnnouncer{eth1}); },
      [this] { by_hand(SetAnnouncer{eth1, {eth2}}); }};
  for (std::size_t i = 0; i < deeds.size(); ++i) {
    SCOPED_TRACE(i);
    const auto before = drift();
    deeds[i]();
    pass();
    EXPECT_GT(drift(), before);
    EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}}));
    EXPECT_TRUE(suppresses());
    EXPECT_TRUE(announces(eth1));
    EXPECT_TRUE(announces(index("eth2.5")));
    expect_in_step();
  }
}

TEST_F(Neighbours, OfStrangersAreLeftAlone) {
  const Neighbour theirs{.device = bridge(), .address = ip("10.0.0.7"), .mac = local, .is_external = false};
  world.kernel.add_neighbour(theirs);
  pass();
  EXPECT_THAT(world.take_ops(), IsEmpty());
  const auto second = world.rows.remote_host("00:00:00:00:aa:03", "10.0.0.7", red, far);
  world.tell_database();
  pass();
  EXPECT_EQ(now().neighbours(bridge()).at(ip("10.0.0.7")), theirs);
  EXPECT_THAT(world.status().issues, Contains(Field(&Issue::reason, HasSubstr("somebody else's entry"))));
  world.kernel.remove_neighbour(bridge(), ip("10.0.0.7"));
  pass();
  EXPECT_EQ(now().neighbours(bridge()).at(ip("10.0.0.7")).mac, mac("00:00:00:00:aa:03"));
  expect_in_step();
  world.rows.erase<hwvtep::UcastMacsRemote>(second);
  world.tell_database();
  pass();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}}));
  EXPECT_EQ(drift(), 0U);
}

TEST_F(Neighbours, AreRightAgainAfterAnOverrun) {
  world.kernel.overrun();
  world.kernel.remove_neighbour(bridge(), ip("10.0.0.5"));
  by_hand(SetNeighbour{bridge(), ip("10.0.0.66"), local});
  by_hand(RemoveAnnouncer{eth1});
  pass();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}}));
  EXPECT_TRUE(announces(eth1));
  expect_in_step();
}

TEST_F(Neighbours, ThatNobodyToldOfAreFoundByTheAudit) {
  world.kernel.remove_neighbour(bridge(), ip("10.0.0.5"));
  by_hand(SetNeighbour{bridge(), ip("10.0.0.66"), local});
  by_hand(RemoveAnnouncer{eth1});
  world.kernel.take_events();
  world.advance(11min);
  EXPECT_EQ(answers(), (Answers{{"10.0.0.5", host}}));
  EXPECT_TRUE(announces(eth1));
  EXPECT_EQ(world.status().counters.audit_differences, 3U);
  expect_in_step();
}

TEST_F(Neighbours, ThatTheKernelRefusesAreTriedAgainOrLeftAndNothingElseStops) {
  const auto is_set = [](const KernelOp& op) { return std::holds_alternative<SetNeighbour>(op); };
  world.kernel.fail_next(is_set, ENOMEM);
  say_address(remote, "10.0.0.6");
  world.tell_database();
  pass();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.6", host}}));
  // "IPv6 is disabled on this device".
  world.kernel.fail_next(is_set, EINVAL);
  say_address(remote, "fd00::5");
  world.tell_database();
  pass(1min);
  EXPECT_THAT(answers(), IsEmpty());
  EXPECT_THAT(world.status().refused, Contains(HasSubstr("answer for fd00::5 with 00:00:00:00:aa:01")));
  say_address(remote, "10.0.0.6");
  world.tell_database();
  pass();
  EXPECT_EQ(answers(), (Answers{{"10.0.0.6", host}}));
  EXPECT_THAT(world.status().refused, IsEmpty());
}

}  // namespace
}  // namespace kvtep::testing
