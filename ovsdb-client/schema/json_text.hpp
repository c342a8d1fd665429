// JSON text in the making, with the places of the UUIDs in it remembered: whether a UUID is a row of the
// database or one that the same transaction inserts (RFC 7047 section 5.1, <named-uuid>) is known only when
// all is written. Value type, cannot fail: what JSON cannot carry (bytes that are not UTF-8, NUL) becomes
// U+FFFD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ovsdb-client/wire/uuid.hpp"

namespace ovsdb {

class JsonText {
 public:
  void raw(std::string_view json) { text_ += json; }
  void string(std::string_view value);

  void atom(bool value) { text_ += value ? "true" : "false"; }
  void atom(std::int64_t value);
  void atom(double value);
  void atom(std::string_view value) { string(value); }
  void atom(const Uuid& value);  // ["uuid", "..."]

  void append(const JsonText& other);

  // A comma, unless this is the first element after an opening bracket.
  void separate() {
    if (!text_.empty() && text_.back() != '[' && text_.back() != '{' && text_.back() != ':') text_ += ',';
  }

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }

  // The text with ["named-uuid", name] in the place of each UUID that `is_provisional` claims.
  template <class Predicate>
  void render(std::string& out, Predicate is_provisional) const {
    std::size_t done = 0;
    for (const auto& spot : uuids_) {
      if (!is_provisional(spot.uuid)) continue;
      out.append(text_, done, spot.offset - done);
      append_named(out, spot.uuid);
      done = spot.offset + kUuidLength;
    }
    out.append(text_, done);
  }

  // A provisional UUID's name within its transaction: an <id>, so it has no hyphens.
  static std::string name_of(const Uuid& provisional);

 private:
  static constexpr std::size_t kUuidLength =
      std::string_view(R"(["uuid","01234567-0123-0123-0123-0123456789ab"])").size();
  struct Spot {
    std::size_t offset;
    Uuid uuid;
  };
  static void append_named(std::string& out, const Uuid& provisional);

  std::string text_;
  std::vector<Spot> uuids_;
};

}  // namespace ovsdb
