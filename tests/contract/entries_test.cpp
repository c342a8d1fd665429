#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class WorldType>
class Entries : public Contract<WorldType> {};
TYPED_TEST_SUITE(Entries, Worlds, WorldNames);

TYPED_TEST(Entries, ARemoteMacIsInBothTables) {
  const auto [bridge, vxlan] = this->make_switch();
  this->news();
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  const BridgeEntry in_bridge{bridge, vxlan, kHostA, BridgeEntryKind::ExternallyLearned};
  const VxlanEntry in_vxlan{vxlan, kHostA, {.address = kFar1}};
  EXPECT_THAT(this->news(), ElementsAre(KernelEvent(BridgeEntryChanged{in_bridge}),
                                        KernelEvent(VxlanEntryChanged{in_vxlan})));
}

TYPED_TEST(Entries, SettingARemoteMacAgainIsSilent) {
  const auto [bridge, vxlan] = this->make_switch();
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  this->news();
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  EXPECT_THAT(this->told_about_entries(), IsEmpty());
}

TYPED_TEST(Entries, ARemoteMacMovesInOneStep) {
  const auto [bridge, vxlan] = this->make_switch();
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  this->news();
  this->must(SetRemoteMac{vxlan, kHostA, kFar2});
  const VxlanEntry moved{vxlan, kHostA, {.address = kFar2}};
  EXPECT_THAT(this->told_about_entries(), ElementsAre(KernelEvent(VxlanEntryChanged{moved})));
}

TYPED_TEST(Entries, RemovingARemoteMacTakesBothHalves) {
  const auto [bridge, vxlan] = this->make_switch();
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  this->must(RemoveRemoteMac{vxlan, kHostA});
  EXPECT_FALSE(this->bridge_entry(bridge, kHostA));
  EXPECT_FALSE(this->destination(vxlan, kHostA));
  EXPECT_EQ(this->apply(RemoveRemoteMac{vxlan, kHostA}), ENOENT);
}

TYPED_TEST(Entries, RemovingARemoteMacMindsNoHalfThatIsGone) {
  const auto [bridge, vxlan] = this->make_switch();
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  this->must(RemoveRemoteMac{.vxlan = vxlan, .mac = kHostA, .from_vxlan = false});
  EXPECT_FALSE(this->bridge_entry(bridge, kHostA));
  EXPECT_TRUE(this->destination(vxlan, kHostA));
  this->must(RemoveRemoteMac{vxlan, kHostA});
  EXPECT_FALSE(this->destination(vxlan, kHostA));

  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  this->must(RemoveRemoteMac{.vxlan = vxlan, .mac = kHostA, .from_bridge = false});
  EXPECT_FALSE(this->destination(vxlan, kHostA));
  this->must(RemoveRemoteMac{vxlan, kHostA});
  EXPECT_FALSE(this->bridge_entry(bridge, kHostA));
}

TYPED_TEST(Entries, OutsideABridgeARemoteMacHasOneHalf) {
  const auto vxlan = this->world_.add_vxlan("v", vxlan_info(5));
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  EXPECT_EQ(this->destination(vxlan, kHostA), TunnelDestination{.address = kFar1});
}

TYPED_TEST(Entries, ADestinationOfTheOtherFamilyLeavesTheBridgesHalf) {
  const auto [bridge, vxlan] = this->make_switch();
  EXPECT_EQ(this->apply(SetRemoteMac{vxlan, kHostA, kFarV6}), EAFNOSUPPORT);
  EXPECT_TRUE(this->bridge_entry(bridge, kHostA));
  EXPECT_FALSE(this->destination(vxlan, kHostA));
  EXPECT_EQ(this->apply(AddFloodDestination{vxlan, kFarV6}), EAFNOSUPPORT);
}

TYPED_TEST(Entries, NeitherTheZeroMacNorAGroupIsARemoteMac) {
  const auto [bridge, vxlan] = this->make_switch();
  EXPECT_EQ(this->apply(SetRemoteMac{vxlan, {}, kFar1}), EINVAL);
  EXPECT_EQ(this->apply(SetRemoteMac{vxlan, *MacAddress::parse("01:00:5e:01:02:03"), kFar1}), EOPNOTSUPP);
}

