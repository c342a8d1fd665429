// Stories about hosts that say which IP address is theirs.

#include "tests/support/agent_story.hpp"

namespace kvtep::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

class Learning : public AgentStory {
 protected:
  explicit Learning(agent::Options options = {}) : AgentStory(std::move(options)) { publish_flood_rows(); }

  // What the daemon asked for so far is in the database.
  void publish_flood_rows() {
    const auto own_switch = world.rows.database.table<hwvtep::PhysicalSwitch>().begin()->first;
    world.rows.edit<hwvtep::PhysicalSwitch>(own_switch, [](auto& row) { row.tunnel_ips = {"192.168.2.20"}; });
    own = world.rows.locator("192.168.2.20");
    const auto set = world.rows.insert(hwvtep::PhysicalLocatorSet{.locators = {own}});
    world.rows.insert(
        hwvtep::McastMacsLocal{.MAC = "unknown-dst", .logical_switch = red, .locator_set = set});
    world.tell_database();
    transactions();
  }
  std::string transactions() {
    std::string text;
    while (!world.sent.empty()) text += world.commit();
    return text;
  }
  // A local host with its row.
  Uuid has_row(const MacAddress& mac, const char* address = "") {
    world.kernel.learn(eth1, mac);
    world.settle();
    const auto row = world.rows.insert(hwvtep::UcastMacsLocal{
        .MAC = mac.to_string(), .logical_switch = red, .locator = own, .ipaddr = address});
    world.tell_database();
    transactions();
    return row;
  }
  void has_address(const Uuid& row, const char* address) {
    world.rows.edit<hwvtep::UcastMacsLocal>(row, [&](auto& edited) { edited.ipaddr = address; });
    world.tell_database();
  }
  static std::string update(const Uuid& row, const char* address) {
    return R"({"op":"update","table":"Ucast_Macs_Local","where":[["_uuid","==",["uuid",")" + row.to_string() +
           R"("]]],"row":{"ipaddr":")" + address + R"("}})";
  }

  const MacAddress other = mac("00:00:00:00:aa:03");
  Uuid own;
};

TEST_F(Learning, ListensAtTheBoundPortsOnly) {
  EXPECT_THAT(world.ears, UnorderedElementsAre(eth1, eth2));
  world.kernel.add_port("eth3");
  world.settle();
  EXPECT_THAT(world.ears, SizeIs(2));
  world.rows.edit<hwvtep::PhysicalPort>(port2, [](auto& row) { row.vlan_bindings.clear(); });
  world.tell_database();
  EXPECT_THAT(world.ears, ElementsAre(eth1));
}

TEST_F(Learning, ListensAgainToADeviceThatIsMadeAnew) {
  world.kernel.delete_link(eth1);
  const auto again = world.kernel.add_port("eth1");
  world.settle();
  EXPECT_THAT(world.ears, UnorderedElementsAre(again, eth2));
}

TEST_F(Learning, StopsWhereAnotherDaemonHasTheLock) {
  world.give_lock(false);
  EXPECT_THAT(world.ears, IsEmpty());
  world.give_lock(true);
  EXPECT_THAT(world.ears, SizeIs(2));
}

TEST_F(Learning, PublishesTheAddressWithTheRowWhicheverIsHeardFirst) {
  ASSERT_TRUE(world.hear(eth1, local, ip("10.0.0.2")));
  EXPECT_EQ(transactions(), "") << "no MAC, no row";
  world.kernel.learn(eth1, local);
  world.settle();
  EXPECT_THAT(transactions(),
              AllOf(HasSubstr(R"("MAC":"00:00:00:00:aa:02")"), HasSubstr(R"("ipaddr":"10.0.0.2")")));
}

TEST_F(Learning, WritesTheAddressIntoTheRowThatIsThere) {
  const auto row = has_row(local);
  world.hear(eth1, local, ip("10.0.0.2"));
  EXPECT_THAT(transactions(), HasSubstr(update(row, "10.0.0.2")));
  has_address(row, "10.0.0.2");
  world.hear(eth1, local, ip("10.0.0.2"));
  world.advance(5s);
  EXPECT_EQ(transactions(), "") << "nothing new";
  EXPECT_EQ(world.status().host_addresses, 1U);
}

TEST_F(Learning, KnowsTheSwitchOfATaggedFrame) {
  const auto blue = world.rows.logical_switch("blue", 200);
  world.rows.edit<hwvtep::PhysicalPort>(port1, [&](auto& row) { row.vlan_bindings[7] = blue; });
  world.tell_database();
  world.advance(1s);
  transactions();
  world.hear(eth1, local, ip("10.0.0.2"), VlanId{7});
  world.hear(eth1, local, ip("10.0.0.3"), VlanId{8});  // not bound
  EXPECT_EQ(world.status().host_addresses, 1U);
  world.kernel.learn(eth1, local);  // in red
  world.settle();
  EXPECT_THAT(transactions(), Not(HasSubstr("ipaddr\":\"10")));
  world.kernel.learn(index("eth1.7"), local);
  world.settle();
  EXPECT_THAT(transactions(), HasSubstr("10.0.0.2"));
}

TEST_F(Learning, RewritesWhatAControllerPutThere) {
  const auto row = has_row(local);
  world.hear(eth1, local, ip("10.0.0.2"));
  transactions();
  has_address(row, "10.9.9.9");
  EXPECT_THAT(transactions(), HasSubstr(update(row, "10.0.0.2")));
}

