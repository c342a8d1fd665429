#include "ovsdb-client/wire/uuid.hpp"

#include <gtest/gtest.h>

namespace ovsdb {
namespace {

TEST(Uuid, SurvivesTheRoundTripThroughText) {
  const auto uuid = Uuid::parse("9DEAE9EC-a581-48a9-9790-7841c9d719ac");
  ASSERT_TRUE(uuid);
  EXPECT_EQ(uuid->to_string(), "9deae9ec-a581-48a9-9790-7841c9d719ac");
}

TEST(Uuid, RefusesEveryOtherText) {
  for (const char* text :
       {"", "9deae9ec", "9deae9ec-a581-48a9-9790-7841c9d719a", "9deae9eca581-48a9-9790-7841c9d719acc",
        "9deae9ec-a581-48a9-9790-7841c9d719ag", "9deae9ec-a581-48a9-9790-7841c9d719ac "}) {
    EXPECT_FALSE(Uuid::parse(text)) << text;
  }
}

TEST(Uuid, RandomOnesDifferAndCarryVersionFour) {
  const auto one = Uuid::random();
  EXPECT_NE(one, Uuid::random());
  EXPECT_EQ(one.bytes[6] >> 4, 4);
}

}  // namespace
}  // namespace ovsdb
