// Column values to and from JSON (RFC 7047 section 5.1: <value>, <set>, <map>, <atom>), by C++ type.
// decode() and decode_diff() report failure by the reader's own means; encode() cannot fail.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "ovsdb-client/schema/column.hpp"
#include "ovsdb-client/schema/json_reader.hpp"
#include "ovsdb-client/schema/json_text.hpp"

namespace ovsdb {

template <class T>
bool decode_atom(JsonReader& in, T& atom) {
  return in.read(atom);
}
// ["uuid", "..."]
bool decode_atom(JsonReader& in, Uuid& atom);
// The same after its first element.
bool decode_uuid_rest(JsonReader& in, Uuid& atom);

namespace detail {

// The list of a ["set", [...]] or ["map", [...]] after the tag, one call of `on_element()` for each element.
template <class OnElement>
bool decode_list(JsonReader& in, OnElement on_element) {
  if (!in.next_element()) return in.fail(Fault::Protocol, "a set or map without its list");
  if (!in.begin_array()) return false;
  while (in.next_element()) {
    if (!on_element()) return false;
  }
  if (!in.ok()) return false;
  if (in.next_element()) return in.fail(Fault::Protocol, "a set or map has exactly two elements");
  return in.ok();
}

bool decode_tag(JsonReader& in, std::string_view& tag);

// A <set>: one bare atom, or ["set", [atom...]].
template <class T, class OnAtom>
bool decode_elements(JsonReader& in, OnAtom on_atom) {
  T atom{};
  if (in.peek() != '[') return decode_atom(in, atom) && on_atom(std::move(atom));
  std::string_view tag;
  if (!decode_tag(in, tag)) return false;
  if constexpr (std::is_same_v<T, Uuid>) {
    if (tag == "uuid") return decode_uuid_rest(in, atom) && on_atom(std::move(atom));
  }
  if (tag != "set") return in.fail(Fault::Protocol, "neither an atom of the column's type nor a set");
  return decode_list(in, [&] {
    T element{};
    return decode_atom(in, element) && on_atom(std::move(element));
  });
}

}  // namespace detail

template <class T>
bool decode(JsonReader& in, T& value) {
  unsigned count = 0;
  const bool read = detail::decode_elements<T>(in, [&](T&& atom) {
    value = std::move(atom);
    return ++count;
  });
  if (!read) return false;
  return count == 1 || in.fail(Fault::Protocol, "exactly one element must be there");
}

template <class T>
bool decode(JsonReader& in, std::optional<T>& value) {
  value.reset();
  return detail::decode_elements<T>(in, [&](T&& atom) {
    if (value) return in.fail(Fault::Protocol, "at most one element may be there");
    value = std::move(atom);
    return true;
  });
}

template <class T>
bool decode(JsonReader& in, std::set<T>& value) {
  value.clear();
  return detail::decode_elements<T>(in, [&](T&& atom) {
    return value.insert(std::move(atom)).second || in.fail(Fault::Protocol, "an element is there twice");
  });
}

template <class K, class V>
bool decode(JsonReader& in, std::map<K, V>& value) {
  value.clear();
  std::string_view tag;
  if (!detail::decode_tag(in, tag)) return false;
  if (tag != "map") return in.fail(Fault::Protocol, "not a map");
  return detail::decode_list(in, [&] {
    K key{};
    V mapped{};
    if (!in.begin_array()) return false;
    if (!in.next_element() || !decode_atom(in, key) || !in.next_element() || !decode_atom(in, mapped) ||
        in.next_element()) {
      return in.fail(Fault::Protocol, "an entry of a map is [key, value]");
    }
    if (!in.ok()) return false;
    return value.emplace(std::move(key), std::move(mapped)).second ||
           in.fail(Fault::Protocol, "a key is there twice");
  });
}

// --- The differences of ovsdb-server(7)'s update2: what "modify" says of a column
// ------------------------------- A column of at most one element is replaced; of a set come the elements
// that only one side has; of a map the entries that only one side has, and the new value of a key that both
// have.

template <class T>
bool decode_diff(JsonReader& in, T& value) {
  return decode(in, value);
}

template <class T>
bool decode_diff(JsonReader& in, std::set<T>& value) {
  std::set<T> difference;
  if (!decode(in, difference)) return false;
  while (!difference.empty()) {
    auto node = difference.extract(difference.begin());
    if (value.erase(node.value()) == 0) value.insert(std::move(node));
  }
  return true;
}

template <class K, class V>
bool decode_diff(JsonReader& in, std::map<K, V>& value) {
  std::map<K, V> difference;
  if (!decode(in, difference)) return false;
  for (auto& [key, mapped] : difference) {
    const auto [held, added] = value.try_emplace(key, mapped);
    if (added) continue;
    if (held->second == mapped) {
      value.erase(held);
    } else {
      held->second = std::move(mapped);
    }
  }
  return true;
}

// --- Encoding
// -----------------------------------------------------------------------------------------------------

template <class T>
void encode(JsonText& out, const T& value) {
  out.atom(value);
}

template <class T>
void encode(JsonText& out, const std::optional<T>& value) {
  if (value) {
    out.atom(*value);
  } else {
    out.raw(R"(["set",[]])");
  }
}

template <class T>
void encode(JsonText& out, const std::set<T>& value) {
  if (value.size() == 1) return out.atom(*value.begin());
  out.raw(R"(["set",[)");
  for (const auto& element : value) {
    out.separate();
    out.atom(element);
  }
  out.raw("]]");
}

template <class K, class V>
void encode(JsonText& out, const std::map<K, V>& value) {
  out.raw(R"(["map",[)");
  for (const auto& [key, mapped] : value) {
    out.separate();
    out.raw("[");
    out.atom(key);
    out.raw(",");
    out.atom(mapped);
    out.raw("]");
  }
  out.raw("]]");
}

}  // namespace ovsdb