TYPED_TEST(Entries, TheFloodListGrowsAndShrinksByDestination) {
  const auto [bridge, vxlan] = this->make_switch();
  this->must(AddFloodDestination{vxlan, kFar1});
  this->must(AddFloodDestination{vxlan, kFar2});
  EXPECT_THAT(this->flood_list(vxlan),
              ElementsAre(TunnelDestination{.address = kFar1}, TunnelDestination{.address = kFar2}));
  this->must(RemoveFloodDestination{vxlan, {.address = kFar1}});
  EXPECT_THAT(this->flood_list(vxlan), ElementsAre(TunnelDestination{.address = kFar2}));
  // Newer kernels say 0 here, and do nothing.
  EXPECT_THAT(this->apply(RemoveFloodDestination{vxlan, {.address = kFar1}}), AnyOf(0, ENOENT));
  EXPECT_THAT(this->flood_list(vxlan), ElementsAre(TunnelDestination{.address = kFar2}));
  this->must(RemoveFloodDestination{vxlan, {.address = kFar2}});
  EXPECT_THAT(this->flood_list(vxlan), IsEmpty());
  EXPECT_EQ(this->apply(RemoveFloodDestination{vxlan, {.address = kFar2}}), ENOENT);
}

TYPED_TEST(Entries, ASecondAppendOfADestinationIsSilent) {
  const auto [bridge, vxlan] = this->make_switch();
  this->must(AddFloodDestination{vxlan, kFar1});
  this->hear();
  this->must(AddFloodDestination{vxlan, kFar1});
  EXPECT_THAT(this->told_about_entries(), IsEmpty());
}

TYPED_TEST(Entries, AGroupHasDestinationsOfItsOwn) {
  const auto vxlan = this->make_switch().vxlan;
  const auto group = *MacAddress::parse("01:00:5e:01:02:03");
  const TunnelDestination keyed{.address = kFar2, .vni = Vni{77}};
  this->must(AddFloodDestination{vxlan, {kFar1}, group});
  this->must(AddFloodDestination{vxlan, keyed, group});
  this->must(AddFloodDestination{vxlan, keyed, group});
  this->hear();
  EXPECT_EQ(this->heard_.vxlan_table(vxlan).groups.at(group), (std::set<TunnelDestination>{{kFar1}, keyed}));
  EXPECT_TRUE(this->flood_list(vxlan).empty());
  this->must(RemoveFloodDestination{vxlan, keyed, group});
  this->must(RemoveFloodDestination{vxlan, {kFar1}, group});
  this->hear();
  EXPECT_FALSE(this->heard_.vxlan_table(vxlan).groups.contains(group));
  EXPECT_EQ(this->apply(AddFloodDestination{vxlan, {kFar1}, kHostA}), EINVAL);
}

TYPED_TEST(Entries, ADestinationMayHaveAKeyOfItsOwn) {
  const auto vxlan = this->make_switch().vxlan;
  const TunnelDestination keyed{.address = kFar1, .vni = Vni{77}};
  this->must(SetRemoteMac{vxlan, kHostA, keyed});
  EXPECT_EQ(this->destination(vxlan, kHostA), keyed);
  // The device's own is not spoken of.
  this->must(SetRemoteMac{vxlan, kHostA, {.address = kFar1, .vni = Vni{5}}});
  EXPECT_EQ(this->destination(vxlan, kHostA), TunnelDestination{.address = kFar1});
  this->must(AddFloodDestination{vxlan, keyed});
  EXPECT_EQ(this->flood_list(vxlan), std::set{keyed});
  this->must(RemoveFloodDestination{vxlan, keyed});
  EXPECT_TRUE(this->flood_list(vxlan).empty());
}

TYPED_TEST(Entries, AForeignFloodDestinationIsToldWithItsVniAndPortAndCanBeRemoved) {
  const auto [bridge, vxlan] = this->make_switch();
  const TunnelDestination foreign{.address = kFar1, .vni = Vni{77}, .udp_port = 8472};
  this->must(AddFloodDestination{vxlan, kFar1});
  this->world_.add_entry(VxlanEntry{vxlan, {}, foreign});
  EXPECT_THAT(this->flood_list(vxlan), ElementsAre(TunnelDestination{.address = kFar1}, foreign));
  this->must(RemoveFloodDestination{vxlan, foreign});
  EXPECT_THAT(this->flood_list(vxlan), ElementsAre(TunnelDestination{.address = kFar1}));
}

