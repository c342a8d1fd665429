#include "ovsdb-client/schema/database_schema.hpp"

#include <gtest/gtest.h>

#include "ovsdb-client/wire/json.hpp"
#include "tests/unit/ovsdb-client/thing.hpp"

namespace ovsdb {
namespace {

TEST(DatabaseSchema, SaysEverythingThatTheDescriptorsSay) {
  const auto expected = Json::parse(R"({
    "name": "things", "version": "1.2.3",
    "tables": {
      "Part": {"columns": {"color": {"type": "string"}}},
      "Thing": {
        "isRoot": true, "maxRows": 9, "indexes": [["name", "tag"]],
        "columns": {
          "name": {"type": "string", "mutable": false},
          "size": {"type": {"key": {"type": "integer", "minInteger": 0, "maxInteger": 7}}},
          "weight": {"type": "real"},
          "up": {"type": "boolean", "ephemeral": true},
          "owner": {"type": {"key": {"type": "uuid", "refTable": "Part"}}},
          "tag": {"type": {"key": "integer", "min": 0}},
          "labels": {"type": {"key": {"type": "string", "enum": ["set", ["a", "b"]]}, "max": "unlimited"}},
          "parts": {"type": {"key": {"type": "uuid", "refTable": "Part", "refType": "weak"}, "min": 0,
                             "max": "unlimited"}},
          "lone": {"type": {"key": "integer", "min": 0}},
          "options": {"type": {"key": "string", "value": "string", "min": 0, "max": 5}},
          "bindings": {"type": {"key": "integer", "value": {"type": "uuid", "refTable": "Part"}, "min": 0,
                                "max": "unlimited"}}}}}})");
  EXPECT_EQ(Json::parse(schema_json<things::Thing, things::Part>("things", "1.2.3")), expected);
}

TEST(ColumnName, IsFoundByTheMember) {
  EXPECT_EQ(column_name(&things::Thing::parts), "parts");
  EXPECT_EQ(column_name(&things::Thing::labels), "labels");
  static_assert(column_name(&things::Part::color) == "color");
}

}  // namespace
}  // namespace ovsdb
