// The stage of the stories about what an operator's hands do to a running daemon's objects: one switch, red,
// VNI 100, bound untagged to eth1 and as VLAN 5 to eth2, a flood list and one remote host.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/fake_world.hpp"

namespace kvtep::testing {

struct Stage {
  explicit Stage(agent::Options options = {}) : world(std::move(options)) {
    eth1 = world.kernel.add_port("eth1");
    eth2 = world.kernel.add_port("eth2");
    world.kernel.set_up(eth1);
    world.kernel.set_up(eth2);
    red = world.rows.logical_switch("red", 100);
    port1 = world.rows.port("eth1", {{0, red}});
    port2 = world.rows.port("eth2", {{5, red}});
    world.rows.own_switch({port1, port2});
    far = world.rows.locator("192.168.1.10");
    remote = world.rows.remote_mac("00:00:00:00:aa:01", red, far);
    flood = world.rows.flood(red, {far});
    world.start();
    world.advance(std::chrono::seconds(1));
    while (!world.sent.empty()) world.commit();
    world.take_ops();
  }

  IfIndex index(const char* name) { return world.kernel.index_of(name); }
  IfIndex bridge() { return index("kvbr100"); }
  IfIndex vxlan() { return index("kvvx100"); }
  Installed now() { return Installed::from(world.kernel.dump()); }
  void by_hand(const KernelOp& op) { ASSERT_FALSE(world.kernel.apply(std::vector{op}).front().error) << op; }
  std::uint64_t drift() { return world.status().counters.drift; }

  // A daemon that starts now, and knows nothing but the rows and the kernel, finds nothing to do.
  void expect_in_step() {
    EXPECT_TRUE(world.status().in_step);
    EXPECT_THAT(world.status().issues, ::testing::IsEmpty());
    FakeWorld fresh({.settings = world.rows.settings});
    fresh.kernel = world.kernel;
    fresh.rows = world.rows;
    fresh.start();
    fresh.advance(std::chrono::seconds(1));
    EXPECT_THAT(fresh.take_ops(), ::testing::IsEmpty());
  }

  const MacAddress host = mac("00:00:00:00:aa:01");
  const MacAddress local = mac("00:00:00:00:aa:02");
  FakeWorld world;
  IfIndex eth1, eth2;
  Uuid red, port1, port2, far, remote, flood;
};

class AgentStory : public ::testing::Test, protected Stage {
 protected:
  explicit AgentStory(agent::Options options = {}) : Stage(std::move(options)) {}
};

}  // namespace kvtep::testing
