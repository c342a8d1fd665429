#include "ovsdb-client/wire/message.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ovsdb {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// The bytes of numbers, true, false and null.
constexpr bool is_scalar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' ||
         c == '.';
}

// Keys longer than any of ours need not be kept whole.
constexpr std::size_t kKeptKeySize = 16;

std::optional<Message::Member> member_of(std::string_view key) {
  if (key == "method") return Message::Method;
  if (key == "id") return Message::Id;
  if (key == "params") return Message::Params;
  if (key == "result") return Message::ResultMember;
  if (key == "error") return Message::ErrorMember;
  return std::nullopt;
}

}  // namespace

void MessageReader::feed(std::string_view bytes) {
  if (failure_) return;
  // next() leaves nothing behind a complete pass, so this moves bytes only if the caller feeds without
  // draining.
  if (start_ > 0) {
    input_.erase(0, start_);
    offset_ += start_;
    at_ -= start_;
    start_ = 0;
  }
  input_.append(bytes);
}

Result<std::optional<Message>> MessageReader::next() {
  if (!failure_) failure_ = scan();
  if (failure_) return std::unexpected(*failure_);

  const auto scanned = std::string_view(input_).substr(start_, at_ - start_);
  // What lies between messages is white space, and dropped.
  if (place_ != Place::Between || complete_) message_.append(scanned);
  start_ = at_;
  if (at_ == input_.size()) {
    offset_ += at_;
    input_.clear();
    at_ = start_ = 0;
  }
  if (!std::exchange(complete_, false)) return std::optional<Message>{};
  Message message{.text = std::exchange(message_, {}), .ranges = std::exchange(ranges_, {})};
  return std::optional<Message>{std::move(message)};
}

// Runs to the end of a message or of the input, whichever comes first.
std::optional<Error> MessageReader::scan() {
  while (at_ < input_.size() && !complete_) {
    if (in_string_) {
      scan_string();
      if (at_ == input_.size()) break;
      if (static_cast<unsigned char>(input_[at_]) < 0x20) return failure("control byte in a string");
      if (const char* what = step_quote()) return failure(what);
    } else {
      const char byte = input_[at_];
      if (place_ == Place::Between) start_ = at_;
      if (const char* what = step(byte)) return failure(what);
    }
    ++at_;
  }
  if (position() > limits_.max_message) return failure("message over the size limit");
  return std::nullopt;
}

// Stops at the closing quote or at a byte that no string may hold.
void MessageReader::scan_string() {
  const std::size_t from = at_;
  for (; at_ < input_.size(); ++at_) {
    const char byte = input_[at_];
    if (static_cast<unsigned char>(byte) < 0x20) break;
    if (escaped_) {
      escaped_ = false;
    } else if (byte == '\\') {
      escaped_ = true;
    } else if (byte == '"') {
      break;
    }
  }
  if (place_ == Place::Key && key_.size() < kKeptKeySize) {
    key_.append(std::string_view(input_).substr(from, at_ - from).substr(0, kKeptKeySize));
  }
}

// Each step returns what is wrong, or null.
const char* MessageReader::step(char byte) {
  switch (byte) {
    case '"': return step_quote();
    case '{':
    case '[': return step_open(byte);
    case '}':
    case ']': return step_close(byte);
    case ',':
    case ':': return step_separator(byte);
    default: break;
  }
  if (is_space(byte)) {
    const bool ends_scalar = nesting_.size() == 1 && place_ == Place::Value;
    return ends_scalar ? finish_value(position()) : nullptr;
  }
  return is_scalar(byte) ? step_scalar() : "byte that is no JSON outside of a string";
}

const char* MessageReader::step_quote() {
  if (std::exchange(in_string_, !in_string_)) {
    if (nesting_.size() > 1) return nullptr;
    if (place_ == Place::Value) return finish_value(position() + 1);
    place_ = Place::BeforeColon;
    return nullptr;
  }
  if (nesting_.size() > 1) return nullptr;
  switch (place_) {
    case Place::BeforeFirstKey:
    case Place::BeforeKey:
      place_ = Place::Key;
      key_.clear();
      return nullptr;
    case Place::BeforeValue:
      place_ = Place::Value;
      value_begin_ = position();
      return nullptr;
    case Place::Between: return "message that is no object";
    default: return "string out of place";
  }
}

