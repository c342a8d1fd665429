#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ovsdb-client/replica/replica_impl.hpp"
#include "ovsdb-client/wire/json.hpp"
#include "tests/unit/ovsdb-client/thing.hpp"

namespace ovsdb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using things::Part;
using things::Thing;
using things::uuid;
using World = Replica<Thing, Part>;
using enum UpdateKind;

// {table: {row 1: update}}
std::string of_row(std::string_view table, std::string_view update) {
  return "{\"" + std::string(table) + "\":{\"" + uuid(1).to_string() + "\":" + std::string(update) + "}}";
}

// The changes of an update that must be right.
World::Delta must_apply(World& world, UpdateKind kind, bool initial, std::string_view text) {
  auto delta = world.apply(kind, initial, text);
  EXPECT_TRUE(delta) << text << ": " << delta.error();
  return delta ? *delta : World::Delta{};
}

World with_row_1(const Thing& thing) {
  World world;
  World::Delta delta;
  delta.of<Thing>().push_back({uuid(1), std::nullopt, thing});
  world.apply(delta);
  return world;
}

TEST(Update1, InsertsModifiesAndDeletes) {
  World world;
  EXPECT_THAT(must_apply(world, Monitor1, false, of_row("Thing", R"({"new":{"name":"x","tag":["set",[]]}})"))
                  .of<Thing>(),
              ElementsAre(Change<Thing>{uuid(1), std::nullopt, Thing{.name = "x"}}));
  EXPECT_THAT(must_apply(world, Monitor1, false,
                         of_row("Thing", R"({"old":{"tag":["set",[]]},"new":{"name":"x","tag":5}})"))
                  .of<Thing>(),
              ElementsAre(Change<Thing>{uuid(1), Thing{.name = "x"}, Thing{.name = "x", .tag = 5}}));
  ASSERT_NE(world.table<Thing>().find(uuid(1)), nullptr);
  EXPECT_EQ(*world.table<Thing>().find(uuid(1)), (Thing{.name = "x", .tag = 5}));
  EXPECT_THAT(
      must_apply(world, Monitor1, false, of_row("Thing", R"({"old":{"name":"x","tag":5}})")).of<Thing>(),
      ElementsAre(Change<Thing>{uuid(1), Thing{.name = "x", .tag = 5}, std::nullopt}));
  EXPECT_TRUE(world.table<Thing>().empty());
}

TEST(Update2, InsertsModifiesAndDeletes) {
  World world;
  EXPECT_THAT(
      must_apply(world, Conditional, false, of_row("Thing", R"({"insert":{"labels":["set",["a","b"]]}})"))
          .of<Thing>(),
      ElementsAre(Change<Thing>{uuid(1), std::nullopt, Thing{.labels = {"a", "b"}}}));
  const Thing modified{.tag = 4, .labels = {"a", "c"}, .lone = {8}, .options = {{"k", "v"}}};
  EXPECT_THAT(must_apply(world, Conditional, false,
                         of_row("Thing", R"({"modify":{"labels":["set",["b","c"]],"tag":4,"lone":8,
                                            "options":["map",[["k","v"]]]}})"))
                  .of<Thing>(),
              ElementsAre(Change<Thing>{uuid(1), Thing{.labels = {"a", "b"}}, modified}));
  EXPECT_THAT(must_apply(world, Conditional, false, of_row("Thing", R"({"delete":null})")).of<Thing>(),
              ElementsAre(Change<Thing>{uuid(1), modified, std::nullopt}));
}

TEST(Update2, ReplacesASetThatHoldsAtMostOneElement) {
  auto world = with_row_1({.lone = {1}});
  must_apply(world, Conditional, false, of_row("Thing", R"({"modify":{"lone":2}})"));
  EXPECT_EQ(world.table<Thing>().find(uuid(1))->lone, (std::set<std::int64_t>{2}));
  must_apply(world, Conditional, false, of_row("Thing", R"({"modify":{"lone":["set",[]]}})"));
  EXPECT_THAT(world.table<Thing>().find(uuid(1))->lone, IsEmpty());
}

TEST(Replica, GivesNoChangeWhereNothingChanged) {
  auto world = with_row_1({.name = "x"});
  EXPECT_TRUE(
      must_apply(world, Monitor1, false, of_row("Thing", R"({"old":{},"new":{"name":"x"}})")).empty());
  EXPECT_TRUE(must_apply(world, Conditional, false, of_row("Thing", R"({"modify":{}})")).empty());
  EXPECT_TRUE(must_apply(world, Conditional, false, of_row("Thing", R"({"insert":{"name":"x"}})")).empty());
  EXPECT_TRUE(must_apply(world, Conditional, false, of_row("Part", R"({"delete":null})")).empty());
  EXPECT_TRUE(must_apply(world, Conditional, false, "{}").empty());
}

