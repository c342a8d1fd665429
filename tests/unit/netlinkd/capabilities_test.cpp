// Stories of kernels that lack something.
#include <cerrno>

#include "tests/support/agent_story.hpp"

namespace kvtep::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;

class Lacking : public AgentStory {
 protected:
  void lack(Feature feature) {
    world.tell_capabilities(Capabilities{{.feature = feature, .words = "no such thing"}});
  }
  template <class Op>
  std::size_t attempts(int number, agent::Duration duration) {
    for (int i = 0; i < 100; ++i)
      world.kernel.fail_next([](const KernelOp& op) { return std::holds_alternative<Op>(op); }, number);
    world.tell_database();
    world.advance(duration);
    std::size_t count = 0;
    for (const auto& op : world.take_ops()) count += std::holds_alternative<Op>(op) ? 1 : 0;
    return count;
  }
};

TEST_F(Lacking, VlanDevicesIsTheReasonThatIsNamed) {
  lack(Feature::VlanDevices);
  world.rows.edit<hwvtep::PhysicalPort>(port2, [&](auto& row) { row.vlan_bindings[6] = red; });
  EXPECT_EQ(attempts<CreateVlan>(EOPNOTSUPP, 10min), 1U);
  EXPECT_THAT(world.status().refused,
              ElementsAre(AllOf(HasSubstr("eth2.6"), HasSubstr("this kernel has no VLAN devices (8021q)"),
                                HasSubstr("left as it is"))));
}

TEST_F(Lacking, SomethingIsNoReasonToTryAgain) {
  world.rows.edit<hwvtep::PhysicalPort>(port2, [&](auto& row) { row.vlan_bindings[6] = red; });
  EXPECT_GT(attempts<CreateVlan>(ENOENT, 10min), 3U) << "a passing moment, for all that is known";
  lack(Feature::VlanDevices);
  world.rows.edit<hwvtep::PhysicalPort>(port2, [&](auto& row) { row.vlan_bindings[7] = red; });
  const auto again = attempts<CreateVlan>(ENOENT, 10min);
  EXPECT_LE(again, 2U) << "once for each";
  EXPECT_THAT(world.status().refused, Not(IsEmpty()));
}

TEST_F(Lacking, NexthopGroupsAServiceNodeIsAPlainDestination) {
  lack(Feature::NexthopGroups);
  const auto blue = world.rows.logical_switch("blue", 200);
  world.rows.flood(blue, {far, world.rows.locator("192.168.1.11")});
  world.tell_database();
  world.advance(1s);
  for (const auto& op : world.take_ops()) EXPECT_FALSE(std::holds_alternative<SetServiceNode>(op)) << op;
  const auto table = now().vxlan_table(index("kvvx200"));
  EXPECT_THAT(table.groups.at(MacAddress{}), ElementsAre(TunnelDestination{.address = ip("192.168.1.10")}));
  expect_in_step();
}

TEST_F(Lacking, NothingOtherwiseItIsAGroup) {
  const auto blue = world.rows.logical_switch("blue", 200);
  world.rows.flood(blue, {far, world.rows.locator("192.168.1.11")});
  world.tell_database();
  world.advance(1s);
  EXPECT_NE(now().vxlan_table(index("kvvx200")).groups.at(MacAddress{}).begin()->nexthop_group, 0U);
}

TEST_F(Lacking, AnythingIsInTheStatus) {
  EXPECT_EQ(world.status().capabilities, std::nullopt);
  world.tell_capabilities(std::unexpected(system_error(EPERM, "make a network namespace")));
  EXPECT_EQ(world.status().capabilities, std::nullopt);
  lack(Feature::MacLimits);
  EXPECT_EQ(world.status().capabilities,
            (Capabilities{{.feature = Feature::MacLimits, .words = "no such thing"}}));
}

}  // namespace
}  // namespace kvtep::testing
