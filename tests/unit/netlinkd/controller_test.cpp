// Stories about what a controller does to a running daemon: rows change at any time, in any order, in one
// update or in several, and some of them are wrong.

#include <algorithm>
#include <array>
#include <functional>
#include <regex>

#include "netlinkd/model/installed.hpp"
#include "tests/support/agent_story.hpp"

namespace kvtep::testing {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using ::testing::VariantWith;
using namespace std::chrono_literals;

std::optional<IpAddress> destination(Stage& stage, const char* vxlan, const MacAddress& host) {
  const auto installed = stage.now();
  const auto& hosts = installed.vxlan_table(stage.index(vxlan)).hosts;
  const auto entry = hosts.find(host);
  return entry == hosts.end() ? std::nullopt : entry->second.destination.address;
}

std::set<IpAddress> flood_list(Stage& stage, const char* vxlan) {
  std::set<IpAddress> list;
  const auto installed = stage.now();
  const auto& groups = installed.vxlan_table(stage.index(vxlan)).groups;
  const auto found = groups.find(MacAddress{});
  if (found == groups.end()) return list;
  for (const auto& destination : found->second) list.insert(*destination.address);
  return list;
}

std::string reasons(const agent::Status& status) {
  std::string text;
  for (const auto& issue : status.issues) text += issue.object + ": " + issue.reason + "\n";
  return text;
}

// The address stands in the database and not on the command line.
agent::Options without_tunnel_ip() {
  return {.settings = {.switch_name = "s2", .tunnel_ip = {}, .ports = {"eth*"}}};
}

struct AddressInTheDatabase : Stage {
  AddressInTheDatabase() : Stage(without_tunnel_ip()) {
    set_tunnel_ips({"192.168.2.20"});
    world.advance(1s);
    while (!world.sent.empty()) world.commit();
    world.take_ops();
  }
  void set_tunnel_ips(std::set<std::string> addresses) {
    write_tunnel_ips(std::move(addresses));
    world.tell_database();
  }
  void write_tunnel_ips(std::set<std::string> addresses) {
    for (const auto& [id, row] : world.rows.database.table<hwvtep::PhysicalSwitch>()) {
      world.rows.edit<hwvtep::PhysicalSwitch>(Uuid(id), [&](auto& own) { own.tunnel_ips = addresses; });
      return;
    }
  }
};

TEST(ControllerThatChangesEverything, MayDoSoInAnyOrderInOneUpdateOrInSeveral) {
  std::array order{0, 1, 2, 3, 4};
  do {
    for (const bool at_once : {true, false}) {
      SCOPED_TRACE(::testing::PrintToString(order) + (at_once ? " at once" : " one by one"));
      AddressInTheDatabase stage;
      auto& rows = stage.world.rows;
      const auto edit_switch = [&](auto change) { rows.edit<hwvtep::LogicalSwitch>(stage.red, change); };
      const std::array<std::function<void()>, 5> changes{
          [&] { edit_switch([](auto& row) { row.tunnel_key = 300; }); },
          [&] { edit_switch([](auto& row) { row.replication_mode = "source_node"; }); },
          [&] { edit_switch([](auto& row) { row.name = "crimson"; }); },
          [&] { stage.write_tunnel_ips({"192.168.2.21"}); },
          [&] {  // the rows of a host that moves: one goes, one comes; and a second flood row
            rows.erase<hwvtep::UcastMacsRemote>(stage.remote);
            const auto other = rows.locator("192.168.1.11");
            rows.remote_mac("00:00:00:00:aa:01", stage.red, other);
            rows.flood(stage.red, {other});
          }};
      for (const int i : order) {
        changes[static_cast<std::size_t>(i)]();
        if (!at_once) stage.world.tell_database();
      }
      stage.world.tell_database();
      stage.world.advance(1s);
      EXPECT_EQ(destination(stage, "kvvx300", stage.host), ip("192.168.1.11"));
      EXPECT_THAT(flood_list(stage, "kvvx300"), UnorderedElementsAre(ip("192.168.1.10"), ip("192.168.1.11")));
      const auto installed = stage.now();
      const Link* vxlan = installed.link_named("kvvx300");
      ASSERT_NE(vxlan, nullptr);
      EXPECT_EQ(std::get<VxlanInfo>(vxlan->info).local, ip("192.168.2.21"));
      EXPECT_THAT(vxlan->alias, HasSubstr("crimson"));
      EXPECT_EQ(installed.link_named("kvbr100"), nullptr);
      EXPECT_EQ(installed.link_named("kvvx100"), nullptr);
      EXPECT_EQ(installed.link_named("eth1")->master, stage.index("kvbr300"));
      EXPECT_EQ(installed.link_named("eth2.5")->master, stage.index("kvbr300"));
      stage.expect_in_step();
    }
  } while (std::ranges::next_permutation(order).found);
}

class Controller : public AgentStory {};

TEST_F(Controller, MayWriteAMacBeforeItsLocatorAndItsSwitch) {
  const auto guest = mac("00:00:00:00:bb:01");
  const auto future_switch = uuid(9001);
  const auto future_locator = uuid(9002);
  const auto row = world.rows.remote_mac("00:00:00:00:bb:01", future_switch, future_locator);
  world.tell_database();
  EXPECT_THAT(world.take_ops(), IsEmpty());
  // The names that the row speaks of come into being: the row that names the locator stays as it was.
  const auto blue = world.rows.logical_switch("blue", 200);
  world.rows.edit<hwvtep::UcastMacsRemote>(row, [&](auto& it) { it.logical_switch = blue; });
  world.tell_database();
  EXPECT_EQ(destination(*this, "kvvx200", guest), std::nullopt);
  EXPECT_THAT(reasons(world.status()), HasSubstr("there is no Physical_Locator"));
  world.rows.edit<hwvtep::UcastMacsRemote>(row, [&](auto& it) { it.locator = far; });
  world.tell_database();
  EXPECT_EQ(destination(*this, "kvvx200", guest), ip("192.168.1.10"));
  expect_in_step();
}

TEST_F(Controller, MayDeleteAndInsertARowForTheSameMacAsOneReplace) {
  const auto other = world.rows.locator("192.168.1.11");
  world.rows.erase<hwvtep::UcastMacsRemote>(remote);
  world.rows.remote_mac("00:00:00:00:aa:01", red, other);
  world.tell_database();
  world.advance(1s);
  EXPECT_THAT(world.take_ops(),
              ElementsAre(SetRemoteMac{.vxlan = vxlan(), .mac = host, .destination = {ip("192.168.1.11")}}));
  // The same content again under another uuid is no change at all.
  for (const auto& [id, row] : world.rows.database.table<hwvtep::UcastMacsRemote>()) {
    world.rows.erase<hwvtep::UcastMacsRemote>(id);
    break;
  }
  world.rows.remote_mac("00:00:00:00:AA:01", red, other);
  world.tell_database();
  world.advance(1s);
  EXPECT_THAT(world.take_ops(), IsEmpty());
}

TEST_F(Controller, IsToldOnceWhichOfTwoRowsForAMacWinsAndTheOtherTakesOver) {
  world.rows.remote_mac("00:00:00:00:aa:01", red, world.rows.locator("192.168.1.9"));
  world.tell_database();
  EXPECT_EQ(destination(*this, "kvvx100", host), ip("192.168.1.9")) << "the lowest address";
  ASSERT_THAT(world.status().issues, SizeIs(1));
  EXPECT_THAT(reasons(world.status()),
              AllOf(HasSubstr(remote.to_string()), HasSubstr("wins over 192.168.1.10")));
  for (const auto& [id, row] : world.rows.database.table<hwvtep::UcastMacsRemote>()) {
    if (id == remote) continue;
    world.rows.erase<hwvtep::UcastMacsRemote>(id);
    break;
  }
  world.tell_database();
  EXPECT_EQ(destination(*this, "kvvx100", host), ip("192.168.1.10"));
  EXPECT_THAT(world.status().issues, IsEmpty());
  expect_in_step();
}

TEST_F(Controller, HasItsBadRowsListedAndNothingElseStops) {
  const auto bad_mac = world.rows.remote_mac("nonsense", red, far);
  const auto bad_ip = world.rows.remote_mac("00:00:00:00:aa:03", red, world.rows.locator("10.0.0.300"));
  const auto bad_vni = world.rows.logical_switch("green", 0x1000000);
  world.rows.remote_mac("00:00:00:00:aa:04", red, far);
  world.tell_database();
  EXPECT_EQ(destination(*this, "kvvx100", mac("00:00:00:00:aa:04")), ip("192.168.1.10"));
  EXPECT_THAT(reasons(world.status()),
              AllOf(HasSubstr(bad_mac.to_string() + ": 'nonsense' is no MAC"),
                    HasSubstr(bad_ip.to_string() + " (00:00:00:00:aa:03): the locator's dst_ip '10.0.0.300'"),
                    HasSubstr(bad_vni.to_string() + " (green): the tunnel_key 16777216 is no VNI")));
  world.rows.erase<hwvtep::UcastMacsRemote>(bad_mac);
  world.rows.erase<hwvtep::UcastMacsRemote>(bad_ip);
  world.rows.erase<hwvtep::LogicalSwitch>(bad_vni);
  world.tell_database();
  EXPECT_THAT(world.status().issues, IsEmpty());
}

TEST_F(Controller, MaySetKeyZeroOnAllSwitchesWithoutAWordOfWarning) {
  for (int i = 0; i < 50; ++i) world.rows.logical_switch("idle" + std::to_string(i), 0);
  world.tell_database();
  const auto issues = world.status().issues;
  EXPECT_THAT(issues, SizeIs(50));
  EXPECT_TRUE(std::ranges::all_of(issues, &Issue::is_expected));
  EXPECT_THAT(world.take_ops(), IsEmpty());
}

TEST_F(Controller, FindsOurRowsAgainWhenItDeletesThem) {
  const auto own_locator = world.rows.locator("192.168.2.20");
  const auto set = world.rows.insert(hwvtep::PhysicalLocatorSet{.locators = {own_locator}});
  const auto flood_row = world.rows.insert(
      hwvtep::McastMacsLocal{.MAC = "unknown-dst", .logical_switch = red, .locator_set = set});
  const auto row = world.rows.insert(
      hwvtep::UcastMacsLocal{.MAC = local.to_string(), .logical_switch = red, .locator = own_locator});
  world.kernel.learn(eth1, local);
  world.tell_database();
  while (!world.sent.empty()) world.commit();
  world.rows.erase<hwvtep::UcastMacsLocal>(row);
  world.tell_database();
  EXPECT_THAT(world.commit(), HasSubstr(local.to_string()));
  world.rows.erase<hwvtep::McastMacsLocal>(flood_row);
  world.tell_database();
  EXPECT_THAT(world.commit(), HasSubstr("unknown-dst"));
}

// Another database file, or another server of a pair: the same content, and every uuid another one.
TEST_F(Controller, MayReplaceTheDatabaseBehindOurBack) {
  const auto published = world.rows.locator("192.168.2.20");
  world.rows.insert(
      hwvtep::UcastMacsLocal{.MAC = local.to_string(), .logical_switch = red, .locator = published});
  world.kernel.learn(eth1, local);
  world.tell_database();
  while (!world.sent.empty()) world.commit();
  world.take_ops();
  world.lose_database();
  auto& rows = world.rows;
  const auto clear = [&]<class Row>(const Row*) {
    while (rows.database.table<Row>().size() > 0) rows.erase<Row>(rows.database.table<Row>().begin()->first);
  };
  clear(static_cast<hwvtep::UcastMacsLocal*>(nullptr));
  clear(static_cast<hwvtep::UcastMacsRemote*>(nullptr));
  clear(static_cast<hwvtep::McastMacsRemote*>(nullptr));
  clear(static_cast<hwvtep::PhysicalLocatorSet*>(nullptr));
  clear(static_cast<hwvtep::PhysicalLocator*>(nullptr));
  clear(static_cast<hwvtep::PhysicalSwitch*>(nullptr));
  clear(static_cast<hwvtep::PhysicalPort*>(nullptr));
  clear(static_cast<hwvtep::LogicalSwitch*>(nullptr));
  const auto crimson = rows.logical_switch("red", 100);
  rows.own_switch({rows.port("eth1", {{0, crimson}}), rows.port("eth2", {{5, crimson}})});
  const auto locator = rows.locator("192.168.1.10");
  rows.remote_mac("00:00:00:00:aa:01", crimson, locator);
  rows.flood(crimson, {locator});
  world.tell_database(true);
  world.advance(1s);
  const auto ops = world.take_ops();
  EXPECT_THAT(ops, SizeIs(3)) << "the bridge, the vxlan device, the VLAN device";
  EXPECT_THAT(ops, Each(VariantWith<SetAlias>(::testing::_)));
  std::string published_again;
  while (!world.sent.empty()) published_again += world.commit();
  EXPECT_THAT(published_again,
              AllOf(HasSubstr(local.to_string()), HasSubstr("unknown-dst"), HasSubstr(crimson.to_string())));
  expect_in_step();
}

TEST_F(Controller, WinsAMacByAChangedRowEvenWhileEverythingIsLookedAtAgain) {
  world.kernel.learn(eth1, host);
  world.settle();
  EXPECT_EQ(now().bridge_table(bridge()).at(host).port, eth1) << "local learning wins";
  // The key of a locator changes under its rows: every MAC is looked at again, and this row changed too.
  const auto other = world.rows.locator("192.168.1.11");
  world.rows.edit<hwvtep::UcastMacsRemote>(remote, [&](auto& row) { row.locator = other; });
  world.rows.edit<hwvtep::PhysicalLocator>(far, [](auto& row) { row.tunnel_key = 100; });
  world.tell_database();
  EXPECT_EQ(destination(*this, "kvvx100", host), ip("192.168.1.11"));
  EXPECT_EQ(now().bridge_table(bridge()).at(host).port, vxlan());
  expect_in_step();
}

TEST(ControllerThatMovesTheTunnelIp, WinsAMacByANewRowAndLosesNoneThatIsOld) {
  AddressInTheDatabase stage;
  auto& world = stage.world;
  world.kernel.learn(stage.eth1, stage.host);   // with an old row: the local host wins
  world.kernel.learn(stage.eth1, stage.local);  // without a row
  world.settle();
  stage.write_tunnel_ips({"192.168.2.21"});
  world.tell_database();
  EXPECT_EQ(stage.now().bridge_table(stage.bridge()).at(stage.host).port, stage.eth1);
  // The kernel refuses the entry at first: by the time of the second attempt all MACs have been looked at.
  world.kernel.fail_next([](const KernelOp& op) { return std::holds_alternative<SetRemoteMac>(op); }, EBUSY);
  world.rows.remote_mac(stage.local.to_string(), stage.red, stage.far);
  stage.write_tunnel_ips({"192.168.2.22"});
  world.tell_database();
  world.advance(1s);
  EXPECT_EQ(stage.now().bridge_table(stage.bridge()).at(stage.local).port, stage.vxlan());
  EXPECT_EQ(stage.now().bridge_table(stage.bridge()).at(stage.host).port, stage.eth1);
}

TEST(ControllerThatTakesTheTunnelIpAway, StopsNeitherForwardingNorOurRows) {
  AddressInTheDatabase stage;
  auto& world = stage.world;
  const auto own_locator = world.rows.locator("192.168.2.20");
  const auto row = world.rows.insert(hwvtep::UcastMacsLocal{
      .MAC = stage.local.to_string(), .logical_switch = stage.red, .locator = own_locator});
  world.kernel.learn(stage.eth1, stage.local);
  world.tell_database();
  while (!world.sent.empty()) world.commit();
  world.take_ops();
  stage.set_tunnel_ips({});
  world.advance(1s);
  EXPECT_THAT(world.take_ops(), IsEmpty());
  EXPECT_THAT(reasons(world.status()), HasSubstr("Physical_Switch s2: it has no tunnel IP"));
  // What goes is withdrawn, what comes is done.
  world.kernel.age_out(stage.bridge(), stage.local);
  world.settle();
  EXPECT_THAT(world.commit() + world.commit(), HasSubstr(row.to_string()));
  world.rows.remote_mac("00:00:00:00:aa:03", stage.red, stage.far);
  world.tell_database();
  EXPECT_EQ(destination(stage, "kvvx100", mac("00:00:00:00:aa:03")), ip("192.168.1.10"));
  world.rows.edit<hwvtep::PhysicalPort>(stage.port1, [](auto& port) { port.vlan_bindings.clear(); });
  world.tell_database();
  world.advance(1s);
  EXPECT_EQ(world.link("eth1")->master, IfIndex{});
  stage.set_tunnel_ips({"192.168.2.20"});
  stage.expect_in_step();
}

TEST(ControllerThatNeverGaveATunnelIp, FindsTheRowsOfFormerTimesWithdrawn) {
  FakeWorld world(without_tunnel_ip());
  world.kernel.add_port("eth1");
  const auto red = world.rows.logical_switch("red", 100);
  world.rows.own_switch({world.rows.port("eth1", {{0, red}})});
  const auto row = world.rows.insert(hwvtep::UcastMacsLocal{
      .MAC = "00:00:00:00:aa:02", .logical_switch = red, .locator = world.rows.locator("192.168.2.20")});
  world.start();
  EXPECT_THAT(world.take_ops(), IsEmpty());
  EXPECT_THAT(world.commit(), HasSubstr(row.to_string()));
}

TEST(FloodList, KeepsItsOnlyDestinationWhileTheKernelRefusesTheNext) {
  Stage stage;
  auto& world = stage.world;
  const auto list = [&] { return stage.now().vxlan_table(stage.vxlan()).groups.at(MacAddress{}); };
  world.kernel.fail_next([](const KernelOp& op) { return std::holds_alternative<AddFloodDestination>(op); },
                         EBUSY);
  world.rows.flood(stage.red, {world.rows.locator("192.168.1.11")});
  world.rows.erase<hwvtep::McastMacsRemote>(stage.flood);
  world.tell_database();
  EXPECT_EQ(list(), std::set<TunnelDestination>{{ip("192.168.1.10")}});
  world.advance(1s);
  EXPECT_EQ(list(), std::set<TunnelDestination>{{ip("192.168.1.11")}});
}

}  // namespace
}  // namespace kvtep::testing