TEST(Replica, TakesAnInsertOfARowThatIsHeldAsItsNewContent) {
  auto world = with_row_1({.name = "x", .tag = 1});
  EXPECT_THAT(
      must_apply(world, Conditional, false, of_row("Thing", R"({"insert":{"name":"y"}})")).of<Thing>(),
      ElementsAre(Change<Thing>{uuid(1), Thing{.name = "x", .tag = 1}, Thing{.name = "y"}}));
}

TEST(Replica, AppliesAllTablesOfAMessage) {
  World world;
  const auto delta =
      must_apply(world, Conditional, false,
                 R"({"Part":{"00000000-0000-0000-0000-000000000002":{"insert":{"color":"red"}}},
                                   "Thing":{"00000000-0000-0000-0000-000000000001":{"insert":{
                                     "owner":["uuid","00000000-0000-0000-0000-000000000002"]}}}})");
  EXPECT_EQ(delta.size(), 2u);
  EXPECT_EQ(world.table<Thing>().find(uuid(1))->owner, uuid(2));
  EXPECT_EQ(world.table<Part>().find(uuid(2))->color, "red");
}

TEST(InitialContent, IsComparedWithWhatIsHeld) {
  World world;
  must_apply(world, Conditional, true, R"({
    "Part":{"00000000-0000-0000-0000-000000000001":{"initial":{"color":"same"}},
            "00000000-0000-0000-0000-000000000002":{"initial":{"color":"old"}},
            "00000000-0000-0000-0000-000000000003":{"initial":{"color":"gone"}}},
    "Thing":{"00000000-0000-0000-0000-000000000009":{"initial":{"name":"gone"}}}})");
  // The table Thing is not even mentioned.
  const auto delta = must_apply(world, Monitor1, true, R"({
    "Part":{"00000000-0000-0000-0000-000000000001":{"new":{"color":"same"}},
            "00000000-0000-0000-0000-000000000002":{"new":{"color":"new"}},
            "00000000-0000-0000-0000-000000000004":{"new":{"color":"fresh"}}}})");
  EXPECT_THAT(delta.of<Part>(), UnorderedElementsAre(Change<Part>{uuid(2), Part{"old"}, Part{"new"}},
                                                     Change<Part>{uuid(3), Part{"gone"}, std::nullopt},
                                                     Change<Part>{uuid(4), std::nullopt, Part{"fresh"}}));
  EXPECT_THAT(delta.of<Thing>(), ElementsAre(Change<Thing>{uuid(9), Thing{.name = "gone"}, std::nullopt}));
  EXPECT_EQ(world.table<Part>().size(), 3u);
  EXPECT_TRUE(world.table<Thing>().empty());
}

TEST(InitialContent, IsTakenOfEitherName) {
  World world;
  EXPECT_EQ(must_apply(world, Conditional, true, of_row("Part", R"({"insert":{"color":"red"}})")).size(), 1u);
  EXPECT_EQ(must_apply(world, Conditional, true, of_row("Part", R"({"initial":{"color":"red"}})")).size(),
            0u);
}

struct Malformed {
  UpdateKind kind;
  bool initial;
  std::string text;
  const char* says;
};

