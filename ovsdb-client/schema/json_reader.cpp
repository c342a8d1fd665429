#include "ovsdb-client/schema/json_reader.hpp"

#include <charconv>
#include <cmath>

#include "ovsdb-client/schema/utf8.hpp"

namespace ovsdb {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view kind_of(char first) {
  switch (first) {
    case '\0': return "the end of the text";
    case '"': return "a string";
    case '[': return "an array";
    case '{': return "an object";
    case 't':
    case 'f': return "a boolean";
    case 'n': return "null";
    default: return is_digit(first) || first == '-' ? "a number" : "no JSON";
  }
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

}  // namespace

// --- Failures
// --------------------------------------------------------------------------------------------------

bool JsonReader::fail(Fault fault, std::string_view what) {
  if (failed_) return false;
  failed_ = true;
  error_ = {fault, std::string(what) + " (at byte " + std::to_string(at_) + ")"};
  return false;
}

bool JsonReader::within(std::string_view place) {
  if (failed_) error_.message = std::string(place) + ": " + error_.message;
  return false;
}

bool JsonReader::unexpected(std::string_view wanted) {
  const char first = peek();
  const auto found = kind_of(first);
  const bool is_value = first != '\0' && found != "no JSON";
  return fail(is_value ? Fault::Protocol : Fault::Syntax,
              std::string(wanted) + " should be here, not " + std::string(found));
}

// --- Structure
// -------------------------------------------------------------------------------------------------

void JsonReader::skip_space() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
    ++at_;
  }
}

char JsonReader::peek() {
  skip_space();
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonReader::expect(char opening, std::string_view what) {
  if (failed_) return false;
  if (peek() != opening) return unexpected(what);
  ++at_;
  first_ = true;
  return true;
}

bool JsonReader::begin_object() { return expect('{', "an object"); }
bool JsonReader::begin_array() { return expect('[', "an array"); }

bool JsonReader::next_member(std::string_view& name) {
  if (failed_) return false;
  if (peek() == '}') {
    ++at_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (peek() != ',') return fail(Fault::Syntax, "a comma or the end of the object is missing");
    ++at_;
  }
  if (peek() != '"') return fail(Fault::Syntax, "a member's name is missing");
  if (!read_string(name)) return false;
  if (peek() != ':') return fail(Fault::Syntax, "a colon is missing");
  ++at_;
  first_ = false;
  return true;
}

bool JsonReader::next_element() {
  if (failed_) return false;
  if (peek() == ']') {
    ++at_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (peek() != ',') return fail(Fault::Syntax, "a comma or the end of the array is missing");
    ++at_;
    if (peek() == ']') return fail(Fault::Syntax, "an element is missing");
  }
  first_ = false;
  return true;
}

bool JsonReader::finish() {
  if (failed_) return false;
  skip_space();
  return at_ == text_.size() || fail(Fault::Syntax, "more text after the end of the value");
}

// --- Strings
// ---------------------------------------------------------------------------------------------------

bool JsonReader::check_utf8(std::size_t& at) {
  const auto length = utf8_length(text_.substr(at));
  at_ = at;
  if (length == 0) return fail(Fault::Syntax, "a string that is not UTF-8");
  at += length;
  return true;
}

// Most strings have no escapes and are shown where they are.
bool JsonReader::read_string(std::string_view& value) {
  const auto begin = at_ + 1;
  auto at = begin;
  while (at < text_.size()) {
    const auto byte = static_cast<unsigned char>(text_[at]);
    if (byte == '"') {
      value = text_.substr(begin, at - begin);
      at_ = at + 1;
      return true;
    }
    if (byte == '\\') {
      at_ = at;
      return unescape(value, begin);
    }
    if (byte < 0x20) break;
    if (byte < 0x80) {
      ++at;
    } else if (!check_utf8(at)) {
      return false;
    }
  }
  at_ = at;
  return fail(Fault::Syntax,
              at < text_.size() ? "a control character in a string" : "a string without an end");
}

bool JsonReader::unescape(std::string_view& value, std::size_t begin) {
  scratch_.assign(text_, begin, at_ - begin);
  while (at_ < text_.size()) {
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte == '"') {
      ++at_;
      value = scratch_;
      return true;
    }
    if (byte == '\\') {
      ++at_;
      if (!read_escape()) return false;
      continue;
    }
    if (byte < 0x20) return fail(Fault::Syntax, "a control character in a string");
    auto end = at_;
    if (!check_utf8(end)) return false;
    scratch_.append(text_, at_, end - at_);
    at_ = end;
  }
  return fail(Fault::Syntax, "a string without an end");
}

