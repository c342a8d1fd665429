#include "ovsdb-client/transaction/reply.hpp"

#include <gtest/gtest.h>

#include "tests/unit/ovsdb-client/thing.hpp"

namespace ovsdb {
namespace {

using things::Part;
using things::Thing;
using things::uuid;

// An insert, an update and a comment.
Transaction three() {
  Transaction transaction;
  transaction.insert(Part{.color = "red"}, uuid(1));
  transaction.update(uuid(2), Thing{.tag = 1}, &Thing::tag);
  transaction.comment("why");
  return transaction;
}

constexpr const char* kInserted = R"({"uuid":["uuid","00000000-0000-0000-0000-0000000000f1"]})";

TEST(Reply, MapsInsertsToTheirRowsAndCounts) {
  const auto reply = decode_reply(three(), std::string("[") + kInserted + R"(,{"count":1},{}])");
  ASSERT_TRUE(reply) << reply.error();
  EXPECT_TRUE(reply->succeeded());
  ASSERT_EQ(reply->operations.size(), 3u);
  EXPECT_EQ(reply->operations[1].count, 1u);
  EXPECT_EQ(reply->inserted.at(uuid(1)), uuid(0xf1));
}

TEST(Reply, SaysWhichOperationFailed) {
  const auto reply = decode_reply(
      three(), std::string("[") + kInserted + R"(,{"error":"range error","details":"too big"},null])");
  ASSERT_TRUE(reply) << reply.error();
  ASSERT_FALSE(reply->succeeded());
  EXPECT_EQ(*reply->error,
            (TransactionError{TransactionFault::RangeError, 1, "update", "Thing", "range error", "too big"}));
  EXPECT_EQ(reply->error->message(), "operation 1, update in Thing: range error: too big");
  EXPECT_TRUE(reply->inserted.empty());
}

TEST(Reply, KnowsTheErrorThatFollowsTheOperations) {
  const auto reply =
      decode_reply(three(), std::string("[") + kInserted +
                                R"(,{"count":1},{},{"error":"constraint violation","details":"index"}])");
  ASSERT_TRUE(reply) << reply.error();
  ASSERT_FALSE(reply->succeeded());
  EXPECT_EQ(*reply->error, (TransactionError{TransactionFault::ConstraintViolation, std::nullopt, "commit",
                                             "", "constraint violation", "index"}));
  EXPECT_EQ(reply->error->message(), "commit: constraint violation: index");
  EXPECT_TRUE(reply->inserted.empty());
}

TEST(Reply, KnowsTheErrorOfATransactionThatWasNotRead) {
  const auto reply = decode_reply(three(), R"({"error":"syntax error","details":"no","syntax":"[]"})");
  ASSERT_TRUE(reply) << reply.error();
  ASSERT_FALSE(reply->succeeded());
  EXPECT_EQ(reply->error->fault, TransactionFault::SyntaxError);
  EXPECT_EQ(reply->error->message(), "transact: syntax error: no");
}

TEST(Reply, KnowsErrorsByTheirWords) {
  EXPECT_EQ(transaction_fault("timed out"), TransactionFault::TimedOut);
  EXPECT_EQ(transaction_fault("not owner"), TransactionFault::NotOwner);
  EXPECT_EQ(transaction_fault("aborted"), TransactionFault::Aborted);
  EXPECT_EQ(transaction_fault("referential integrity violation"),
            TransactionFault::ReferentialIntegrityViolation);
  EXPECT_EQ(transaction_fault("something new"), TransactionFault::Other);
}

TEST(Reply, GivesTheSelectedRows) {
  Transaction transaction;
  const auto index = transaction.select(Where<Thing>::every());
  const auto reply = decode_reply(
      transaction,
      R"([{"rows":[{"_uuid":["uuid","00000000-0000-0000-0000-000000000007"],"name":"x","tag":3}]}])");
  ASSERT_TRUE(reply) << reply.error();
  const auto rows = reply->rows<Thing>(index);
  ASSERT_TRUE(rows) << rows.error();
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front().first, uuid(7));
  EXPECT_EQ(rows->front().second, (Thing{.name = "x", .tag = 3}));
  EXPECT_EQ(reply->rows<Thing>(1).error().fault, Fault::Usage);
  EXPECT_FALSE(reply->rows<Part>(index));
}

TEST(Reply, RefusesWhatIsNoReply) {
  const std::string inserted = kInserted;
  for (const auto& text : std::initializer_list<std::string>{
           "", "null", "{}", "[", "[]", "[1,2,3]", "[" + inserted + "]", "[{},{},{}]", "[null,null,null]",
           "[" + inserted + R"(,{"count":1},{},{}])", "[" + inserted + R"(,{"count":-1},{}])",
           "[" + inserted + R"(,{"count":"x"},{}])", "[" + inserted + R"(,{"error":"a"}])",
           "[" + inserted + R"(,{"error":"a"},{}])", "[" + inserted + R"(,{"error":1},null])",
           R"([{"uuid":["uuid","x"]},{"count":1},{}])", "[" + inserted + R"(,{"count":1},{}] 1)"}) {
    const auto reply = decode_reply(three(), text);
    ASSERT_FALSE(reply) << text;
    EXPECT_NE(reply.error().message.find("reply to a transaction"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace ovsdb
