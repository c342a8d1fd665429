#include "ovsdb-client/schema/json_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <iterator>

#include "ovsdb-client/schema/utf8.hpp"

namespace ovsdb {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    // ovsdb-server refuses strings with NUL in them, escaped or not.
    case '\0': out += kReplacement; break;
    default: fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

}  // namespace

void JsonText::string(std::string_view value) {
  text_ += '"';
  std::size_t at = 0;
  while (at < value.size()) {
    const auto c = value[at];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      const auto length = utf8_length(value.substr(at));
      text_ += length ? value.substr(at, length) : kReplacement;
      at += length ? length : 1;
      continue;
    }
    if (byte < 0x20 || c == '"' || c == '\\') {
      append_escaped(text_, c);
    } else {
      text_ += c;
    }
    ++at;
  }
  text_ += '"';
}

void JsonText::atom(std::int64_t value) { fmt::format_to(std::back_inserter(text_), "{}", value); }

void JsonText::atom(double value) {
  // JSON has neither infinities nor NaN; the server answers null with its own words.
  if (std::isfinite(value)) {
    fmt::format_to(std::back_inserter(text_), "{}", value);
  } else {
    text_ += "null";
  }
}

void JsonText::atom(const Uuid& value) {
  uuids_.push_back({text_.size(), value});
  text_ += R"(["uuid",")";
  text_ += value.to_string();
  text_ += R"("])";
}

void JsonText::append(const JsonText& other) {
  const auto shift = text_.size();
  text_ += other.text_;
  for (const auto& spot : other.uuids_) uuids_.push_back({spot.offset + shift, spot.uuid});
}

std::string JsonText::name_of(const Uuid& provisional) {
  std::string name = "row";
  for (const auto byte : provisional.bytes) fmt::format_to(std::back_inserter(name), "{:02x}", byte);
  return name;
}

void JsonText::append_named(std::string& out, const Uuid& provisional) {
  out += R"(["named-uuid",")";
  out += name_of(provisional);
  out += R"("])";
}

}  // namespace ovsdb
