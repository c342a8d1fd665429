// The parts of operations that name columns (RFC 7047 section 5.1, <condition> and <mutation>), by member
// pointer: a column's name is written in its descriptor only. Values; cannot fail.
#pragma once

#include <set>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ovsdb-client/schema/column.hpp"
#include "ovsdb-client/schema/json_text.hpp"
#include "ovsdb-client/schema/value.hpp"

namespace ovsdb {

enum class Function { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, Includes, Excludes };

constexpr std::string_view to_string(Function function) {
  switch (function) {
    case Function::Equal: return "==";
    case Function::NotEqual: return "!=";
    case Function::Less: return "<";
    case Function::LessOrEqual: return "<=";
    case Function::Greater: return ">";
    case Function::GreaterOrEqual: return ">=";
    case Function::Includes: return "includes";
    case Function::Excludes: return "excludes";
  }
  return "==";
}

// All of its conditions must hold; with none, every row of the table is meant.
template <Described Row>
class Where {
 public:
  static Where every() { return {}; }
  static Where row(const Uuid& uuid) { return Where().add("_uuid", Function::Equal, uuid); }

  template <class T>
  Where is(T Row::* column, const std::type_identity_t<T>& value) && {
    return std::move(*this).has(column, Function::Equal, value);
  }
  template <class T>
  Where has(T Row::* column, Function function, const std::type_identity_t<T>& value) && {
    return std::move(*this).add(column_name(column), function, value);
  }

  void write(JsonText& out) const {
    out.raw("[");
    out.append(conditions_);
    out.raw("]");
  }

 private:
  template <class T>
  Where add(std::string_view column, Function function, const T& value) && {
    conditions_.separate();
    conditions_.raw("[");
    conditions_.string(column);
    conditions_.raw(",");
    conditions_.string(to_string(function));
    conditions_.raw(",");
    encode(conditions_, value);
    conditions_.raw("]");
    return std::move(*this);
  }

  JsonText conditions_;
};

template <Described Row>
struct Mutation {
  std::string_view column;
  std::string_view mutator;
  JsonText value;
};

template <class Row, class T>
Mutation<Row> mutation(T Row::* column, std::string_view mutator, const auto& value) {
  Mutation<Row> made{column_name(column), mutator, {}};
  encode(made.value, value);
  return made;
}

// Elements of a set, or entries of a map; a key that is there keeps its value: take it first to change it.
template <class Row, class T>
Mutation<Row> add_to(T Row::* column, const std::type_identity_t<T>& elements) {
  return mutation(column, "insert", elements);
}
// Elements of a set, or exactly these entries of a map.
template <class Row, class T>
Mutation<Row> take_from(T Row::* column, const std::type_identity_t<T>& elements) {
  return mutation(column, "delete", elements);
}
// Entries of a map, whatever their values.
template <class Row, class K, class V>
Mutation<Row> take_keys(std::map<K, V> Row::* column, const std::type_identity_t<std::set<K>>& keys) {
  return mutation(column, "delete", keys);
}

}  // namespace ovsdb