const char* MessageReader::step_open(char byte) {
  if (place_ == Place::Between) {
    if (byte != '{') return "message that is no object";
    place_ = Place::BeforeFirstKey;
  } else if (nesting_.size() == 1) {
    if (place_ != Place::BeforeValue) return "bracket out of place";
    place_ = Place::Value;
    value_begin_ = position();
  }
  if (nesting_.size() == limits_.max_depth) return "message over the depth limit";
  nesting_.push_back(byte == '{' ? '}' : ']');
  return nullptr;
}

const char* MessageReader::step_close(char byte) {
  if (nesting_.empty() || nesting_.back() != byte) return "unbalanced bracket";
  if (nesting_.size() == 1) {
    if (place_ == Place::Value) {
      if (const char* what = finish_value(position())) return what;
    }
    if (place_ != Place::AfterValue && place_ != Place::BeforeFirstKey) return "object that ends too early";
    place_ = Place::Between;
    complete_ = true;
  }
  nesting_.pop_back();
  return nesting_.size() == 1 ? finish_value(position() + 1) : nullptr;
}

const char* MessageReader::step_separator(char byte) {
  if (nesting_.size() > 1) return nullptr;
  if (byte == ':') {
    if (place_ != Place::BeforeColon) return "colon out of place";
    place_ = Place::BeforeValue;
    return nullptr;
  }
  if (place_ == Place::Value) {
    if (const char* what = finish_value(position())) return what;
  }
  if (place_ != Place::AfterValue) return "comma out of place";
  place_ = Place::BeforeKey;
  return nullptr;
}

const char* MessageReader::step_scalar() {
  if (nesting_.size() > 1 || place_ == Place::Value) return nullptr;
  if (place_ == Place::Between) return "message that is no object";
  if (place_ != Place::BeforeValue) return "token out of place";
  place_ = Place::Value;
  value_begin_ = position();
  return nullptr;
}

const char* MessageReader::finish_value(std::size_t end) {
  place_ = Place::AfterValue;
  const auto member = member_of(key_);
  if (!member) return nullptr;
  auto& range = ranges_[*member];
  if (range.size > 0) return "member that comes twice";
  range = {.begin = value_begin_, .size = end - value_begin_};
  return nullptr;
}

Error MessageReader::failure(std::string_view what) const {
  return Error{Fault::Syntax,
               fmt::format("reading a JSON-RPC message: {} at offset {}", what, offset_ + at_)};
}

ArrayCursor::ArrayCursor(std::string_view array) {
  if (array.size() >= 2 && array.front() == '[' && array.back() == ']')
    rest_ = array.substr(1, array.size() - 2);
}

std::string_view ArrayCursor::last() {
  while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  while (!rest_.empty() && is_space(rest_.back())) rest_.remove_suffix(1);
  return std::exchange(rest_, {});
}

std::string_view ArrayCursor::element() {
  std::size_t depth = 0;
  bool in_string = false;
  std::size_t end = 0;
  for (; end < rest_.size(); ++end) {
    const char byte = rest_[end];
    if (in_string) {
      if (byte == '\\') {
        ++end;
      } else if (byte == '"') {
        in_string = false;
      }
    } else if (byte == '"') {
      in_string = true;
    } else if (byte == '[' || byte == '{') {
      ++depth;
    } else if ((byte == ']' || byte == '}') && depth > 0) {
      --depth;
    } else if (byte == ',' && depth == 0) {
      break;
    }
  }
  end = std::min(end, rest_.size());
  const auto after = end < rest_.size() ? rest_.substr(end + 1) : std::string_view{};
  rest_ = rest_.substr(0, end);
  const auto element = last();
  rest_ = after;
  return element;
}

}  // namespace ovsdb
