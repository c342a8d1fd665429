#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "netlinkd/control/server.hpp"

namespace kvtep::control {
namespace {

nlohmann::json document(const agent::Status& status) { return nlohmann::json::parse(to_json(status)); }

TEST(StatusDocument, SaysNothingOfAKernelThatCouldNotBeProbed) {
  EXPECT_TRUE(document({}).at("kernel_capabilities").is_null());
}

TEST(StatusDocument, TellsOfEachCapabilityAndWhatDegradesWithoutIt) {
  agent::Status status;
  status.capabilities = Capabilities{{.feature = Feature::Bridges, .is_present = true},
                                     {.feature = Feature::VlanDevices, .words = "Unknown device type"}};
  const auto list = document(status).at("kernel_capabilities");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at("name"), "bridges");
  EXPECT_EQ(list[0].at("present"), true);
  EXPECT_EQ(list[1].at("name"), "VLAN devices (8021q)");
  EXPECT_EQ(list[1].at("present"), false);
  EXPECT_EQ(list[1].at("without"), loss_without(Feature::VlanDevices));
  EXPECT_EQ(list[1].at("words"), "Unknown device type");
}

}  // namespace
}  // namespace kvtep::control
