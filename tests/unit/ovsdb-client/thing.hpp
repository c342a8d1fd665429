// Two tables that have every kind of column, for the tests of the typed rows.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "ovsdb-client/schema/column.hpp"
#include "ovsdb-client/schema/row.hpp"
#include "ovsdb-client/wire/uuid.hpp"

namespace things {

struct Thing {
  std::string name;
  std::int64_t size{};
  double weight{};
  bool up{};
  ovsdb::Uuid owner;
  std::optional<std::int64_t> tag;
  std::set<std::string> labels;
  std::set<ovsdb::Uuid> parts;
  std::set<std::int64_t> lone;  // of at most one element
  std::map<std::string, std::string> options;
  std::map<std::int64_t, ovsdb::Uuid> bindings;

  bool operator==(const Thing&) const = default;
};

struct Part {
  std::string color;

  bool operator==(const Part&) const = default;
};

template <ovsdb::Described Row>
std::ostream& operator<<(std::ostream& out, const Row& row) {
  ovsdb::print(out, row);
  return out;
}

// The UUID whose last byte is `number`.
inline ovsdb::Uuid uuid(std::uint8_t number) {
  ovsdb::Uuid made;
  made.bytes[15] = number;
  return made;
}

}  // namespace things

template <>
struct ovsdb::Describe<things::Thing> {
  using Row = things::Thing;
  static constexpr std::string_view kTable = "Thing";
  static constexpr bool kRoot = true;
  static constexpr unsigned kMaxRows = 9;
  static constexpr std::array<std::string_view, 2> kIndex{"name", "tag"};
  static constexpr auto kColumns =
      std::make_tuple(column("name", &Row::name, {.immutable = true}),
                      column("size", &Row::size, {.key = {.min_integer = 0, .max_integer = 7}}),
                      column("weight", &Row::weight), column("up", &Row::up, {.ephemeral = true}),
                      column("owner", &Row::owner, {.key = {.ref_table = "Part"}}), column("tag", &Row::tag),
                      column("labels", &Row::labels, {.key = {.one_of = {"a", "b"}}, .min = 1}),
                      column("parts", &Row::parts, {.key = {.ref_table = "Part", .ref_type = RefType::Weak}}),
                      column("lone", &Row::lone, {.max = 1}), column("options", &Row::options, {.max = 5}),
                      column("bindings", &Row::bindings, {.value = {.ref_table = "Part"}}));
};

template <>
struct ovsdb::Describe<things::Part> {
  using Row = things::Part;
  static constexpr std::string_view kTable = "Part";
  static constexpr auto kColumns = std::make_tuple(column("color", &Row::color));
};
