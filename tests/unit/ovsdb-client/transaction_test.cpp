#include "ovsdb-client/transaction/transaction.hpp"

#include <gtest/gtest.h>

#include "ovsdb-client/wire/json.hpp"
#include "tests/unit/ovsdb-client/thing.hpp"

namespace ovsdb {
namespace {

using things::Part;
using things::Thing;
using things::uuid;
using namespace std::chrono_literals;

// The operations of the transaction, which must be JSON.
Json operations(const Transaction& transaction) {
  auto params = Json::parse(transaction.params("db"));
  EXPECT_EQ(params[0], "db");
  params.erase(0);
  return params;
}

const std::string kRow1 = R"(["uuid","00000000-0000-0000-0000-000000000001"])";
const std::string kWhere1 = R"("where":[["_uuid","==",)" + kRow1 + "]]";

TEST(Transaction, IsEmptyUntilSomethingIsAsked) {
  Transaction transaction;
  EXPECT_TRUE(transaction.empty());
  EXPECT_EQ(transaction.params("db"), R"(["db"])");
  transaction.comment("hello \"you\"");
  EXPECT_FALSE(transaction.empty());
  EXPECT_EQ(transaction.params("db"), R"(["db",{"op":"comment","comment":"hello \"you\""}])");
}

TEST(Transaction, InsertsWithoutTheDefaultsAndUnderAName) {
  Transaction transaction;
  transaction.insert(Thing{.name = "x", .tag = 0, .labels = {"a", "b"}}, uuid(0xab));
  EXPECT_EQ(transaction.params("db"),
            R"(["db",{"op":"insert","table":"Thing","uuid-name":"row000000000000000000000000000000ab",)"
            R"("row":{"name":"x","tag":0,"labels":["set",["a","b"]]}}])");
}

TEST(Transaction, NamesProvisionalRowsWhereverTheyAre) {
  Transaction transaction;
  // The first use stands before the insert.
  transaction.insert(Thing{.owner = uuid(2), .parts = {uuid(1), uuid(2)}}, uuid(9));
  transaction.insert(Part{.color = "red"}, uuid(2));
  transaction.mutate(uuid(1), add_to(&Thing::bindings, {{5, uuid(2)}}));
  transaction.erase<Part>(uuid(2));
  const auto ops = operations(transaction);
  const auto named = Json::parse(R"(["named-uuid","row00000000000000000000000000000002"])");
  EXPECT_EQ(ops[0]["row"]["owner"], named);
  EXPECT_EQ(ops[0]["row"]["parts"], Json::array({"set", Json::array({Json::parse(kRow1), named})}));
  EXPECT_EQ(ops[1]["uuid-name"], named[1]);
  EXPECT_EQ(ops[2]["mutations"],
            Json::parse(R"([["bindings","insert",["map",[[5,)" + named.dump() + "]]]]]"));
  EXPECT_EQ(ops[2]["where"][0][2], Json::parse(kRow1));
  EXPECT_EQ(ops[3]["where"][0][2], named);
}

TEST(Transaction, GivesEachInsertAnIdentityOfItsOwn) {
  Transaction transaction;
  const auto one = transaction.insert(Part{});
  const auto two = transaction.insert(Part{});
  EXPECT_NE(one, two);
  const auto ops = operations(transaction);
  EXPECT_NE(ops[0]["uuid-name"], ops[1]["uuid-name"]);
}

TEST(Transaction, UpdatesTheColumnsThatAreNamed) {
  Transaction transaction;
  transaction.update(uuid(1), Thing{.name = "unused", .tag = {}, .options = {{"a", "b"}}}, &Thing::tag,
                     &Thing::options);
  EXPECT_EQ(transaction.params("db"), R"(["db",{"op":"update","table":"Thing",)" + kWhere1 +
                                          R"(,"row":{"tag":["set",[]],"options":["map",[["a","b"]]]}}])");
}

