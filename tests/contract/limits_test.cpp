// The limit on what a bridge learns, on kernels that have one and on those that do not.
#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

constexpr MacAddress kHostC{{2, 0, 0, 0, 0x0a, 3}};

template <class WorldType>
class Limits : public Contract<WorldType> {
 protected:
  Limits() : bridge_(this->make_bridge()), port_(this->make_port("p1", bridge_)) {
    this->must(ConfigureBridge{bridge_, {.mac_limit = 2}});
    this->learn(bridge_, port_, kHostA);
    this->learn(bridge_, port_, kHostB);
  }
  bool has_limits() {
    const auto& limit = std::get<BridgeInfo>(this->link(bridge_).info).mac_limit;
    EXPECT_TRUE(!limit || limit == 2U);
    return limit.has_value();
  }
  // A frame of C, and behind it one that is learned for sure: A's, which moves.
  bool learns_a_third() {
    const auto other = this->make_port("p2", bridge_);
    EXPECT_TRUE(this->await(
        [&] {
          return this->bridge_entry(bridge_, kHostA)->port == other ||
                 this->bridge_entry(bridge_, kHostC).has_value();
        },
        [&] {
          this->world_.send_frame(other, kHostC, kUntagged);
          this->world_.send_frame(other, kHostA, kUntagged);
        }));
    return this->bridge_entry(bridge_, kHostC).has_value();
  }

  IfIndex bridge_;
  IfIndex port_;
};
TYPED_TEST_SUITE(Limits, Worlds, WorldNames);

TYPED_TEST(Limits, HoldForNewHostsAndNotForThoseThatMove) {
  EXPECT_EQ(this->learns_a_third(), !this->has_limits());
  EXPECT_EQ(this->heard_.learned(this->bridge_), this->has_limits() ? 2U : 3U);
}

TYPED_TEST(Limits, DoNotHoldForRemoteMacs) {
  this->must(
      CreateVxlan{.name = "kvvx5", .alias = "kvtep/x", .info = vxlan_info(5), .bridge = this->bridge_});
  this->must(SetRemoteMac{this->world_.index_of("kvvx5"), kHostC, kFar1});
  EXPECT_EQ(this->bridge_entry(this->bridge_, kHostC)->kind, BridgeEntryKind::ExternallyLearned);
}

TYPED_TEST(Limits, LeaveRoomWhereAHostBecomesRemote) {
  this->must(
      CreateVxlan{.name = "kvvx5", .alias = "kvtep/x", .info = vxlan_info(5), .bridge = this->bridge_});
  this->must(SetRemoteMac{this->world_.index_of("kvvx5"), kHostB, kFar1});
  this->learn(this->bridge_, this->port_, kHostC);
  EXPECT_EQ(this->heard_.learned(this->bridge_), 2U);
}

TYPED_TEST(Limits, LetHostsInAgainThatWereLeftOut) {
  EXPECT_EQ(this->learns_a_third(), !this->has_limits());
  this->must(ConfigureBridge{this->bridge_, {.mac_limit = 0}});
  this->learn(this->bridge_, this->port_, kHostC);
}

}  // namespace
}  // namespace kvtep::testing
