#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

using ::testing::IsEmpty;

template <class WorldType>
class Links : public Contract<WorldType> {};
TYPED_TEST_SUITE(Links, Worlds, WorldNames);

TYPED_TEST(Links, ANewBridgeHasItsAliasAndAddressAndIsUp) {
  const auto bridge = this->make_bridge();
  const auto& link = this->link(bridge);
  EXPECT_EQ(link.name, "kvbr5");
  EXPECT_EQ(link.alias, "kvtep/x kvbr5");
  EXPECT_EQ(link.address, kBridgeMac);
  EXPECT_TRUE(link.up);
  EXPECT_EQ(link.info, this->as_told({}));
  EXPECT_FALSE(link.bridge_port);
  EXPECT_EQ(this->bridge_entry(bridge, kBridgeMac)->kind, BridgeEntryKind::Permanent);
}

TYPED_TEST(Links, ANewVxlanDeviceIsADownPortThatDoesNotLearn) {
  const auto bridge = this->make_bridge();
  this->must(CreateVxlan{.name = "kvvx5", .alias = "kvtep/x v", .info = vxlan_info(5), .bridge = bridge});
  const auto& link = this->link(this->world_.index_of("kvvx5"));
  EXPECT_EQ(link.alias, "kvtep/x v");
  EXPECT_FALSE(link.up);
  EXPECT_EQ(link.master, bridge);
  EXPECT_EQ(link.info, LinkInfo(vxlan_info(5)));
  EXPECT_EQ(link.bridge_port, BridgePort{.learning = false});
}

TYPED_TEST(Links, AVxlanDeviceMayBeIpv6) {
  const auto bridge = this->make_bridge();
  auto info = vxlan_info(5);
  info.local = IpAddress::parse("2001:db8::1");
  this->must(CreateVxlan{.name = "kvvx5", .alias = "kvtep/x", .info = info, .bridge = bridge});
  const auto vxlan = this->world_.index_of("kvvx5");
  EXPECT_EQ(this->link(vxlan).info, LinkInfo(info));
  this->must(SetRemoteMac{.vxlan = vxlan, .mac = kHostA, .destination = {kFarV6}});
  EXPECT_EQ(this->destination(vxlan, kHostA), TunnelDestination{.address = kFarV6});
}

TYPED_TEST(Links, ACreationThatFailsLeavesTheDeviceOfThatNameAlone) {
  const auto bridge = this->make_bridge();
  const auto foreign = this->world_.add_port("kvvx5");
  this->hear();
  const auto before = this->link(foreign);
  EXPECT_EQ(
      this->apply(CreateVxlan{.name = "kvvx5", .alias = "kvtep/x", .info = vxlan_info(5), .bridge = bridge}),
      EEXIST);
  EXPECT_EQ(this->apply(CreateBridge{.name = "kvvx5", .alias = "kvtep/x", .address = kBridgeMac}), EEXIST);
  EXPECT_EQ(this->link(foreign), before);
}

TYPED_TEST(Links, AVniAndPortHaveOneDeviceInAnAddressFamily) {
  const auto [bridge, vxlan] = this->make_switch();
  EXPECT_EQ(
      this->apply(CreateVxlan{.name = "other", .alias = "kvtep/x", .info = vxlan_info(5), .bridge = bridge}),
      EEXIST);
  EXPECT_FALSE(this->world_.index_of("other"));
  auto elsewhere = vxlan_info(5);
  elsewhere.udp_port = 8472;
  this->must(CreateVxlan{.name = "other", .alias = "kvtep/x", .info = elsewhere, .bridge = bridge});
}

TYPED_TEST(Links, AVxlanDeviceNeedsABridge) {
  const auto port = this->world_.add_port("p1");
  EXPECT_EQ(this->apply(
                CreateVxlan{.name = "v", .alias = "kvtep/x", .info = vxlan_info(5), .bridge = IfIndex{999}}),
            EINVAL);
  EXPECT_EQ(this->apply(CreateVxlan{.name = "v", .alias = "kvtep/x", .info = vxlan_info(5), .bridge = port}),
            EOPNOTSUPP);
  EXPECT_FALSE(this->world_.index_of("v"));
}

TYPED_TEST(Links, NamesAndAliasesHaveALimit) {
  const CreateBridge bridge{.name = "b", .alias = "kvtep/x", .address = kBridgeMac};
  auto op = bridge;
  op.name = "sixteen-letters.";
  EXPECT_EQ(this->apply(op), ERANGE);
  op = bridge;
  op.alias = std::string(256, 'x');
  EXPECT_EQ(this->apply(op), ERANGE);
  op.alias = std::string(255, 'x');
  this->must(op);
  EXPECT_EQ(this->link(this->world_.index_of("b")).alias, op.alias);
}