TYPED_TEST(Entries, ForeignEntriesAreToldByKind) {
  const auto bridge = this->make_bridge();
  const auto port = this->make_port("p1", bridge);
  this->learn(bridge, port, kHostA);  // a port that is not forwarding yet takes no dynamic entry
  std::uint8_t last = 1;
  for (const auto kind : {BridgeEntryKind::Learned, BridgeEntryKind::Static, BridgeEntryKind::Permanent,
                          BridgeEntryKind::ExternallyLearned}) {
    const BridgeEntry entry{bridge, port, {{2, 0, 0, 0, 1, last++}}, kind};
    this->world_.add_entry(entry);
    EXPECT_EQ(this->bridge_entry(bridge, entry.mac), entry);
    this->world_.remove_entry(entry);
    EXPECT_FALSE(this->bridge_entry(bridge, entry.mac));
  }
}

TYPED_TEST(Entries, APortLearnsFromAFrameAndForgetsWithTime) {
  const auto bridge = this->make_bridge();
  const auto port = this->make_port("p1", bridge);
  this->learn(bridge, port, kHostA);
  this->world_.age_out(bridge, kHostA);
  EXPECT_TRUE(this->await([&] { return !this->bridge_entry(bridge, kHostA); }));
}

TYPED_TEST(Entries, AHostThatMovesIsOneEvent) {
  const auto bridge = this->make_bridge();
  const auto first = this->make_port("p1", bridge);
  const auto second = this->make_port("p2", bridge);
  this->learn(bridge, second, kHostB);
  this->learn(bridge, first, kHostA);
  this->news();
  this->learn(bridge, second, kHostA);
  const BridgeEntry moved{bridge, second, kHostA};
  EXPECT_THAT(this->news(), ElementsAre(KernelEvent(BridgeEntryChanged{moved})));
}

TYPED_TEST(Entries, AFrameTakesARemoteMacOverAndTheVxlanHalfStays) {
  const auto [bridge, vxlan] = this->make_switch();
  const auto port = this->make_port("p1", bridge);
  this->learn(bridge, port, kHostB);
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  this->news();
  this->learn(bridge, port, kHostA);
  const BridgeEntry taken{bridge, port, kHostA, BridgeEntryKind::Learned};
  EXPECT_THAT(this->news(), ElementsAre(KernelEvent(BridgeEntryChanged{taken})));
  EXPECT_EQ(this->destination(vxlan, kHostA), TunnelDestination{.address = kFar1});
  EXPECT_EQ(this->apply(RemoveRemoteMac{.vxlan = vxlan, .mac = kHostA, .from_vxlan = false}), ENOENT);

  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  EXPECT_EQ(this->bridge_entry(bridge, kHostA)->kind, BridgeEntryKind::ExternallyLearned);
}

TYPED_TEST(Entries, AStaticEntryMovesAndStaysStatic) {
  const auto [bridge, vxlan] = this->make_switch();
  const auto port = this->make_port("p1", bridge);
  this->world_.add_entry(BridgeEntry{bridge, vxlan, kHostA, BridgeEntryKind::Static});
  const BridgeEntry moved{bridge, port, kHostA, BridgeEntryKind::Static};
  EXPECT_TRUE(this->await([&] { return this->bridge_entry(bridge, kHostA) == moved; },
                          [&] { this->world_.send_frame(port, kHostA, kUntagged); }));
}

TYPED_TEST(Entries, AnAddressOfTheBridgesOwnIsNeverLearned) {
  const auto bridge = this->make_bridge();
  const auto port = this->make_port("p1", bridge);
  this->learn(bridge, port, kHostB);
  this->news();
  this->world_.send_frame(port, kBridgeMac, kUntagged);
  this->learn(bridge, port, kHostA);
  EXPECT_EQ(this->bridge_entry(bridge, kBridgeMac)->kind, BridgeEntryKind::Permanent);
}

TYPED_TEST(Entries, APortWithoutLearningLearnsNothing) {
  const auto bridge = this->make_bridge();
  const auto port = this->make_port("p1", bridge);
  this->learn(bridge, port, kHostB);
  this->must(ConfigureBridgePort{port, {.learning = false}});
  this->world_.send_frame(port, kHostA, kUntagged);
  this->must(ConfigureBridgePort{port, {.learning = true}});
  this->learn(bridge, port, *MacAddress::parse("02:00:00:00:0a:03"));
  EXPECT_FALSE(this->bridge_entry(bridge, kHostA));
}

TYPED_TEST(Entries, APortThatGoesDownForgetsWhatItLearned) {
  const auto [bridge, vxlan] = this->make_switch();
  const auto port = this->make_port("p1", bridge);
  this->learn(bridge, port, kHostA);
  this->world_.add_entry(BridgeEntry{bridge, port, kHostB, BridgeEntryKind::Static});
  this->world_.set_down(port);
  EXPECT_FALSE(this->bridge_entry(bridge, kHostA));
  EXPECT_TRUE(this->bridge_entry(bridge, kHostB));
  EXPECT_TRUE(this->bridge_entry(bridge, this->link(port).address));
}

