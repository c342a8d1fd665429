// Whole rows by their descriptors (RFC 7047 section 5.1, <row>): decoding, printing.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <tuple>

#include "ovsdb-client/schema/value.hpp"

namespace ovsdb {

// Calls `visit(column)` for each of the row's descriptors.
template <Described Row, class Visit>
constexpr void for_each_column(Visit visit) {
  std::apply([&](const auto&... columns) { (visit(columns), ...); }, Describe<Row>::kColumns);
}

// Reads the column `name` of `row`, as its new value or as a difference.
enum class ColumnForm { Value, Difference };

template <Described Row>
bool decode_column(JsonReader& in, std::string_view name, ColumnForm form, Row& row) {
  bool known = false;
  bool read = false;
  const auto attempt = [&](const auto& column) {
    if (known || column.name != name) return;
    known = true;
    auto& value = row.*column.member;
    const bool replaced = form == ColumnForm::Value || column_info(column).type.max == 1;
    read = replaced ? decode(in, value) : decode_diff(in, value);
    if (!read) in.within("column " + std::string(column.name));
  };
  // `name` may live in the reader: it is not looked at again once the value is being read.
  for_each_column<Row>(attempt);
  if (!known) return in.fail(Fault::Protocol, "column " + std::string(name) + " was not asked for");
  return read;
}

// Columns that are not mentioned keep their values.
template <Described Row>
bool decode_row(JsonReader& in, ColumnForm form, Row& row) {
  if (!in.begin_object()) return false;
  std::string_view name;
  while (in.next_member(name)) {
    if (!decode_column(in, name, form, row)) return false;
  }
  return in.ok();
}

// Table{"column":value,...}, the columns with their default values left out. For logs and test failures.
template <Described Row>
void print(std::ostream& out, const Row& row) {
  JsonText text;
  for_each_column<Row>([&](const auto& column) {
    const auto& value = row.*column.member;
    if (value == typename std::remove_cvref_t<decltype(column)>::Value{}) return;
    text.raw(text.empty() ? "" : ", ");
    text.raw(column.name);
    text.raw("=");
    encode(text, value);
  });
  out << Describe<Row>::kTable << '{' << text.text() << '}';
}

}  // namespace ovsdb
