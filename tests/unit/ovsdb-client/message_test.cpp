#include "ovsdb-client/wire/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ovsdb-client/wire/json.hpp"
#include "ovsdb-client/wire/request.hpp"

namespace ovsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// All messages of a stream that is fed in pieces of that size; the error's text in place of what cannot be
// read.
std::vector<std::string> read_all(std::string_view stream, std::size_t piece, MessageLimits limits = {}) {
  MessageReader reader(limits);
  std::vector<std::string> texts;
  for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size()))) {
    reader.feed(stream.substr(0, piece));
    while (true) {
      auto message = reader.next();
      if (!message) {
        texts.push_back(message.error().message);
        return texts;
      }
      if (!*message) break;
      texts.push_back((*message)->text);
    }
  }
  return texts;
}

TEST(MessageReader, FindsTheMembersWhateverTheirOrderAndSpacing) {
  MessageReader reader;
  reader.feed(
      R"( { "id" : 7 , "error":null,"x":{"id":[8]}, "result" : [{"a":"}\"]"}],"params":["p"]  ,"method":"m"} )");
  const auto message = reader.next();
  ASSERT_TRUE(message && *message);
  EXPECT_EQ((*message)->id(), "7");
  EXPECT_EQ((*message)->error(), "null");
  EXPECT_EQ((*message)->result(), R"([{"a":"}\"]"}])");
  EXPECT_EQ((*message)->params(), R"(["p"])");
  EXPECT_EQ((*message)->method(), R"("m")");
}

TEST(MessageReader, LeavesAbsentMembersEmpty) {
  MessageReader reader;
  reader.feed(R"({"long key that is none of ours":1,"methodical":2,"i\u0064":3}{})");
  for (int i = 0; i < 2; ++i) {
    const auto message = reader.next();
    ASSERT_TRUE(message && *message);
    EXPECT_EQ((*message)->method(), "");
    EXPECT_EQ((*message)->id(), "");
    EXPECT_EQ((*message)->params(), "");
    EXPECT_EQ((*message)->result(), "");
    EXPECT_EQ((*message)->error(), "");
  }
}

TEST(MessageReader, ReadsTheSameMessagesFromPiecesOfEverySize) {
  const std::vector<std::string> messages = {
      R"({"id":1,"result":[{"uuid":["uuid","x"]}],"error":null})", "{}",
      R"({"method":"update2","params":["r",{"T":{"\\":"\"{"}}],"id":null})"};
  const auto stream = messages[0] + "\n" + messages[1] + messages[2] + " ";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    EXPECT_EQ(read_all(stream, piece), messages) << piece;
  }
}

TEST(MessageReader, FindsTheMembersOfAMessageCutAtEveryByte) {
  const std::string text = R"({"id":12,"method":"echo","params":[ 1 ],"error":"e","result":{"a":1}})";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    MessageReader reader;
    reader.feed(std::string_view(text).substr(0, cut));
    auto message = reader.next();
    ASSERT_TRUE(message) << cut;
    if (cut < text.size()) {
      ASSERT_FALSE(*message) << cut;
      reader.feed(std::string_view(text).substr(cut));
      message = reader.next();
    }
    ASSERT_TRUE(message && *message) << cut;
    EXPECT_EQ((*message)->text, text);
    EXPECT_EQ((*message)->id(), "12");
    EXPECT_EQ((*message)->method(), R"("echo")");
    EXPECT_EQ((*message)->params(), "[ 1 ]");
    EXPECT_EQ((*message)->error(), R"("e")");
    EXPECT_EQ((*message)->result(), R"({"a":1})");
  }
}

struct Bad {
  std::string stream;
  std::string what;
  int offset;
};