TYPED_TEST(Entries, ABridgeThatGoesDownKeepsWhatIsOurs) {
  const auto [bridge, vxlan] = this->make_switch();
  const auto port = this->make_port("p1", bridge);
  this->learn(bridge, port, kHostB);
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  this->world_.set_down(bridge);
  EXPECT_FALSE(this->bridge_entry(bridge, kHostB));
  EXPECT_TRUE(this->bridge_entry(bridge, kHostA));
}

TYPED_TEST(Entries, AVxlanDeviceThatGoesDownKeepsWhatIsLasting) {
  const auto [bridge, vxlan] = this->make_switch();
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  this->must(AddFloodDestination{vxlan, kFar1});
  this->world_.add_entry(VxlanEntry{vxlan, kHostB, {.address = kFar2}, false});
  EXPECT_TRUE(this->destination(vxlan, kHostB));
  this->world_.set_down(vxlan);
  EXPECT_FALSE(this->destination(vxlan, kHostB));
  EXPECT_TRUE(this->destination(vxlan, kHostA));
  EXPECT_TRUE(this->bridge_entry(bridge, kHostA));
  EXPECT_EQ(this->flood_list(vxlan).size(), 1U);
}

TYPED_TEST(Entries, APortThatLeavesTakesItsEntriesOutOfTheBridge) {
  const auto [bridge, vxlan] = this->make_switch();
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  this->must(SetMaster{vxlan, {}});
  EXPECT_FALSE(this->bridge_entry(bridge, kHostA));
  EXPECT_EQ(this->destination(vxlan, kHostA), TunnelDestination{.address = kFar1});
}

TYPED_TEST(Entries, AnExternalEntryOverAnAddressOfTheBridgesOwnStaysPermanent) {
  const auto [bridge, vxlan] = this->make_switch();
  const auto port = this->make_port("p1", bridge);
  const auto address = this->link(port).address;
  this->must(SetRemoteMac{vxlan, address, kFar1});
  EXPECT_EQ(this->bridge_entry(bridge, address),
            (BridgeEntry{bridge, vxlan, address, BridgeEntryKind::Permanent}));
}

TYPED_TEST(Entries, ADeletedVxlanDeviceLeavesNothing) {
  const auto [bridge, vxlan] = this->make_switch();
  this->must(SetRemoteMac{vxlan, kHostA, kFar1});
  this->must(AddFloodDestination{vxlan, kFar1});
  this->must(DeleteLink{vxlan, "kvvx5"});
  EXPECT_FALSE(this->bridge_entry(bridge, kHostA));
  EXPECT_EQ(this->heard_.link(vxlan), nullptr);
}

TYPED_TEST(Entries, WhatAnAcknowledgedOperationCausedHasBeenAnnounced) {
  const auto [bridge, vxlan] = this->make_switch();
  this->news();
  for (std::uint8_t i = 0; i < 200; ++i) {
    const MacAddress mac{{2, 0, 0, 1, 0, i}};
    this->must(SetRemoteMac{vxlan, mac, kFar1});
    ASSERT_EQ(this->template news_of<BridgeEntryChanged>().size(), 1U);
    ASSERT_EQ(this->heard_.vxlan_table(vxlan).hosts.size(), i + 1U);
  }
}

TYPED_TEST(Entries, LostNotificationsAreToldOnceAtTheEnd) {
  const auto [bridge, vxlan] = this->make_switch();
  const auto events = this->world_.overheard([this, vxlan = vxlan] {
    for (std::uint8_t i = 0; i < 200; ++i) this->must(SetRemoteMac{vxlan, {{2, 0, 0, 1, 0, i}}, kFar1});
  });
  ASSERT_FALSE(events.empty());
  EXPECT_LT(events.size(), 400U);
  const auto is_overrun = [](const KernelEvent& event) { return std::holds_alternative<Overrun>(event); };
  EXPECT_TRUE(is_overrun(events.back()));
  EXPECT_EQ(std::ranges::count_if(events, is_overrun), 1);
  // What that listener missed, a dump tells.
  this->heard_ = Installed::from(this->world_.dump());
  EXPECT_EQ(this->heard_.vxlan_table(vxlan).hosts.size(), 200U);
}

}  // namespace
}  // namespace kvtep::testing
