#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

template <class WorldType>
class TagFilters : public Contract<WorldType> {
 protected:
  std::optional<TagFilter> filter(IfIndex index) {
    this->hear();
    const auto* found = this->heard_.tag_filter(index);
    return found == nullptr ? std::nullopt : std::optional(*found);
  }
};
TYPED_TEST_SUITE(TagFilters, Worlds, WorldNames);

TYPED_TEST(TagFilters, AreSetExchangedAndRemoved) {
  const auto port = this->world_.add_port("p1");
  EXPECT_FALSE(this->filter(port));
  this->must(SetTagFilter{port, {}});
  EXPECT_EQ(this->filter(port), TagFilter{});
  const TagFilter some{{VlanId{1}, VlanId{10}, VlanId{31}, VlanId{32}, VlanId{4094}}};
  this->must(SetTagFilter{port, some});
  EXPECT_EQ(this->filter(port), some);
  this->must(SetTagFilter{port, {{VlanId{10}}}});
  EXPECT_EQ(this->filter(port), (TagFilter{{VlanId{10}}}));
  this->must(RemoveTagFilter{port});
  EXPECT_FALSE(this->filter(port));
}

TYPED_TEST(TagFilters, WhatIsNotThereCannotBeRemoved) {
  const auto port = this->world_.add_port("p1");
  EXPECT_EQ(this->apply(RemoveTagFilter{port}), ENOENT);
  this->must(SetTagFilter{port, {}});
  this->must(RemoveTagFilter{port});
  EXPECT_EQ(this->apply(RemoveTagFilter{port}), ENOENT);
}

TYPED_TEST(TagFilters, AreToldAndDumpedWithAnyNumberOfVlans) {
  const auto port = this->world_.add_port("p1");
  TagFilter every_second;
  TagFilter all;
  for (std::uint16_t vlan = 1; vlan <= 4094; ++vlan) {
    all.allowed.insert(VlanId{vlan});
    if (vlan % 2 == 0) every_second.allowed.insert(VlanId{vlan});
  }
  this->must(SetTagFilter{port, every_second});
  EXPECT_TRUE(this->filter(port) == every_second);
  this->must(SetTagFilter{port, all});
  EXPECT_TRUE(this->filter(port) == all);
}

TYPED_TEST(TagFilters, KnowNeitherPriorityTagsNorReservedVlans) {
  const auto port = this->world_.add_port("p1");
  EXPECT_EQ(this->apply(SetTagFilter{port, {{kUntagged}}}), EINVAL);
  EXPECT_EQ(this->apply(SetTagFilter{port, {{VlanId{4095}}}}), EINVAL);
  EXPECT_FALSE(this->filter(port));
}

TYPED_TEST(TagFilters, StandOnBridgesPortsAndVxlanDevicesAndGoWithThem) {
  const auto [bridge, vxlan] = this->make_switch();
  const auto port = this->make_port("p1", bridge);
  this->must(SetTagFilter{vxlan, {}});
  this->must(SetTagFilter{port, {{VlanId{7}}}});
  EXPECT_EQ(this->filter(vxlan), TagFilter{});
  EXPECT_EQ(this->filter(port), (TagFilter{{VlanId{7}}}));
  this->must(DeleteLink{vxlan, "kvvx5"});
  this->world_.delete_link(port);
  EXPECT_FALSE(this->filter(vxlan));
  EXPECT_FALSE(this->filter(port));
}

// What other people do to the place where our filter stands: only a real kernel has them.
class ForeignHands : public Contract<RealWorld> {
 protected:
  ForeignHands() : port_(world_.add_port("p1")) {}
  bool has_filter() {
    hear();
    return heard_.tag_filter(port_) != nullptr;
  }
  IfIndex port_;
};

TEST_F(ForeignHands, ARemovedHookTakesTheFilterAlong) {
  must(SetTagFilter{port_, {}});
  EXPECT_TRUE(has_filter());
  run_command({"tc", "qdisc", "del", "dev", "p1", "clsact"});
  EXPECT_FALSE(has_filter());
  must(SetTagFilter{port_, {}});
  EXPECT_TRUE(has_filter());
}

TEST_F(ForeignHands, AFilterIsRemovedByPriorityAndByChain) {
  must(SetTagFilter{port_, {}});
  run_command({"tc", "filter", "del", "dev", "p1", "ingress", "pref", "27510"});
  EXPECT_FALSE(has_filter());
  must(SetTagFilter{port_, {}});
  EXPECT_TRUE(has_filter());
  run_command({"tc", "filter", "del", "dev", "p1", "ingress"});
  EXPECT_FALSE(has_filter());
}

TEST_F(ForeignHands, AnotherProgramAtOurPlaceIsNoFilterOfOurs) {
  must(SetTagFilter{port_, {}});
  run_command({"tc", "filter", "replace", "dev", "p1", "ingress", "pref", "27510", "handle", "0x6b767470",
               "protocol", "all", "bpf", "da", "bytecode", "1,6 0 0 0"});
  EXPECT_FALSE(has_filter());
  must(SetTagFilter{port_, {}});
  EXPECT_TRUE(has_filter());
}

TEST_F(ForeignHands, AnotherFilterOnTheHookIsLeftAlone) {
  run_command({"tc", "qdisc", "add", "dev", "p1", "clsact"});
  run_command({"tc", "filter", "add", "dev", "p1", "ingress", "pref", "5", "protocol", "all", "bpf", "da",
               "bytecode", "1,6 0 0 4294967295"});
  must(SetTagFilter{port_, {}});
  EXPECT_TRUE(has_filter());
  must(RemoveTagFilter{port_});
  EXPECT_FALSE(has_filter());
  // Fails where it is gone.
  run_command({"tc", "filter", "del", "dev", "p1", "ingress", "pref", "5"});
}

}  // namespace
}  // namespace kvtep::testing