TEST(Replica, RefusesMalformedMessagesAndStaysAsItWas) {
  const std::string known = uuid(1).to_string();
  const std::string unknown = uuid(5).to_string();
  const std::vector<Malformed> table{
      {Monitor1, false, "", "object"},
      {Monitor1, false, "[]", "object"},
      {Monitor1, false, "{} {}", "more text"},
      {Conditional, false, R"({"Thing":)", "end of the text"},
      {Conditional, false, R"({"Thing":[]})", "Thing"},
      {Conditional, false, R"({"Other":{}})", "table Other"},
      {Conditional, false, R"({"Thing":{"row":{"delete":null}}})", "row \"row\" is not a UUID"},
      {Monitor1, false, of_row("Thing", "{}"), "without"},
      {Monitor1, false, of_row("Thing", R"({"new":{},"what":{}})"), "only"},
      {Monitor1, false, R"({"Thing":{")" + unknown + R"(":{"old":{},"new":{}}}})", "not there"},
      {Monitor1, true, of_row("Thing", R"({"old":{}})"), "initial content"},
      {Monitor1, false, of_row("Thing", R"({"new":{"tag":"x"}})"), "column tag"},
      {Monitor1, false, of_row("Thing", R"({"new":{"absent":1}})"), "column absent"},
      {Monitor1, false, of_row("Thing", R"({"new":null})"), "object"},
      {Monitor1, false, of_row("Thing", R"({"old":)" + std::string(100'000, '[')), "nested"},
      {Conditional, false, of_row("Thing", "{}"), "says nothing"},
      {Conditional, false, of_row("Thing", R"({"new":{}})"), "one of"},
      {Conditional, false, of_row("Thing", R"({"delete":null,"insert":{}})"), "two things"},
      {Conditional, false, R"({"Thing":{")" + unknown + R"(":{"modify":{"tag":1}}}})", "not there"},
      {Conditional, false, of_row("Thing", R"({"modify":{"parts":["set",["x"]]}})"), "column parts"},
      {Conditional, false, of_row("Thing", R"({"modify":{"owner":["uuid","x"]}})"), "column owner"},
      {Conditional, false, of_row("Thing", R"({"modify":{"tag":["set",[1,2]]}})"), "at most one"},
      {Conditional, true, of_row("Thing", R"({"modify":{"tag":1}})"), "initial content"},
      {Conditional, true, of_row("Thing", R"({"delete":null})"), "initial content"},
      {Conditional, false,
       R"({"Thing":{")" + known + R"(":{"modify":{"tag":2}},")" + known + R"(":{"delete":null}}})", "twice"},
      {Conditional, true, R"({"Part":{")" + known + R"(":{"initial":{}},")" + known + R"(":{"initial":{}}}})",
       "twice"},
      // A good part before the bad one.
      {Conditional, false,
       R"({"Part":{")" + unknown + R"(":{"insert":{}}},"Thing":{")" + known +
           R"(":{"modify":{"tag":2,"up":3}}}})",
       "column up"},
      {Conditional, true, R"({"Part":{")" + unknown + R"(":{"initial":{}}},"Thing":3})", "Thing"},
  };
  for (const auto& row : table) {
    auto world = with_row_1({.name = "x", .tag = 1});
    const auto delta = world.apply(row.kind, row.initial, row.text);
    ASSERT_FALSE(delta) << row.text;
    EXPECT_THAT(delta.error().message, HasSubstr(row.says)) << row.text.substr(0, 200);
    EXPECT_EQ(world.table<Part>().size(), 0u) << row.text;
    ASSERT_EQ(world.table<Thing>().size(), 1u) << row.text;
    EXPECT_EQ(*world.table<Thing>().find(uuid(1)), (Thing{.name = "x", .tag = 1})) << row.text;
  }
}

TEST(Replica, NamesTableRowAndColumnOfAnError) {
  World world;
  const auto delta = world.apply(Monitor1, false, of_row("Thing", R"({"new":{"tag":"x"}})"));
  ASSERT_FALSE(delta);
  EXPECT_EQ(delta.error().fault, Fault::Protocol);
  EXPECT_EQ(delta.error().message,
            "update: Thing: row 00000000-0000-0000-0000-000000000001: column tag: an integer should be here, "
            "not a string (at byte 63)");
}

TEST(MonitorRequests, AskForTheColumnsThatTheServerHas) {
  World world;
  EXPECT_TRUE(world.has_table<Part>());
  EXPECT_TRUE(world.has_column(&Thing::tag));
  const auto requests = world.monitor_requests(Json::parse(R"({"name":"things","tables":{
    "Thing":{"columns":{"tag":{},"name":{},"unheard_of":{}}},"Unheard":{"columns":{}}}})"));
  ASSERT_TRUE(requests) << requests.error();
  EXPECT_EQ(*requests, Json::parse(R"({"Thing":[{"columns":["name","tag"]}]})"));
  EXPECT_FALSE(world.has_table<Part>());
  EXPECT_TRUE(world.has_table<Thing>());
  EXPECT_TRUE(world.has_column(&Thing::tag));
  EXPECT_FALSE(world.has_column(&Thing::up));
  EXPECT_TRUE(world.has_column("Thing", "unheard_of"));
  EXPECT_FALSE(world.has_column("Part", "color"));
}

TEST(MonitorRequests, RefuseWhatIsNoSchema) {
  for (const char* schema : {"null", "{}", R"({"tables":[]})", R"({"tables":{"Thing":{}}})",
                             R"({"tables":{"Thing":{"columns":1}}})"}) {
    World world;
    const auto requests = world.monitor_requests(Json::parse(schema));
    ASSERT_FALSE(requests) << schema;
    EXPECT_EQ(requests.error().fault, Fault::Protocol);
    EXPECT_TRUE(world.has_table<Part>()) << schema;
  }
}

}  // namespace
}  // namespace ovsdb
