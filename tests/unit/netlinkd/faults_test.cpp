// Stories about the fault columns: what the kernel refuses is told, and taken back when it no longer does.

#include <cerrno>

#include "tests/support/agent_story.hpp"

namespace kvtep::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;

class Fault : public AgentStory {
 protected:
  template <class Op>
  void refuse(int number, int times) {
    for (int i = 0; i < times; ++i) {
      world.kernel.fail_next([](const KernelOp& op) { return std::holds_alternative<Op>(op); }, number);
    }
  }
  // All that is published meanwhile; the rows do not change by it.
  std::string published(agent::Duration duration) {
    std::string text;
    for (const auto end = world.now + duration; world.now < end;) {
      world.advance(100ms);
      while (!world.sent.empty()) text += world.commit();
    }
    return text;
  }
  void set_faults(std::set<std::string> words) {
    const auto id = world.rows.database.table<hwvtep::PhysicalSwitch>().begin()->first;
    world.rows.edit<hwvtep::PhysicalSwitch>(id, [&](auto& row) { row.switch_fault_status = words; });
    world.tell_database();
  }
};

TEST_F(Fault, OfAFullMacTableIsToldOnceItLastsAndGoesWithIt) {
  refuse<SetRemoteMac>(ENOSPC, 1);
  world.rows.remote_mac("00:00:00:00:aa:03", red, far);
  world.tell_database();
  EXPECT_THAT(published(2s), Not(HasSubstr("exhaustion"))) << "a passing moment";

  refuse<SetRemoteMac>(ENOSPC, 4);
  world.rows.remote_mac("00:00:00:00:aa:04", red, far);
  world.tell_database();
  EXPECT_THAT(published(1s), HasSubstr(R"(["switch_fault_status","insert","mac_table_exhaustion"])"));
  set_faults({"mac_table_exhaustion"});
  EXPECT_THAT(published(5s), HasSubstr(R"(["switch_fault_status","delete","mac_table_exhaustion"])"));
  set_faults({});
  expect_in_step();
}

TEST_F(Fault, OfAFullMacTableGoesWithTheRowThatDoesNotFit) {
  refuse<SetRemoteMac>(ENOMEM, 100);
  const auto row = world.rows.remote_mac("00:00:00:00:aa:04", red, far);
  world.tell_database();
  EXPECT_THAT(published(1s), HasSubstr("mac_table_exhaustion"));
  set_faults({"mac_table_exhaustion"});
  world.rows.erase<hwvtep::UcastMacsRemote>(row);
  world.tell_database();
  EXPECT_THAT(published(1s), HasSubstr(R"("delete","mac_table_exhaustion")"));
}

TEST_F(Fault, OfTunnelsThatDoNotFitIsTold) {
  refuse<AddFloodDestination>(ENOSPC, 4);
  world.rows.edit<hwvtep::LogicalSwitch>(red, [](auto& row) { row.replication_mode = "source_node"; });
  world.rows.flood(red, {world.rows.locator("192.168.1.11")});
  world.tell_database();
  EXPECT_THAT(published(1s), HasSubstr(R"(["switch_fault_status","insert","tunnel_exhaustion"])"));
  set_faults({"tunnel_exhaustion"});
  EXPECT_THAT(published(5s), HasSubstr(R"("delete","tunnel_exhaustion")"));
}

TEST_F(Fault, OfAPortThatTheKernelRefusesForGoodIsToldOfTheSwitchAndThePort) {
  world.kernel.set_up(world.kernel.add_port("eth3"));
  world.settle();
  refuse<SetTagFilter>(EOPNOTSUPP, 1);
  const auto third = world.rows.port("eth3", {{0, red}});
  const auto own = world.rows.database.table<hwvtep::PhysicalSwitch>().begin()->first;
  world.rows.edit<hwvtep::PhysicalSwitch>(own, [&](auto& row) { row.ports.insert(third); });
  world.tell_database();
  EXPECT_THAT(published(1s), AllOf(HasSubstr(R"(["switch_fault_status","insert","unspecified_fault"])"),
                                   HasSubstr(R"(["port_fault_status","insert","unspecified_fault"])")));
  world.rows.edit<hwvtep::PhysicalPort>(third, [](auto& row) {
    row.vlan_bindings.clear();
    row.port_fault_status = {"unspecified_fault"};
  });
  set_faults({"unspecified_fault"});
  EXPECT_THAT(published(1s), AllOf(HasSubstr(R"(["switch_fault_status","delete","unspecified_fault"])"),
                                   HasSubstr(R"(["port_fault_status","delete","unspecified_fault"])")));
}

TEST_F(Fault, IsWrittenAgainWhenTheServerForgotIt) {
  world.rows.insert(hwvtep::LogicalRouter{.name = "router"});
  world.tell_database();
  EXPECT_THAT(published(1s), HasSubstr("lr_support_fault"));
  set_faults({"lr_support_fault"});
  EXPECT_THAT(published(1s), Not(HasSubstr("lr_support_fault")));
  // Ephemeral columns are empty when a server starts anew.
  world.lose_database();
  const auto own = world.rows.database.table<hwvtep::PhysicalSwitch>().begin()->first;
  world.rows.edit<hwvtep::PhysicalSwitch>(own, [](auto& row) { row.switch_fault_status.clear(); });
  world.tell_database(true);
  EXPECT_THAT(published(1s), HasSubstr("lr_support_fault"));
}

}  // namespace
}  // namespace kvtep::testing
