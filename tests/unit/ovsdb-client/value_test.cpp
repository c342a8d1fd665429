#include "ovsdb-client/schema/value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/ovsdb-client/thing.hpp"

namespace ovsdb {
namespace {

using things::uuid;

constexpr const char* kOne = R"(["uuid","00000000-0000-0000-0000-000000000001"])";
constexpr const char* kTwo = R"(["uuid","00000000-0000-0000-0000-000000000002"])";

std::string list(std::string_view tag, std::initializer_list<std::string_view> elements) {
  std::string text = "[\"" + std::string(tag) + "\",[";
  for (const auto element : elements) text += (text.back() == '[' ? "" : ",") + std::string(element);
  return text + "]]";
}

template <class T>
void expect_decodes(std::string_view text, const T& expected) {
  JsonReader in(text);
  T value{};
  EXPECT_TRUE(decode(in, value) && in.finish()) << text << ": " << in.error();
  EXPECT_EQ(value, expected) << text;
}

template <class T>
void expect_both_ways(std::string_view text, const T& value) {
  expect_decodes(text, value);
  JsonText out;
  encode(out, value);
  EXPECT_EQ(out.text(), text);
}

template <class T>
void expect_refused(std::initializer_list<std::string_view> texts) {
  for (const auto text : texts) {
    JsonReader in(text);
    T value{};
    EXPECT_FALSE(decode(in, value) && in.finish()) << text;
    EXPECT_FALSE(in.error().message.empty()) << text;
  }
}

template <class T>
void expect_diff(T held, std::string_view difference, const T& expected) {
  JsonReader in(difference);
  EXPECT_TRUE(decode_diff(in, held) && in.finish()) << difference << ": " << in.error();
  EXPECT_EQ(held, expected) << difference;
}

TEST(Value, OfOneElementIsItsAtom) {
  expect_both_ways("true", true);
  expect_both_ways("-5", std::int64_t{-5});
  expect_both_ways("0.25", 0.25);
  expect_both_ways("\"x\"", std::string("x"));
  expect_both_ways(kOne, uuid(1));
  expect_decodes(R"(["set",[7]])", std::int64_t{7});
  expect_decodes(R"( [ "set" , [ true ] ] )", true);
}

TEST(Value, OfAtMostOneElementIsAnOptional) {
  expect_both_ways(R"(["set",[]])", std::optional<std::int64_t>{});
  expect_both_ways("7", std::optional<std::int64_t>{7});
  expect_both_ways("\"x\"", std::optional<std::string>{"x"});
  expect_both_ways(kTwo, std::optional<Uuid>{uuid(2)});
  expect_decodes(R"(["set",[7]])", std::optional<std::int64_t>{7});
}

TEST(Value, OfManyElementsIsASet) {
  expect_both_ways(R"(["set",[]])", std::set<std::string>{});
  expect_both_ways("\"x\"", std::set<std::string>{"x"});
  expect_both_ways(R"(["set",["x","y"]])", std::set<std::string>{"x", "y"});
  expect_both_ways(kOne, std::set<Uuid>{uuid(1)});
  expect_both_ways(list("set", {kOne, kTwo}), std::set<Uuid>{uuid(1), uuid(2)});
  expect_decodes(list("set", {kTwo}), std::set<Uuid>{uuid(2)});
}

TEST(Value, OfPairsIsAMap) {
  expect_both_ways(R"(["map",[]])", std::map<std::string, std::string>{});
  expect_both_ways(R"(["map",[["a","1"],["b","2"]]])",
                   std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}});
  expect_both_ways("[\"map\",[[100," + std::string(kOne) + "]]]",
                   std::map<std::int64_t, Uuid>{{100, uuid(1)}});
}

TEST(Value, OfAnotherTypeIsRefused) {
  expect_refused<bool>(
      {"1", "\"true\"", "null", "[]", R"(["set",[]])", R"(["set",[true,false]])", R"(["map",[]])"});
  expect_refused<std::int64_t>({"1.5", "\"1\"", "{}", R"(["set",["1"]])", R"(["uuid","x"])"});
  expect_refused<std::string>({"1", R"(["uuid","x"])", R"(["set"])", R"(["set",1])", R"(["set",["a"],1])"});
  expect_refused<Uuid>({"\"00000000-0000-0000-0000-000000000001\"", R"(["uuid"])", R"(["uuid",1])",
                        R"(["uuid","x"])", R"(["uuid","00000000-0000-0000-0000-000000000001",1])",
                        R"(["named-uuid","row1"])", "[1]"});
  expect_refused<std::optional<std::int64_t>>({R"(["set",[1,2]])", "true"});
  expect_refused<std::set<std::string>>(
      {R"(["set",["a","a"]])", R"(["set",["a",1]])", R"(["set",[["set",[]]]])"});
  expect_refused<std::map<std::string, std::string>>(
      {"\"a\"", R"(["set",[]])", R"(["map",[["a"]]])", R"(["map",[["a","b","c"]]])", R"(["map",["a","b"]])",
       R"(["map",[["a","b"],["a","c"]]])", R"(["map",[["a",1]]])", R"(["map"])", R"(["map",[],[]])"});
}

TEST(Difference, ReplacesWhatHasAtMostOneElement) {
  expect_diff(std::string("old"), "\"new\"", std::string("new"));
  expect_diff(std::optional<std::int64_t>{5}, "6", std::optional<std::int64_t>{6});
  expect_diff(std::optional<std::int64_t>{5}, R"(["set",[]])", std::optional<std::int64_t>{});
}

TEST(Difference, TogglesTheElementsOfASet) {
  using Set = std::set<std::string>;
  expect_diff(Set{}, "\"a\"", Set{"a"});
  expect_diff(Set{"a"}, "\"a\"", Set{});
  expect_diff(Set{"a", "b"}, R"(["set",["b","c"]])", Set{"a", "c"});
  expect_diff(Set{"a"}, R"(["set",[]])", Set{"a"});
}

TEST(Difference, AddsRemovesAndChangesTheEntriesOfAMap) {
  using Map = std::map<std::string, std::string>;
  expect_diff(Map{}, R"(["map",[["a","1"]]])", Map{{"a", "1"}});
  expect_diff(Map{{"a", "1"}}, R"(["map",[["a","1"]]])", Map{});
  expect_diff(Map{{"a", "1"}, {"b", "2"}}, R"(["map",[["a","9"],["b","2"],["c","3"]]])",
              Map{{"a", "9"}, {"c", "3"}});
}

TEST(Row, PrintsWhatDiffersFromItsDefaults) {
  std::ostringstream out;
  out << things::Thing{.name = "x", .tag = 5, .options = {{"a", "b"}}};
  EXPECT_EQ(out.str(), R"(Thing{name="x", tag=5, options=["map",[["a","b"]]]})");
}

}  // namespace
}  // namespace ovsdb