TYPED_TEST(Links, WhatIsNotThereCannotBeChanged) {
  const IfIndex nobody{999};
  EXPECT_EQ(this->apply(DeleteLink{.index = nobody, .name = "x"}), ENODEV);
  EXPECT_EQ(this->apply(kvtep::SetUp{nobody}), ENODEV);
  EXPECT_EQ(this->apply(SetAlias{nobody, "x"}), ENODEV);
  EXPECT_EQ(this->apply(SetMaster{nobody, {}}), ENODEV);
  EXPECT_EQ(this->apply(ConfigureBridge{nobody, {}}), ENODEV);
  EXPECT_EQ(this->apply(ConfigureVxlan{nobody, vxlan_info(5)}), ENODEV);
  EXPECT_EQ(this->apply(ConfigureBridgePort{nobody, {}}), ENODEV);
  EXPECT_EQ(this->apply(SetTagFilter{nobody, {}}), ENODEV);
  EXPECT_EQ(this->apply(RemoveTagFilter{nobody}), ENODEV);
  EXPECT_EQ(this->apply(SetRemoteMac{nobody, kHostA, kFar1}), ENODEV);
  EXPECT_EQ(this->apply(RemoveRemoteMac{nobody, kHostA}), ENODEV);
  EXPECT_EQ(this->apply(AddFloodDestination{nobody, kFar1}), ENODEV);
  EXPECT_EQ(this->apply(RemoveFloodDestination{nobody, {kFar1, {}, 0}}), ENODEV);
}

TYPED_TEST(Links, AnAliasCanBeSetAndTakenAway) {
  const auto port = this->world_.add_port("p1");
  this->must(SetAlias{port, "a port"});
  EXPECT_EQ(this->link(port).alias, "a port");
  this->must(SetAlias{port, ""});
  EXPECT_EQ(this->link(port).alias, "");
}

TYPED_TEST(Links, AChangeToADeviceThatIsDownIsAnnounced) {
  const auto bridge = this->world_.add_bridge("b");
  auto info = vxlan_info(5);
  info.ttl = 7;
  const auto vxlan = this->world_.add_vxlan("v", info);
  for (const auto index : {bridge, vxlan}) EXPECT_FALSE(this->link(index).up);
  for (const auto* alias : {"one", "two", "three"}) {
    this->must(SetAlias{vxlan, alias});
    EXPECT_EQ(this->link(vxlan).alias, alias);
  }
  this->must(ConfigureVxlan{vxlan, vxlan_info(5)});
  EXPECT_EQ(this->link(vxlan).info, LinkInfo(vxlan_info(5)));
  this->must(ConfigureBridge{bridge, {}});
  EXPECT_EQ(this->link(bridge).info, this->as_told({}));
}

TYPED_TEST(Links, ADeviceChangesItsMaster) {
  const auto first = this->make_bridge("b1");
  const auto second = this->make_bridge("b2");
  const auto port = this->world_.add_port("p1");
  this->must(SetMaster{port, first});
  EXPECT_EQ(this->link(port).master, first);
  EXPECT_EQ(this->link(port).bridge_port, BridgePort{.learning = true});
  const auto address = this->link(port).address;
  EXPECT_EQ(this->bridge_entry(first, address)->kind, BridgeEntryKind::Permanent);
  this->must(SetMaster{port, second});
  EXPECT_EQ(this->link(port).master, second);
  EXPECT_FALSE(this->bridge_entry(first, address));
  EXPECT_TRUE(this->bridge_entry(second, address));
  this->must(SetMaster{port, {}});
  EXPECT_EQ(this->link(port).master, IfIndex{});
  EXPECT_FALSE(this->link(port).bridge_port);
}

TYPED_TEST(Links, OnlyABridgeTakesPortsAndNoBridgeIsOne) {
  const auto bridge = this->make_bridge();
  const auto other = this->make_bridge("other");
  const auto port = this->world_.add_port("p1");
  EXPECT_EQ(this->apply(SetMaster{port, IfIndex{999}}), EINVAL);
  EXPECT_EQ(this->apply(SetMaster{bridge, port}), EOPNOTSUPP);
  EXPECT_EQ(this->apply(SetMaster{other, bridge}), ELOOP);
}

TYPED_TEST(Links, LearningOfABridgePortIsSetAndTold) {
  const auto bridge = this->make_bridge();
  const auto port = this->world_.add_port("p1");
  EXPECT_EQ(this->apply(ConfigureBridgePort{port, {.learning = false}}), EOPNOTSUPP);
  this->must(SetMaster{port, bridge});
  this->must(ConfigureBridgePort{port, {.learning = false}});
  EXPECT_EQ(this->link(port).bridge_port, BridgePort{.learning = false});
  this->must(ConfigureBridgePort{port, {.learning = true}});
  EXPECT_EQ(this->link(port).bridge_port, BridgePort{.learning = true});
}

