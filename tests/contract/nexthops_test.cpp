#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kIds = ServiceNodeIds::of(Vni{5}, true);
const TunnelDestination kBehindGroup{.nexthop_group = kIds.group};

template <class WorldType>
class ServiceNodes : public Contract<WorldType> {
 protected:
  std::optional<IpAddress> node() {
    this->hear();
    const auto found = this->heard_.nexthops().find(kIds.nexthop);
    return found == this->heard_.nexthops().end() ? std::nullopt : found->second.address;
  }
  void set(IfIndex vxlan, const IpAddress& address, bool is_there = false) {
    this->must(SetServiceNode{
        .vxlan = vxlan, .ids = kIds, .node = address, .has_group = is_there, .has_entry = is_there});
  }
};
TYPED_TEST_SUITE(ServiceNodes, Worlds, WorldNames);

TYPED_TEST(ServiceNodes, StandBehindAGroupOnTheFloodList) {
  const auto vxlan = this->make_switch().vxlan;
  this->set(vxlan, kFar1);
  EXPECT_THAT(this->flood_list(vxlan), ElementsAre(kBehindGroup));
  EXPECT_EQ(this->node(), kFar1);
  EXPECT_EQ(
      this->heard_.nexthops().at(kIds.group),
      (Nexthop{.id = kIds.group, .protocol = kNexthopProtocol, .address = {}, .members = {kIds.nexthop}}));
}

TYPED_TEST(ServiceNodes, AreExchangedInOneStepThatTheEntryDoesNotFeel) {
  const auto vxlan = this->make_switch().vxlan;
  this->set(vxlan, kFar1);
  this->hear();
  this->set(vxlan, kFar2, true);
  EXPECT_THAT(this->told_about_entries(), IsEmpty());
  EXPECT_EQ(this->node(), kFar2);
  EXPECT_THAT(this->flood_list(vxlan), ElementsAre(kBehindGroup));
}

TYPED_TEST(ServiceNodes, GoWithTheirGroupAndTheEntryGoesInSilence) {
  const auto vxlan = this->make_switch().vxlan;
  this->set(vxlan, kFar1);
  this->must(RemoveServiceNode{.vxlan = vxlan, .ids = kIds});
  EXPECT_THAT(this->flood_list(vxlan), IsEmpty());
  EXPECT_THAT(this->heard_.nexthops(), IsEmpty());
  EXPECT_EQ(this->apply(RemoveServiceNode{.vxlan = vxlan, .ids = kIds}), ENOENT);
}

TYPED_TEST(ServiceNodes, CanBeTakenAwayByOthersAndSetAgain) {
  const auto vxlan = this->make_switch().vxlan;
  this->set(vxlan, kFar1);
  this->world_.delete_nexthop(kIds.nexthop);
  EXPECT_THAT(this->flood_list(vxlan), IsEmpty());
  EXPECT_THAT(this->heard_.nexthops(), IsEmpty());
  this->set(vxlan, kFar1);
  this->world_.delete_nexthop(kIds.group);
  EXPECT_THAT(this->flood_list(vxlan), IsEmpty());
  EXPECT_EQ(this->node(), kFar1) << "the nexthop stays";
  this->must(RemoveServiceNode{.vxlan = {}, .ids = kIds});
  EXPECT_FALSE(this->node());
}

TYPED_TEST(ServiceNodes, AreRefusedBesidePlainDestinations) {
  const auto vxlan = this->make_switch().vxlan;
  this->must(AddFloodDestination{vxlan, {kFar1}});
  EXPECT_EQ(this->apply(SetServiceNode{.vxlan = vxlan, .ids = kIds, .node = kFar2}), EOPNOTSUPP);
  EXPECT_THAT(this->flood_list(vxlan), ElementsAre(TunnelDestination{.address = kFar1}));
  this->must(RemoveServiceNode{.vxlan = {}, .ids = kIds});
}

TYPED_TEST(ServiceNodes, HaveNoPlainDestinationBesideThem) {
  const auto vxlan = this->make_switch().vxlan;
  this->set(vxlan, kFar1);
  EXPECT_THAT(this->apply(AddFloodDestination{vxlan, {kFar2}}), AnyOf(0, EOPNOTSUPP));
  EXPECT_THAT(this->flood_list(vxlan), ElementsAre(kBehindGroup));
  this->must(RemoveFloodDestination{vxlan, kBehindGroup});
  EXPECT_THAT(this->flood_list(vxlan), IsEmpty());
  this->must(RemoveServiceNode{.vxlan = vxlan, .ids = kIds});
}

TYPED_TEST(ServiceNodes, AreOfTheDevicesFamily) {
  const auto vxlan = this->make_switch().vxlan;
  EXPECT_EQ(this->apply(SetServiceNode{.vxlan = vxlan, .ids = kIds, .node = kFarV6}), EAFNOSUPPORT);
  EXPECT_THAT(this->flood_list(vxlan), IsEmpty());
}

TYPED_TEST(ServiceNodes, OutliveTheirDevice) {
  const auto vxlan = this->make_switch().vxlan;
  this->set(vxlan, kFar1);
  this->world_.delete_link(vxlan);
  EXPECT_EQ(this->node(), kFar1);
  this->must(RemoveServiceNode{.vxlan = {}, .ids = kIds});
  EXPECT_FALSE(this->node());
}

TYPED_TEST(ServiceNodes, StayWhileTheirDeviceIsDown) {
  const auto vxlan = this->make_switch().vxlan;
  this->set(vxlan, kFar1);
  this->world_.set_down(vxlan);
  EXPECT_THAT(this->flood_list(vxlan), ElementsAre(kBehindGroup));
}

}  // namespace
}  // namespace kvtep::testing