bool JsonReader::read_escape() {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (at_ == text_.size()) return fail(Fault::Syntax, "a string without an end");
  const char name = text_[at_++];
  if (const auto index = kNames.find(name); index != std::string_view::npos) {
    scratch_ += kMeanings[index];
    return true;
  }
  unsigned code = 0;
  if (name != 'u' || !read_hex4(code)) return fail(Fault::Syntax, "an unknown escape in a string");
  if (code >= 0xD800 && code < 0xDC00) {
    unsigned low = 0;
    if (text_.substr(at_, 2) != "\\u") return fail(Fault::Syntax, "half a surrogate pair in a string");
    at_ += 2;
    if (!read_hex4(low) || low < 0xDC00 || low > 0xDFFF) {
      return fail(Fault::Syntax, "half a surrogate pair in a string");
    }
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code <= 0xDFFF) {
    return fail(Fault::Syntax, "half a surrogate pair in a string");
  }
  append_utf8(scratch_, code);
  return true;
}

bool JsonReader::read_hex4(unsigned& unit) {
  const auto digits = text_.substr(at_, 4);
  if (digits.size() < 4) return false;
  const auto end = digits.data() + digits.size();
  const auto [stop, status] = std::from_chars(digits.data(), end, unit, 16);
  if (status != std::errc{} || stop != end) return false;
  at_ += 4;
  return true;
}

bool JsonReader::read_text(std::string_view& value) {
  if (failed_) return false;
  return peek() == '"' ? read_string(value) : unexpected("a string");
}

bool JsonReader::read(std::string& value) {
  std::string_view text;
  if (!read_text(text)) return false;
  value = text;
  return true;
}

// --- Numbers and words
// -------------------------------------------------------------------------------------------

bool JsonReader::read_number(std::string_view& token, bool& integral) {
  const auto begin = at_;
  const auto digits = [&] {
    const auto from = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > from;
  };
  const auto take = [&](std::string_view any_of) {
    const bool there = at_ < text_.size() && any_of.find(text_[at_]) != std::string_view::npos;
    if (there) ++at_;
    return there;
  };
  take("-");
  bool good = take("0") || digits();
  integral = true;
  if (good && take(".")) {
    integral = false;
    good = digits();
  }
  if (good && take("eE")) {
    integral = false;
    take("+-");
    good = digits();
  }
  token = text_.substr(begin, at_ - begin);
  return good || fail(Fault::Syntax, "a malformed number");
}

bool JsonReader::read(double& value) {
  if (failed_) return false;
  if (kind_of(peek()) != "a number") return unexpected("a number");
  std::string_view token;
  bool integral = false;
  if (!read_number(token, integral)) return false;
  const auto [stop, status] = std::from_chars(token.data(), token.data() + token.size(), value);
  return status == std::errc{} || fail(Fault::Protocol, "a number out of range");
}

bool JsonReader::read(std::int64_t& value) {
  if (failed_) return false;
  if (kind_of(peek()) != "a number") return unexpected("an integer");
  const auto begin = at_;
  std::string_view token;
  bool integral = false;
  if (!read_number(token, integral)) return false;
  if (integral) {
    const auto [stop, status] = std::from_chars(token.data(), token.data() + token.size(), value);
    return status == std::errc{} || fail(Fault::Protocol, "an integer out of range");
  }
  // 1e3 is an integer to RFC 7047 (section 3.1: a number with an integer value).
  double real = 0;
  at_ = begin;
  if (!read(real)) return false;
  constexpr double kLimit = 9223372036854775808.0;
  if (std::trunc(real) != real || real < -kLimit || real >= kLimit) {
    return fail(Fault::Protocol, "a number that is not an integer");
  }
  value = static_cast<std::int64_t>(real);
  return true;
}

bool JsonReader::read_literal() {
  for (const std::string_view word : {"true", "false", "null"}) {
    if (text_.substr(at_, word.size()) != word) continue;
    at_ += word.size();
    return true;
  }
  return fail(Fault::Syntax, "no JSON");
}

bool JsonReader::read(bool& value) {
  if (failed_) return false;
  const char first = peek();
  if (first != 't' && first != 'f') return unexpected("a boolean");
  value = first == 't';
  return read_literal();
}

// --- Values that nobody wants
// --------------------------------------------------------------------------------------

bool JsonReader::skip() { return skip(0); }

bool JsonReader::skip(int depth) {
  if (failed_) return false;
  if (depth > kMaxDepth) return fail(Fault::Syntax, "nested too deep");
  std::string_view text;
  bool integral = false;
  switch (peek()) {
    case '{':
      begin_object();
      while (next_member(text)) skip(depth + 1);
      return ok();
    case '[':
      begin_array();
      while (next_element()) skip(depth + 1);
      return ok();
    case '"': return read_string(text);
    case 't':
    case 'f':
    case 'n': return read_literal();
    default: return kind_of(peek()) == "a number" ? read_number(text, integral) : unexpected("a value");
  }
}

bool JsonReader::read_raw(std::string_view& json) {
  peek();
  const auto begin = at_;
  if (!skip()) return false;
  json = text_.substr(begin, at_ - begin);
  return true;
}

}  // namespace ovsdb