TYPED_TEST(Links, ABridgesSnoopingIsTakenBack) {
  const auto bridge = this->world_.add_bridge("b");
  this->hear();
  EXPECT_EQ(this->link(bridge).info, this->as_told({.multicast_snooping = true, .reaches_host = true}));
  this->must(ConfigureBridge{bridge, {}});
  EXPECT_EQ(this->link(bridge).info, this->as_told({}));
}

TYPED_TEST(Links, ABridgeFollowsTheSmallestMtuOfItsPorts) {
  const auto [bridge, vxlan] = this->make_switch();
  EXPECT_EQ(this->link(vxlan).mtu, 1500U);
  const auto port = this->make_port("p1", bridge);
  this->must(SetMtu{port, 9000});
  EXPECT_EQ(this->link(bridge).mtu, 1500U);
  this->must(SetMtu{vxlan, 9000});
  EXPECT_EQ(this->link(vxlan).mtu, 9000U);
  EXPECT_EQ(this->link(bridge).mtu, 9000U);
  EXPECT_EQ(this->apply(SetMtu{IfIndex{999}, 1500}), ENODEV);
}

TYPED_TEST(Links, EverySettingOfALiveBridgeIsSetTakenBackAndTold) {
  const auto bridge = this->make_bridge();
  for (const auto& info : {BridgeInfo{.calls_firewall = true}, BridgeInfo{.ageing_time = 1000},
                           BridgeInfo{.mac_limit = 7}, BridgeInfo{.reaches_host = true}, BridgeInfo{}}) {
    this->must(ConfigureBridge{bridge, info});
    EXPECT_EQ(this->link(bridge).info, this->as_told(info));
  }
}

TYPED_TEST(Links, ALiveVxlanDeviceChangesAllButItsVni) {
  auto info = vxlan_info(5);
  info.learning = true;
  info.ttl = 7;
  info.tos_inherit = false;
  const auto vxlan = this->world_.add_vxlan("v", info);
  EXPECT_EQ(this->link(vxlan).info, LinkInfo(info));
  auto wanted = vxlan_info(5);
  wanted.local = kFar1;
  this->must(ConfigureVxlan{vxlan, wanted});
  EXPECT_EQ(this->link(vxlan).info, LinkInfo(wanted));
  EXPECT_EQ(this->apply(ConfigureVxlan{vxlan, vxlan_info(6)}), EOPNOTSUPP);
  auto v6 = wanted;
  v6.local = kFarV6;
  EXPECT_EQ(this->apply(ConfigureVxlan{vxlan, v6}), EOPNOTSUPP);
  EXPECT_EQ(this->link(vxlan).info, LinkInfo(wanted));
}

TYPED_TEST(Links, RenamingTellsTheNewName) {
  const auto port = this->world_.add_port("p1");
  this->world_.rename(port, "p2");
  EXPECT_EQ(this->link(port).name, "p2");
}

TYPED_TEST(Links, DeletingABridgeFreesItsPorts) {
  const auto bridge = this->make_bridge();
  const auto port = this->make_port("p1", bridge);
  this->news();
  this->must(DeleteLink{bridge, "kvbr5"});
  EXPECT_EQ(this->link(port).master, IfIndex{});
  EXPECT_EQ(this->link(port).name, "p1");
  EXPECT_EQ(this->heard_.link(bridge), nullptr);
  EXPECT_EQ(this->apply(DeleteLink{bridge, "kvbr5"}), ENODEV);
}

TYPED_TEST(Links, ManyAreDeletedTogetherAndEachOutcomeIsItsOwn) {
  const auto [bridge, vxlan] = this->make_switch();
  const auto other = this->make_bridge("kvbr6");
  const auto port = this->make_port("p1", other);
  const IfIndex nobody{999};
  const auto results = this->world_.apply({DeleteLink{vxlan, "kvvx5"}, DeleteLink{nobody, "nobody"},
                                           DeleteLink{bridge, "kvbr5"}, DeleteLink{other, "kvbr6"}});
  ASSERT_EQ(results.size(), 4U);
  for (const std::size_t done : {0, 2, 3}) EXPECT_FALSE(results[done].error) << done;
  ASSERT_TRUE(results[1].error);
  EXPECT_EQ(results[1].error->code.value(), ENODEV);
  this->hear();
  for (const auto gone : {vxlan, bridge, other}) EXPECT_EQ(this->heard_.link(gone), nullptr);
  EXPECT_EQ(this->link(port).master, IfIndex{});
}

