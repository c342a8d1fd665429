#include "netlinkd/model/installed.hpp"

#include <gtest/gtest.h>

#include "ovsdb-client/wire/uuid.hpp"

namespace kvtep {
namespace {

constexpr IfIndex kBridge{10};
constexpr IfIndex kVxlan{11};
constexpr IfIndex kPort{12};
const MacAddress kHost = *MacAddress::parse("00:00:00:00:aa:01");

Link link(IfIndex index, std::string name) { return {.index = index, .name = std::move(name)}; }

VxlanEntry remote(const char* address) {
  return {.device = kVxlan, .mac = kHost, .destination = {.address = *IpAddress::parse(address)}};
}

TEST(Installed, TellsWhetherAnEventBroughtSomethingNew) {
  Installed installed;
  EXPECT_TRUE(installed.apply(LinkChanged{link(kPort, "eth1")}));
  EXPECT_FALSE(installed.apply(LinkChanged{link(kPort, "eth1")}));
  EXPECT_TRUE(installed.apply(VxlanEntryChanged{remote("10.0.0.1")}));
  EXPECT_FALSE(installed.apply(VxlanEntryChanged{remote("10.0.0.1")}));
  EXPECT_FALSE(installed.apply(Overrun{}));
}

TEST(Installed, FollowsARename) {
  Installed installed;
  installed.apply(LinkChanged{link(kPort, "eth1")});
  installed.apply(LinkChanged{link(kPort, "eth7")});
  EXPECT_EQ(installed.link_named("eth1"), nullptr);
  ASSERT_NE(installed.link_named("eth7"), nullptr);
  EXPECT_EQ(installed.link_named("eth7")->index, kPort);
}

TEST(Installed, KeepsANameThatWentToAnotherDevice) {
  Installed installed;
  installed.apply(LinkChanged{link(kPort, "eth1")});
  installed.apply(LinkChanged{link(IfIndex{20}, "eth1")});  // the rename of the first comes later
  installed.apply(LinkChanged{link(kPort, "eth2")});
  EXPECT_EQ(installed.link_named("eth1")->index, IfIndex{20});
  EXPECT_EQ(installed.link_named("eth2")->index, kPort);
}

TEST(Installed, ForgetsAllThatBelongedToADeviceThatIsGone) {
  Installed installed;
  installed.apply(LinkChanged{link(kVxlan, "kvvx100")});
  installed.apply(VxlanEntryChanged{remote("10.0.0.1")});
  installed.apply(TagFilterChanged{kVxlan, {}});
  EXPECT_TRUE(installed.apply(LinkGone{kVxlan}));
  EXPECT_EQ(installed, Installed{});
}

TEST(Installed, DoesNotTakeTheEndOfAnOldDestinationForTheEndOfTheNewOne) {
  Installed installed;
  installed.apply(VxlanEntryChanged{remote("10.0.0.1")});
  installed.apply(VxlanEntryChanged{remote("10.0.0.2")});
  EXPECT_FALSE(installed.apply(VxlanEntryGone{remote("10.0.0.1")}));
  EXPECT_EQ(installed.vxlan_table(kVxlan).hosts.at(kHost), remote("10.0.0.2"));
}

TEST(Installed, KeepsEveryDestinationOfTheFloodList) {
  Installed installed;
  for (const char* address : {"10.0.0.1", "10.0.0.2"}) {
    installed.apply(VxlanEntryChanged{
        {.device = kVxlan, .mac = {}, .destination = {.address = *IpAddress::parse(address)}}});
  }
  EXPECT_EQ(installed.vxlan_table(kVxlan).groups.at(MacAddress{}).size(), 2U);
}

TEST(Installed, MovesAMacByOneEvent) {
  Installed installed;
  installed.apply(BridgeEntryChanged{
      {.bridge = kBridge, .port = kVxlan, .mac = kHost, .kind = BridgeEntryKind::ExternallyLearned}});
  installed.apply(BridgeEntryChanged{{.bridge = kBridge, .port = kPort, .mac = kHost}});
  EXPECT_EQ(installed.bridge_table(kBridge).at(kHost).port, kPort);
  EXPECT_EQ(installed.bridge_table(kBridge).size(), 1U);
}

TEST(Installed, CountsWhatWasLearnedByBridgeAndPort) {
  Installed installed;
  const IfIndex other{13};
  BridgeEntry entry{.bridge = kBridge, .port = kPort, .mac = kHost};
  installed.apply(BridgeEntryChanged{entry});
  installed.apply(BridgeEntryChanged{entry});
  installed.apply(BridgeEntryChanged{{kBridge, kPort, *MacAddress::parse("00:00:00:00:aa:02")}});
  installed.apply(BridgeEntryChanged{
      {kBridge, kPort, *MacAddress::parse("00:00:00:00:aa:03"), BridgeEntryKind::Permanent}});
  EXPECT_EQ(installed.learned(kPort), 2U);
  entry.port = other;
  installed.apply(BridgeEntryChanged{entry});
  EXPECT_EQ(installed.learned(kPort), 1U);
  EXPECT_EQ(installed.learned(other), 1U);
  EXPECT_EQ(installed.learned(kBridge), 2U);
  entry.kind = BridgeEntryKind::ExternallyLearned;
  installed.apply(BridgeEntryChanged{entry});
  EXPECT_EQ(installed.learned(other), 0U);
  installed.apply(BridgeEntryGone{entry});
  installed.apply(BridgeEntryGone{entry});
  EXPECT_EQ(installed.learned(kBridge), 1U);
  installed.apply(LinkChanged{link(kBridge, "kvbr100")});
  installed.apply(LinkGone{kBridge});
  EXPECT_EQ(installed.learned(kBridge), 0U);
  EXPECT_EQ(installed.learned(kPort), 0U);
}

TEST(OwnershipAlias, IsRecognisedForItsOwnSwitchOnly) {
  const auto id = ovsdb::Uuid::random().to_string();
  const auto alias = ownership_alias("s2", id, "red network");
  EXPECT_EQ(alias, "kvtep/s2/" + id + " red network");
  EXPECT_EQ(owner_uuid(alias, "s2"), id);
  EXPECT_FALSE(owner_uuid(alias, "s"));
  EXPECT_FALSE(owner_uuid(ownership_alias("s2/x", id, "red"), "s2"));
  EXPECT_FALSE(owner_uuid("", "s2"));
  EXPECT_FALSE(owner_uuid("kvtep/s2/", "s2"));
}

TEST(OwnershipAlias, FitsWhateverTheSwitchIsCalled) {
  const auto id = ovsdb::Uuid::random().to_string();
  std::string name;
  while (name.size() < 400) name += "\xc3\xa4";  // ä
  const auto alias = ownership_alias("s2", id, name);
  EXPECT_LE(alias.size(), 255U);
  EXPECT_EQ(alias.back(), '\xa4') << "half a character is left";
  EXPECT_EQ(ownership_alias("s2", id, "a\nb"), "kvtep/s2/" + id + " a?b");
}

}  // namespace
}  // namespace kvtep