TEST(MessageReader, RefusesWhatCannotBeAMessageAtItsOffset) {
  using namespace std::string_literals;
  const Bad table[] = {
      {"[1]", "message that is no object", 0},
      {"1", "message that is no object", 0},
      {" \"a\"", "message that is no object", 1},
      {"{}}", "unbalanced bracket", 2},
      {R"({"a":[1}})", "unbalanced bracket", 7},
      {R"({"a":{]})", "unbalanced bracket", 6},
      {R"({]})", "unbalanced bracket", 1},
      {"{\x01}", "byte that is no JSON outside of a string", 1},
      {"{\"a\":1\0}"s, "byte that is no JSON outside of a string", 6},
      {"{\"a\n\":1}", "control byte in a string", 3},
      {"{\"a\":\"\\\x02\"}", "control byte in a string", 7},
      {"{\xc3\xa4}", "byte that is no JSON outside of a string", 1},
      {R"({"a" 1})", "token out of place", 5},
      {R"({"a":1 2})", "token out of place", 7},
      {R"({"a":1,})", "object that ends too early", 7},
      {R"({"a":})", "object that ends too early", 5},
      {R"({"a"})", "object that ends too early", 4},
      {R"({,})", "comma out of place", 1},
      {R"({"a":,})", "comma out of place", 5},
      {R"({"a"::1})", "colon out of place", 5},
      {R"({1:1})", "token out of place", 1},
      {R"({[]:1})", "bracket out of place", 1},
      {R"({"a":1"b":2})", "string out of place", 6},
      {R"({"a""b"})", "string out of place", 4},
      {R"({"id":1,"id":2})", "member that comes twice", 14},
  };
  for (const auto& bad : table) {
    for (std::size_t piece = 1; piece <= bad.stream.size(); ++piece) {
      const auto read = read_all(bad.stream, piece);
      ASSERT_FALSE(read.empty()) << bad.stream;
      EXPECT_EQ(read.back(),
                "reading a JSON-RPC message: " + bad.what + " at offset " + std::to_string(bad.offset))
          << bad.stream << " in pieces of " << piece;
    }
  }
}

TEST(MessageReader, CountsOffsetsOverTheWholeStream) {
  const auto read = read_all("{} {} ]", 2);
  ASSERT_EQ(read.size(), 3u);
  EXPECT_THAT(read.back(), HasSubstr("at offset 6"));
}

TEST(MessageReader, RepeatsItsErrorForEver) {
  MessageReader reader;
  reader.feed("]");
  const auto first = reader.next();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().fault, Fault::Syntax);
  reader.feed("{}");
  const auto second = reader.next();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), first.error());
}

TEST(MessageReader, HoldsToItsLimits) {
  const std::string ten = R"({"a":"56"})";
  EXPECT_THAT(read_all(ten, 3, {.max_message = 10}), ElementsAre(ten));
  EXPECT_THAT(read_all(ten, 3, {.max_message = 9}), ElementsAre(HasSubstr("over the size limit")));
  EXPECT_THAT(read_all(ten, 99, {.max_message = 9}), ElementsAre(HasSubstr("over the size limit")));
  // An endless message is refused long before its end.
  EXPECT_THAT(read_all("{\"a\":\"" + std::string(100, 'x'), 5, {.max_message = 20}),
              ElementsAre(HasSubstr("over the size limit")));
  EXPECT_THAT(read_all(R"({"a":[[]]})", 1, {.max_depth = 3}), ElementsAre(R"({"a":[[]]})"));
  EXPECT_THAT(read_all(R"({"a":[[]]})", 1, {.max_depth = 2}), ElementsAre(HasSubstr("over the depth limit")));
}

TEST(MessageReader, DoesNotCountWhatLiesBetweenMessagesToTheLimit) {
  EXPECT_THAT(read_all(std::string(50, ' ') + "{}" + std::string(50, '\n') + "{}", 7, {.max_message = 2}),
              ElementsAre("{}", "{}"));
}