TYPED_TEST(Links, DeletingAPortTakesItsEntriesAlong) {
  const auto bridge = this->make_bridge();
  const auto port = this->make_port("p1", bridge);
  const auto address = this->link(port).address;
  this->learn(bridge, port, kHostA);
  this->world_.delete_link(port);
  EXPECT_FALSE(this->bridge_entry(bridge, kHostA));
  EXPECT_FALSE(this->bridge_entry(bridge, address));
}

TYPED_TEST(Links, WhatIsSoAlreadyIsNoNews) {
  const auto [bridge, vxlan] = this->make_switch();
  this->news();
  this->must(kvtep::SetUp{vxlan});
  this->must(SetMaster{vxlan, bridge});
  this->must(SetAlias{vxlan, "kvtep/x"});
  this->must(ConfigureBridge{bridge, {}});
  this->must(ConfigureVxlan{vxlan, vxlan_info(5)});
  this->must(ConfigureBridgePort{vxlan, {.learning = false}});
  EXPECT_THAT(this->news(), IsEmpty());
}

template <class WorldType>
class VlanDevices : public Contract<WorldType> {
 protected:
  void SetUp() override {
    if (!this->world_.has_vlan_devices()) GTEST_SKIP() << "needs 8021q (run in the VM)";
    this->news();
  }
  IfIndex make_vlan(IfIndex port, std::uint16_t vlan) {
    const auto name = "p1." + std::to_string(vlan);
    this->must(CreateVlan{.name = name, .alias = "kvtep/x " + name, .info = {VlanId{vlan}, port}});
    return this->world_.index_of(name);
  }
};
TYPED_TEST_SUITE(VlanDevices, Worlds, WorldNames);

TYPED_TEST(VlanDevices, ANewOneIsDownAndHasItsAlias) {
  const auto port = this->world_.add_port("p1");
  const auto vlan = this->make_vlan(port, 10);
  const auto& link = this->link(vlan);
  EXPECT_EQ(link.alias, "kvtep/x p1.10");
  EXPECT_EQ(link.info, LinkInfo(VlanInfo{VlanId{10}, port}));
  EXPECT_EQ(link.address, this->link(port).address);
  EXPECT_FALSE(link.up);
}

TYPED_TEST(VlanDevices, APortHasOneOfAVlan) {
  const auto port = this->world_.add_port("p1");
  this->make_vlan(port, 10);
  EXPECT_EQ(this->apply(CreateVlan{.name = "x", .alias = "kvtep/x", .info = {VlanId{10}, port}}), EEXIST);
  EXPECT_EQ(this->apply(CreateVlan{.name = "x", .alias = "kvtep/x", .info = {VlanId{10}, IfIndex{999}}}),
            ENODEV);
}

TYPED_TEST(VlanDevices, TheyGoUpAndDownWithTheirParent) {
  const auto port = this->world_.add_port("p1");
  const auto vlan = this->make_vlan(port, 10);
  EXPECT_EQ(this->apply(kvtep::SetUp{vlan}), ENETDOWN);
  this->must(kvtep::SetUp{port});
  EXPECT_TRUE(this->link(vlan).up);
  this->world_.set_down(port);
  EXPECT_FALSE(this->link(vlan).up);
}

TYPED_TEST(VlanDevices, TheyDieWithTheirParent) {
  const auto port = this->world_.add_port("p1");
  const auto vlan = this->make_vlan(port, 10);
  this->link(vlan);
  this->world_.delete_link(port);
  this->hear();
  EXPECT_EQ(this->heard_.link(vlan), nullptr);
  EXPECT_EQ(this->heard_.link(port), nullptr);
}

TYPED_TEST(VlanDevices, TheyLearnInTheirOwnBridge) {
  const auto untagged = this->make_bridge("b1");
  const auto tagged = this->make_bridge("b2");
  const auto port = this->make_port("p1", untagged);
  const auto vlan = this->make_vlan(port, 10);
  this->must(SetMaster{vlan, tagged});
  this->must(kvtep::SetUp{vlan});
  this->learn(tagged, port, kHostA, VlanId{10}, vlan);
  EXPECT_FALSE(this->bridge_entry(untagged, kHostA));
  this->learn(untagged, port, kHostB);
}

TYPED_TEST(VlanDevices, TwoOfOneParentShareTheAddressInABridge) {
  const auto bridge = this->make_bridge();
  const auto port = this->world_.add_port("p1");
  const auto first = this->make_vlan(port, 10);
  const auto second = this->make_vlan(port, 20);
  this->must(SetMaster{first, bridge});
  this->must(SetMaster{second, bridge});
  const auto address = this->link(port).address;
  EXPECT_EQ(this->bridge_entry(bridge, address)->port, first);
  this->must(SetMaster{second, {}});
  EXPECT_EQ(this->bridge_entry(bridge, address)->port, first);
}

}  // namespace
}  // namespace kvtep::testing
