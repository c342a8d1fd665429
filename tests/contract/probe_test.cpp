// What the running kernel is found to have, against what it does.
#include "netlinkd/rtnl/probe.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

class Probe : public Contract<RealWorld> {
 protected:
  static bool has(const Capabilities& found, Feature feature) {
    const auto place = std::ranges::find(found, feature, &Capability::feature);
    EXPECT_NE(place, found.end());
    return place != found.end() && place->is_present;
  }
};

TEST_F(Probe, FindsWhatTheKernelCan) {
  const std::set kMayBeMissing{Feature::VlanDevices, Feature::MacLimits, Feature::ProbesPass};
  const auto found = rtnl::probe();
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->size(), 11U);
  for (const auto& each : *found) {
    EXPECT_TRUE(each.is_present || kMayBeMissing.contains(each.feature))
        << name_of(each.feature) << ": " << each.words;
    EXPECT_FALSE(each.is_present && !each.words.empty()) << each.words;
    EXPECT_NE(std::string(loss_without(each.feature)), "");
  }
  EXPECT_EQ(has(*found, Feature::VlanDevices), world_.has_vlan_devices());
  EXPECT_EQ(has(*found, Feature::MacLimits), world_.has_mac_limits());
  EXPECT_EQ(has(*found, Feature::Ipv6Tunnels), std::filesystem::exists("/proc/net/if_inet6"));
}

TEST_F(Probe, LeavesNothingBehind) {
  const auto place = std::filesystem::read_symlink("/proc/thread-self/ns/net");
  const auto before = lines_of(Installed::from(world_.dump()));
  ASSERT_TRUE(rtnl::probe());
  EXPECT_EQ(std::filesystem::read_symlink("/proc/thread-self/ns/net"), place);
  EXPECT_EQ(lines_of(Installed::from(world_.dump())), before);
  EXPECT_THAT(news(), ::testing::IsEmpty());
}

TEST_F(Probe, FindsTheSameAgain) {
  const auto found = rtnl::probe();
  ASSERT_TRUE(found);
  EXPECT_EQ(*rtnl::probe(), *found);
}

}  // namespace
}  // namespace kvtep::testing