TEST(Transaction, UpdatesTheColumnsThatDiffer) {
  Transaction transaction;
  transaction.update_changed(uuid(1), Thing{.name = "x"}, Thing{.name = "x"});
  EXPECT_TRUE(transaction.empty());
  transaction.update_changed(uuid(1), Thing{.name = "x", .up = true}, Thing{.name = "x", .tag = 3});
  EXPECT_EQ(transaction.params("db"),
            R"(["db",{"op":"update","table":"Thing",)" + kWhere1 + R"(,"row":{"up":false,"tag":3}}])");
}

TEST(Transaction, MutatesSetsAndMaps) {
  Transaction transaction;
  transaction.mutate(uuid(1), add_to(&Thing::parts, {uuid(1)}), take_from(&Thing::labels, {"a", "b"}),
                     take_keys(&Thing::bindings, {5, 6}));
  EXPECT_EQ(transaction.params("db"),
            R"(["db",{"op":"mutate","table":"Thing",)" + kWhere1 + R"(,"mutations":[["parts","insert",)" +
                kRow1 + R"(],["labels","delete",["set",["a","b"]]],["bindings","delete",["set",[5,6]]]]}])");
}

TEST(Transaction, FindsRowsByTheirColumns) {
  Transaction transaction;
  transaction.erase(
      Where<Thing>::every().is(&Thing::name, "x").has(&Thing::labels, Function::Includes, {"a"}));
  transaction.erase(Where<Part>::every());
  EXPECT_EQ(operations(transaction), Json::parse(R"([
    {"op":"delete","table":"Thing","where":[["name","==","x"],["labels","includes","a"]]},
    {"op":"delete","table":"Part","where":[]}])"));
}

TEST(Transaction, SelectsWholeRows) {
  Transaction transaction;
  EXPECT_EQ(transaction.select(Where<Part>::row(uuid(1))), 0u);
  EXPECT_EQ(transaction.params("db"),
            R"(["db",{"op":"select","table":"Part",)" + kWhere1 + R"(,"columns":["_uuid","color"]}])");
}

TEST(Transaction, WaitsForRowsAndForNone) {
  Transaction transaction;
  transaction.wait(Where<Thing>::row(uuid(1)), Until::Equal, {Thing{.name = "x", .tag = 3}}, 0ms,
                   &Thing::name, &Thing::tag);
  transaction.wait(Where<Part>::every(), Until::NotEqual, {}, 250ms);
  EXPECT_EQ(operations(transaction), Json::parse(R"([
    {"op":"wait","table":"Thing",)" + kWhere1 + R"(,"timeout":0,"columns":["name","tag"],"until":"==",
     "rows":[{"name":"x","tag":3}]},
    {"op":"wait","table":"Part","where":[],"timeout":250,"columns":["_uuid"],"until":"!=","rows":[]}])"));
}

TEST(Transaction, EndsAsItIsTold) {
  Transaction transaction;
  transaction.assert_lock("kvtepd");
  transaction.commit(true);
  transaction.abort();
  EXPECT_EQ(
      operations(transaction),
      Json::parse(R"([{"op":"assert","lock":"kvtepd"},{"op":"commit","durable":true},{"op":"abort"}])"));
}

TEST(Transaction, LeavesOutWhatTheServerLacks) {
  Transaction transaction([](std::string_view, std::string_view column) { return column == "name"; });
  transaction.insert(Thing{.name = "x", .tag = 1}, uuid(1));
  transaction.update(uuid(2), Thing{.name = "y", .tag = 1}, &Thing::name, &Thing::tag);
  transaction.update(uuid(2), Thing{.tag = 1}, &Thing::tag);
  transaction.update_changed(uuid(2), Thing{}, Thing{.tag = 1});
  transaction.mutate(uuid(2), add_to(&Thing::labels, {"a"}));
  transaction.select(Where<Thing>::every());
  const auto ops = operations(transaction);
  ASSERT_EQ(ops.size(), 3u);
  EXPECT_EQ(ops[0]["row"], Json::parse(R"({"name":"x"})"));
  EXPECT_EQ(ops[1]["row"], Json::parse(R"({"name":"y"})"));
  EXPECT_EQ(ops[2]["columns"], Json::parse(R"(["_uuid","name"])"));
}

}  // namespace
}  // namespace ovsdb