TEST_F(Learning, TakesAnAddressFromTheMacThatHadIt) {
  const auto first = has_row(local);
  const auto second = has_row(other);
  world.hear(eth1, local, ip("10.0.0.2"));
  transactions();
  has_address(first, "10.0.0.2");
  world.hear(eth1, other, ip("10.0.0.2"));
  world.advance(2s);
  EXPECT_THAT(transactions(), AllOf(HasSubstr(update(first, "")), HasSubstr(update(second, "10.0.0.2"))));
}

TEST_F(Learning, KeepsTheAddressOfAHostThatMovesToAnotherPort) {
  const auto row = has_row(local);
  world.hear(eth1, local, ip("10.0.0.2"));
  transactions();
  has_address(row, "10.0.0.2");
  world.kernel.learn(index("eth2.5"), local);
  world.settle();
  world.rows.edit<hwvtep::PhysicalPort>(port1, [](auto& edited) { edited.vlan_bindings.clear(); });
  world.tell_database();
  world.advance(5s);
  EXPECT_EQ(transactions(), "");
}

TEST_F(Learning, ForgetsTheAddressesOfAHostThatIsGone) {
  has_row(local);
  world.hear(eth1, local, ip("10.0.0.2"));
  transactions();
  world.advance(5min);
  world.kernel.age_out(bridge(), local);
  world.settle();
  EXPECT_THAT(transactions(), HasSubstr("delete"));
  EXPECT_EQ(world.status().host_addresses, 0U);
}

TEST_F(Learning, GoesByAnOperatorsEntryAndNotByWhoSpeaks) {
  by_hand(SetTagFilter{eth1, {}});
  world.kernel.add_entry(
      {.bridge = bridge(), .port = index("eth2.5"), .mac = local, .kind = BridgeEntryKind::Static});
  world.settle();
  transactions();
  world.hear(eth1, local, ip("10.0.0.66"));
  world.advance(2s);
  EXPECT_EQ(transactions(), "");
  world.hear(eth2, local, ip("10.0.0.2"), VlanId{5});
  world.advance(2s);
  EXPECT_THAT(transactions(), HasSubstr("10.0.0.2"));
}

TEST_F(Learning, KeepsTheAddressesThatTheRowsHaveAtItsStart) {
  const auto row = has_row(local);
  has_address(row, "10.0.0.2");  // what a daemon before this one heard
  while (!world.sent.empty()) world.commit();
  has_address(row, "10.0.0.2");
  FakeWorld fresh({.settings = world.rows.settings});
  fresh.kernel = world.kernel;
  fresh.rows = world.rows;
  fresh.start();
  fresh.advance(5s);
  EXPECT_THAT(fresh.take_ops(), IsEmpty());
  EXPECT_THAT(fresh.sent, IsEmpty());
  // And it knows whose it is: the first one to claim it takes it away.
  fresh.kernel.learn(eth1, other);
  fresh.hear(eth1, other, ip("10.0.0.2"));
  fresh.advance(2s);
  std::string text;
  while (!fresh.sent.empty()) text += fresh.commit();
  EXPECT_THAT(text, AllOf(HasSubstr(update(row, "")), HasSubstr(R"("ipaddr":"10.0.0.2")")));
}

TEST_F(Learning, OfAFloodOfAddressesCostsATransactionASecondAtMost) {
  has_row(local);
  std::size_t count = 0;
  for (int i = 0; i < 10'000; ++i) {
    world.hear(eth1, local,
               IpAddress{Ipv4Bytes{10, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}});
    world.advance(1ms);
    while (!world.sent.empty()) {
      world.commit();
      ++count;
    }
  }
  EXPECT_GE(count, 10U);
  EXPECT_LE(count, 22U) << "twice: the fake database never has what was written";
  EXPECT_EQ(world.status().host_addresses, 4096U);
  EXPECT_EQ(world.status().counters.addresses_heard, 10'000U);
}

// What was written comes back as a change of the row, which makes it be looked at: in a flood that must not
// be answered with the next address.
TEST_F(Learning, WritesNoNewerAddressBeforeItsTimeWhyeverTheRowIsLookedAt) {
  const auto row = has_row(local);
  world.hear(eth1, local, ip("10.0.0.1"));
  EXPECT_THAT(transactions(), HasSubstr(update(row, "10.0.0.1")));
  has_address(row, "10.0.0.1");
  world.hear(eth1, local, ip("10.0.0.2"));
  world.hear(eth1, local, ip("10.0.0.3"));
  has_address(row, "10.9.9.9");
  EXPECT_THAT(transactions(), HasSubstr(update(row, "10.0.0.1")));
  has_address(row, "10.0.0.1");
  EXPECT_EQ(transactions(), "");
  world.advance(1s);
  EXPECT_THAT(transactions(), HasSubstr(update(row, "10.0.0.3")));
}

TEST_F(Learning, SaysWhereItIsDeaf) {
  world.deafen({{eth1, system_error(EPERM, "open a packet socket")}});
  EXPECT_THAT(world.status().issues,
              Contains(AllOf(Field(&Issue::object, "eth1"),
                             Field(&Issue::reason, HasSubstr("Operation not permitted")))));
  world.deafen({});
  EXPECT_THAT(world.status().issues, IsEmpty());
}

class NoLearning : public Learning {
 protected:
  NoLearning() : Learning({.settings = {}, .addresses_per_port = 0}) {}
};

TEST_F(NoLearning, ListensToNobodyAndVouchesForNoAddress) {
  EXPECT_THAT(world.ears, IsEmpty());
  const auto row = has_row(local);
  has_address(row, "10.0.0.2");
  EXPECT_THAT(transactions(), HasSubstr(update(row, "")));
}

}  // namespace
}  // namespace kvtep::testing
