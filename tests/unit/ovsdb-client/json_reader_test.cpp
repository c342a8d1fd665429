#include "ovsdb-client/schema/json_reader.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "ovsdb-client/schema/json_text.hpp"
#include "ovsdb-client/wire/json.hpp"

namespace ovsdb {
namespace {

bool accepts(std::string_view text) {
  JsonReader in(text);
  return in.skip() && in.finish();
}

TEST(JsonReader, ReadsStringsAsTheyWereMeant) {
  const std::vector<std::pair<std::string, std::string>> table{
      {R"("")", ""},
      {R"("plain")", "plain"},
      {R"(  "a\"b\\c\/d\b\f\n\r\t"  )", "a\"b\\c/d\b\f\n\r\t"},
      {R"("\u0041\u00e9\u20ac\ud83d\ude00")", "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
      {"\"\xC3\xA9\\n\xF0\x9F\x98\x80\"", "\xC3\xA9\n\xF0\x9F\x98\x80"},
      {R"("\u0000")", std::string(1, '\0')},
  };
  for (const auto& [text, meaning] : table) {
    JsonReader in(text);
    std::string value;
    EXPECT_TRUE(in.read(value) && in.finish()) << text << ": " << in.error();
    EXPECT_EQ(value, meaning) << text;
  }
}

TEST(JsonReader, ReadsIntegersOfTheWholeRange) {
  const std::vector<std::pair<std::string, std::int64_t>> table{
      {"0", 0},
      {"-0", 0},
      {"4095", 4095},
      {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"1e3", 1000},
      {"2.0", 2},
  };
  for (const auto& [text, meaning] : table) {
    JsonReader in(text);
    std::int64_t value = -1;
    EXPECT_TRUE(in.read(value) && in.finish()) << text << ": " << in.error();
    EXPECT_EQ(value, meaning) << text;
  }
  for (const char* text : {"1.5", "9223372036854775808", "1e19", "1e999", "-", "\"1\"", "null", "", "+1"}) {
    JsonReader in(text);
    std::int64_t value = 0;
    EXPECT_FALSE(in.read(value)) << text;
  }
  JsonReader leading_zero("01");
  std::int64_t value = 0;
  EXPECT_FALSE(leading_zero.read(value) && leading_zero.finish());
}

TEST(JsonReader, RefusesWhatIsNotJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{1:2}",
                           "{\"a\":1]",
                           "[1}",
                           "\"",
                           "\"\\",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\ud800\\u0041\"",
                           "\"\\udc00\"",
                           "\"\x01\"",
                           "\"\xFF\"",
                           "\"\xC0\x80\"",
                           "\"\xED\xA0\x80\"",
                           "\"\xC3",
                           "tru",
                           "nul",
                           "1.",
                           "1e",
                           "-",
                           ".5",
                           "1 1",
                           "[]]",
                           "{} {}"}) {
    EXPECT_FALSE(accepts(text)) << text;
  }
}

TEST(JsonReader, StopsAtADepthThatNoStackMinds) {
  const std::string deep(1'000'000, '[');
  JsonReader in(deep);
  EXPECT_FALSE(in.skip());
  EXPECT_EQ(in.error().fault, Fault::Syntax);
  EXPECT_TRUE(accepts(std::string(60, '[') + std::string(60, ']')));
}

TEST(JsonReader, TellsSyntaxFromTheWrongTypeAndWhere) {
  std::int64_t value = 0;
  JsonReader wrong_type(R"(  "x")");
  EXPECT_FALSE(wrong_type.read(value));
  EXPECT_EQ(wrong_type.error(),
            (Error{Fault::Protocol, "an integer should be here, not a string (at byte 2)"}));
  JsonReader no_json("?");
  EXPECT_FALSE(no_json.read(value));
  EXPECT_EQ(no_json.error().fault, Fault::Syntax);
}

TEST(JsonReader, KeepsItsFirstFailure) {
  JsonReader in(R"(["a", 1])");
  std::int64_t value = 0;
  ASSERT_TRUE(in.begin_array() && in.next_element());
  EXPECT_FALSE(in.read(value));
  const auto first = in.error();
  EXPECT_FALSE(in.next_element() || in.skip() || in.finish() || in.begin_array() || in.begin_object());
  EXPECT_EQ(in.error(), first);
}

// Texts made by damaging a good one: accepted exactly where the other parser accepts them.
TEST(JsonReader, AgreesWithAnotherParserOnDamagedTexts) {
  const std::string good =
      R"({"a":[1,-2.5e3,true,null,"x\n\u00e9"],"b":{"c":[],"d":{}},"e":"\ud83d\ude00","f":[["uuid","x"],0.1]})";
  const std::string alphabet = "{}[]\",:\\u0123eE+-.tfn \n\x01\xC3\xA9";
  std::mt19937 random(7047);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = good;
    for (auto edits = 1 + below(3); edits > 0; --edits) {
      const auto at = below(text.size());
      switch (below(3)) {
        case 0: text[at] = alphabet[below(alphabet.size())]; break;
        case 1: text.erase(at, 1 + below(4)); break;
        default: text.insert(at, 1, alphabet[below(alphabet.size())]);
      }
    }
    ASSERT_EQ(accepts(text), Json::accept(text)) << text;
    accepted += accepts(text);
  }
  EXPECT_GT(accepted, 100);
}

TEST(JsonText, WritesStringsThatReadTheSame) {
  for (const std::string value : {"", "plain", "a\"b\\c\n\r\t\x01\x1f/", "\xC3\xA9\xF0\x9F\x98\x80"}) {
    JsonText text;
    text.string(value);
    EXPECT_EQ(Json::parse(text.text()).get<std::string>(), value) << text.text();
  }
}

TEST(JsonText, ReplacesWhatAServerWouldRefuse) {
  JsonText text;
  text.string(std::string("a\0b\xFF", 4));
  EXPECT_EQ(text.text(),
            "\"a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace ovsdb
