#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

const IpAddress kGroup = *IpAddress::parse("239.1.1.1");
const IpAddress kGroupV6 = *IpAddress::parse("ff15::5");

template <class WorldType>
class Groups : public Contract<WorldType> {
 protected:
  // A snooping bridge with a port that forwards.
  void SetUp() override {
    bridge_ = this->make_switch().bridge;
    port_ = this->make_port("p1", bridge_);
    this->learn(bridge_, port_, kHostA);
    this->must(ConfigureBridge{bridge_, {.multicast_snooping = true}});
  }

  // The groups of this test: a real host asks for some of its own accord.
  std::set<IpAddress> groups() {
    this->hear();
    std::set<IpAddress> found;
    for (const auto& member : this->heard_.group_members(bridge_)) {
      const bool is_ours = member.group == kGroup || member.group == kGroupV6;
      if (is_ours && member.port == port_ && !member.source) found.insert(member.group);
    }
    return found;
  }

  IfIndex bridge_;
  IfIndex port_;
};
TYPED_TEST_SUITE(Groups, Worlds, WorldNames);

TYPED_TEST(Groups, AreToldAsHostsJoinAndLeave) {
  EXPECT_TRUE(this->groups().empty());
  this->world_.join(this->port_, kGroup);
  EXPECT_EQ(this->groups(), std::set{kGroup});
  this->world_.join(this->port_, kGroupV6);
  EXPECT_EQ(this->groups(), (std::set{kGroup, kGroupV6}));
  this->world_.leave(this->port_, kGroup);
  EXPECT_EQ(this->groups(), std::set{kGroupV6});
}

TYPED_TEST(Groups, GoWithTheirPort) {
  this->world_.join(this->port_, kGroup);
  this->world_.set_down(this->port_);
  EXPECT_TRUE(this->groups().empty());
}

TYPED_TEST(Groups, GoAsThePortLeavesTheBridge) {
  this->world_.join(this->port_, kGroup);
  this->must(SetMaster{this->port_, {}});
  EXPECT_TRUE(this->groups().empty());
}

TYPED_TEST(Groups, GoAsTheBridgeStopsSnooping) {
  this->world_.join(this->port_, kGroup);
  this->must(ConfigureBridge{this->bridge_, {.multicast_snooping = false}});
  EXPECT_TRUE(this->groups().empty());
}

TYPED_TEST(Groups, GoWithTheBridge) {
  this->world_.join(this->port_, kGroup);
  this->must(DeleteLink{.index = this->bridge_, .name = "kvbr5"});
  EXPECT_TRUE(this->groups().empty());
}

TYPED_TEST(Groups, AllGoToAPortWithARouter) {
  const auto vxlan = this->world_.index_of("kvvx5");
  this->must(ConfigureBridgePort{vxlan, {.learning = false, .multicast_router = true}});
  EXPECT_EQ(this->link(vxlan).bridge_port, (BridgePort{.learning = false, .multicast_router = true}));
  this->must(ConfigureBridgePort{vxlan, {.learning = false}});
  EXPECT_EQ(this->link(vxlan).bridge_port, BridgePort{.learning = false});
}

}  // namespace
}  // namespace kvtep::testing