// 100 MB in 4 KiB pieces: were any step to look at the whole message again for each piece, this would be
// 1.2 * 10^12 byte steps, which no test's time limit survives.
TEST(MessageReader, ReadsAHugeMessageInSmallPiecesInLinearTime) {
  const std::string row =
      R"("9deae9ec-a581-48a9-9790-7841c9d719ac":{"initial":{"MAC":"00:00:00:00:00:01"}},)";
  std::string piece;
  while (piece.size() < 4096) piece += row;
  MessageReader reader;
  reader.feed(R"({"id":null,"method":"update2","params":["r",{)");
  std::size_t fed = 0;
  for (; fed < 100'000'000; fed += piece.size()) {
    reader.feed(piece);
    const auto message = reader.next();
    ASSERT_TRUE(message && !*message);
  }
  reader.feed(R"("x":{}}]})");
  auto message = reader.next();
  ASSERT_TRUE(message && *message);
  EXPECT_EQ((*message)->params().size(), std::string_view(R"(["r",{"x":{}}])").size() + fed);
}

TEST(ArrayCursor, WalksTheElementsAndGivesTheRestAsOne) {
  ArrayCursor cursor(R"([ "a,]\"" , [1,{"b":2}] ,{"c":[3,4]} ])");
  EXPECT_EQ(cursor.element(), R"("a,]\"")");
  EXPECT_EQ(cursor.element(), R"([1,{"b":2}])");
  EXPECT_EQ(cursor.last(), R"({"c":[3,4]})");
  EXPECT_EQ(cursor.element(), "");
  EXPECT_EQ(cursor.last(), "");
}

TEST(ArrayCursor, FindsNothingInWhatIsNoArray) {
  for (const char* text : {"", "[", "{}", "null", "[]", "[ ]"}) {
    ArrayCursor cursor(text);
    EXPECT_EQ(cursor.element(), "") << text;
    EXPECT_EQ(cursor.last(), "") << text;
  }
}

TEST(Request, IsTheJsonThatRfc7047Shows) {
  const MonitorRequest monitor{
      .database = "db", .monitor_id = "m", .requests = R"({"T":[{"columns":["a"]}]})", .last_id = "id"};
  const std::pair<std::string, const char*> table[] = {
      {echo_request(1), R"({"method":"echo","params":[],"id":1})"},
      {get_schema_request(2, "d\"b"), R"({"method":"get_schema","params":["d\"b"],"id":2})"},
      {transact_request(3, R"(["db",{"op":"comment"}])"),
       R"({"method":"transact","params":["db",{"op":"comment"}],"id":3})"},
      {monitor_request(4, MonitorMethod::CondSince, monitor),
       R"({"method":"monitor_cond_since","params":["db","m",{"T":[{"columns":["a"]}]},"id"],"id":4})"},
      {monitor_request(5, MonitorMethod::Cond, monitor),
       R"({"method":"monitor_cond","params":["db","m",{"T":[{"columns":["a"]}]}],"id":5})"},
      {monitor_request(6, MonitorMethod::Plain, monitor),
       R"({"method":"monitor","params":["db","m",{"T":[{"columns":["a"]}]}],"id":6})"},
      {lock_request(7, "l"), R"({"method":"lock","params":["l"],"id":7})"},
      {steal_request(8, "l"), R"({"method":"steal","params":["l"],"id":8})"},
      {unlock_request(9, "l"), R"({"method":"unlock","params":["l"],"id":9})"},
      {cancel_request(3), R"({"method":"cancel","params":[3],"id":null})"},
      {reply(R"("x")", "[1]"), R"({"id":"x","result":[1],"error":null})"},
      {error_reply("1", "no"), R"({"id":1,"result":null,"error":"no"})"},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(Json::parse(text), Json::parse(expected)) << text;
}

TEST(Request, ReplacesBytesThatAreNoUtf8) { EXPECT_EQ(json_string("a\xff"), "\"a\xEF\xBF\xBD\""); }

}  // namespace
}  // namespace ovsdb
