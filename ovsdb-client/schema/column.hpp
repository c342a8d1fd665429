// Column descriptors: the one place that says how a C++ row maps onto a table of an OVSDB schema.
//
// A row is a plain aggregate whose fields carry the names of the columns. The shape of a column is the C++
// type (RFC 7047 section 3.2, <type>): T is exactly one, optional<T> is 0..1, set<T> and map<K, V> are
// 0..unlimited, with T one of bool, int64_t, double, string and Uuid. What the type cannot say stands in
// ColumnOptions. Values only: no threads, no failures. Everything here is constexpr.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "ovsdb-client/wire/uuid.hpp"

namespace ovsdb {

enum class AtomType { Integer, Real, Boolean, String, Uuid };
enum class RefType { Strong, Weak };

inline constexpr unsigned kUnlimited = std::numeric_limits<unsigned>::max();

// What a <base-type> adds to its atomic type. The server enforces these; they are not checked again on
// receipt.
struct Constraint {
  std::optional<std::int64_t> min_integer{};
  std::optional<std::int64_t> max_integer{};
  std::array<std::string_view, 4> one_of{};  // the "enum" of a string; empty places do not count
  std::string_view ref_table{};
  RefType ref_type = RefType::Strong;
};

struct ColumnOptions {
  Constraint key{};
  Constraint value{};
  bool ephemeral = false;
  bool immutable = false;
  std::optional<unsigned> min{};  // where it is not what the C++ type says
  std::optional<unsigned> max{};
};

template <class Row, class T>
struct Column {
  using Value = T;
  std::string_view name;
  T Row::* member;
  ColumnOptions options;
};

template <class Row, class T>
constexpr Column<Row, T> column(std::string_view name, T Row::* member, ColumnOptions options = {}) {
  return {name, member, options};
}

// Specialised for each row type with
//   static constexpr std::string_view kTable;     the table's name
//   static constexpr auto kColumns;               std::make_tuple(column(...), ...)
// and, where they differ from "not root, no index, any number of rows",
//   static constexpr bool kRoot;  static constexpr unsigned kMaxRows;
//   static constexpr std::array<std::string_view, N> kIndex;     the columns of the table's index
template <class Row>
struct Describe;

template <class Row>
concept Described = requires {
  Describe<Row>::kTable;
  Describe<Row>::kColumns;
};

// --- From C++ types to OVSDB types
// ---------------------------------------------------------------------------

template <class T>
struct AtomOf;
template <>
struct AtomOf<std::int64_t> : std::integral_constant<AtomType, AtomType::Integer> {};
template <>
struct AtomOf<double> : std::integral_constant<AtomType, AtomType::Real> {};
template <>
struct AtomOf<bool> : std::integral_constant<AtomType, AtomType::Boolean> {};
template <>
struct AtomOf<std::string> : std::integral_constant<AtomType, AtomType::String> {};
template <>
struct AtomOf<Uuid> : std::integral_constant<AtomType, AtomType::Uuid> {};

struct ColumnType {
  AtomType key{};
  std::optional<AtomType> value{};
  unsigned min = 1;
  unsigned max = 1;
};

template <class T>
struct TypeOf {
  static constexpr ColumnType kType{.key = AtomOf<T>::value};
};
template <class T>
struct TypeOf<std::optional<T>> {
  static constexpr ColumnType kType{.key = AtomOf<T>::value, .min = 0};
};
template <class T>
struct TypeOf<std::set<T>> {
  static constexpr ColumnType kType{.key = AtomOf<T>::value, .min = 0, .max = kUnlimited};
};
template <class K, class V>
struct TypeOf<std::map<K, V>> {
  static constexpr ColumnType kType{
      .key = AtomOf<K>::value, .value = AtomOf<V>::value, .min = 0, .max = kUnlimited};
};

// --- Descriptors without their C++ types, for code that must not be a template
// -----------------------------------

struct ColumnInfo {
  std::string_view name;
  ColumnType type;
  ColumnOptions options;
};

struct TableInfo {
  std::string_view name;
  bool root = false;
  unsigned max_rows = kUnlimited;
  std::span<const std::string_view> index;
  std::span<const ColumnInfo> columns;
};

template <class Row, class T>
constexpr ColumnInfo column_info(const Column<Row, T>& column) {
  ColumnType type = TypeOf<T>::kType;
  type.min = column.options.min.value_or(type.min);
  type.max = column.options.max.value_or(type.max);
  return {column.name, type, column.options};
}

template <Described Row>
inline constexpr auto kColumnInfos = std::apply(
    [](const auto&... columns) { return std::array{column_info(columns)...}; }, Describe<Row>::kColumns);

template <Described Row>
constexpr TableInfo table_info() {
  TableInfo info{.name = Describe<Row>::kTable, .index = {}, .columns = kColumnInfos<Row>};
  if constexpr (requires { Describe<Row>::kRoot; }) info.root = Describe<Row>::kRoot;
  if constexpr (requires { Describe<Row>::kMaxRows; }) info.max_rows = Describe<Row>::kMaxRows;
  if constexpr (requires { Describe<Row>::kIndex; }) info.index = Describe<Row>::kIndex;
  return info;
}

// The descriptor of `member`. The caller's member always has one: hwvtep's test compares them with the
// schema.
template <class Row, class T>
constexpr const Column<Row, T>& column_of(T Row::* member) {
  const Column<Row, T>* found = nullptr;
  std::apply(
      [&](const auto&... columns) {
        const auto look = [&](const auto& candidate) {
          if constexpr (std::is_same_v<std::remove_cvref_t<decltype(candidate)>, Column<Row, T>>) {
            if (candidate.member == member) found = &candidate;
          }
        };
        (look(columns), ...);
      },
      Describe<Row>::kColumns);
  return *found;
}

template <class Row, class T>
constexpr std::string_view column_name(T Row::* member) {
  return column_of(member).name;
}

}  // namespace ovsdb
