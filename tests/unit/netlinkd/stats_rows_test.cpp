#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "netlinkd/planner/report.hpp"
#include "tests/support/rows.hpp"

namespace kvtep::planner {
namespace {

using hwvtep::LogicalBindingStats;
using hwvtep::PhysicalPort;
using kvtep::testing::Rows;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kNothing = R"(["db"])";

class StatsRowsTest : public ::testing::Test {
 protected:
  StatsRowsTest() {
    red = rows.logical_switch("red", 100);
    port = rows.port("eth1", {{0, red}, {5, red}});
    rows.own_switch({port});
  }

  void count(std::int64_t vlan, std::int64_t packets) {
    sums[{"eth1", vlan}] = {.logical_switch = red, .sum = {.packets_from_local = packets}};
  }
  Uuid publish(std::int64_t vlan, std::int64_t packets) {
    const auto id = rows.insert(LogicalBindingStats{.packets_from_local = packets});
    list(vlan, id);
    return id;
  }
  void list(std::int64_t vlan, const Uuid& id) {
    rows.edit<PhysicalPort>(port, [&](auto& row) { row.vlan_stats[vlan] = id; });
  }
  void unbind(std::int64_t vlan) {
    rows.edit<PhysicalPort>(port, [&](auto& row) { row.vlan_bindings.erase(vlan); });
  }

  // The operations, with the random names of new rows taken out.
  std::string report(std::size_t limit = 1000) {
    const auto view = rows.view();
    auto result = planner::report({.view = view,
                                   .desired = Desired{},
                                   .installed = Installed{},
                                   .faults = Faults{},
                                   .binding_sums = is_counting ? &sums : nullptr},
                                  {.everything = false, .macs = {}, .stats = true}, limit);
    rest = result.rest;
    operations = result.transaction.operations().size();
    return std::regex_replace(result.transaction.params("db"), std::regex("row[0-9a-f]{32}"), "ROW");
  }

  Rows rows;
  Uuid red, port;
  BindingSums sums;
  bool is_counting = true;
  ReportScope rest;
  std::size_t operations = 0;
};

TEST_F(StatsRowsTest, ANewBindingsRowComesWithTheReferenceThatKeepsIt) {
  count(0, 3);
  EXPECT_THAT(report(), AllOf(HasSubstr(R"("op":"insert","table":"Logical_Binding_Stats","uuid-name":"ROW")"),
                              HasSubstr(R"("packets_from_local":3)"),
                              HasSubstr(R"(["vlan_stats","insert",["map",[[0,["named-uuid","ROW"]]]]])")));
}

TEST_F(StatsRowsTest, ACountThatChangedIsWrittenAndNothingBesideIt) {
  count(0, 3);
  publish(0, 2);
  EXPECT_THAT(report(), AllOf(HasSubstr(R"("op":"update")"), HasSubstr(R"("row":{"packets_from_local":3})")));
  EXPECT_EQ(operations, 1U);
}

TEST_F(StatsRowsTest, ACountThatDidNotChangeIsNotWritten) {
  count(0, 3);
  publish(0, 3);
  EXPECT_EQ(report(), kNothing);
}

TEST_F(StatsRowsTest, WhatIsBoundNoMoreIsTakenBackAtOnce) {
  publish(0, 3);
  publish(5, 3);
  unbind(5);
  EXPECT_THAT(report(0), HasSubstr(R"("mutations":[["vlan_stats","delete",5]])"));
  EXPECT_FALSE(rest.stats);
}

TEST_F(StatsRowsTest, WhatWasNotCountedYetStaysAsItIs) {
  publish(0, 3);
  EXPECT_EQ(report(), kNothing);
  count(0, 1);
  sums[{"eth1", 0}].logical_switch = rows.logical_switch("blue", 200);
  EXPECT_EQ(report(), kNothing) << "for another switch";
}

TEST_F(StatsRowsTest, ARowThatTwoBindingsShareIsReplacedForOneOfThem) {
  count(0, 3);
  count(5, 4);
  list(5, publish(0, 3));
  EXPECT_THAT(report(), AllOf(HasSubstr(R"(["vlan_stats","delete",5])"),
                              HasSubstr(R"("packets_from_local":4)"), Not(HasSubstr(R"("op":"update")"))));
}

TEST_F(StatsRowsTest, ATransactionHoldsNoMoreRowsThanItMay) {
  count(0, 3);
  count(5, 3);
  report(1);
  EXPECT_EQ(operations, 2U);
  EXPECT_TRUE(rest.stats);
  report(2);
  EXPECT_EQ(operations, 4U);
  EXPECT_FALSE(rest.stats);
}

TEST_F(StatsRowsTest, WhereNothingIsCountedTheColumnIsLeftAlone) {
  publish(5, 3);
  unbind(5);
  is_counting = false;
  EXPECT_EQ(report(), kNothing);
}

}  // namespace
}  // namespace kvtep::planner
