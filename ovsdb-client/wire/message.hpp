// Cuts the byte stream of an OVSDB peer into JSON-RPC 1.0 messages (RFC 7047 section 4: JSON objects one
// after the other, with nothing but optional white space between them) without building a document.
//
// One pass over the bytes, whatever the pieces they arrive in: a full replica of 1 M rows is one message of
// 261 MB, so the reader only counts brackets and notes where the members of the outermost object begin and
// end. A member is validated in full by whoever parses it. Pure; one thread at a time. After an error the
// stream has no known position any more: every further next() repeats that error.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ovsdb-client/wire/error.hpp"

namespace ovsdb {

struct MessageLimits {
  std::size_t max_message = std::size_t{1} << 30;
  std::size_t max_depth = 64;
};

// One complete JSON-RPC message. The views point into `text`: raw JSON, empty where the member is absent.
struct Message {
  struct Range {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  enum Member : std::uint8_t { Method, Id, Params, ResultMember, ErrorMember };

  std::string text;
  std::array<Range, 5> ranges{};

  std::string_view method() const { return member(Method); }
  std::string_view id() const { return member(Id); }
  std::string_view params() const { return member(Params); }
  std::string_view result() const { return member(ResultMember); }
  std::string_view error() const { return member(ErrorMember); }

 private:
  std::string_view member(Member which) const {
    return std::string_view(text).substr(ranges[which].begin, ranges[which].size);
  }
};

class MessageReader {
 public:
  explicit MessageReader(MessageLimits limits = {}) : limits_(limits) {}

  void feed(std::string_view bytes);
  // The next complete message; nothing where more bytes are needed; Fault::Syntax with the offset in the
  // stream.
  Result<std::optional<Message>> next();

 private:
  // Where the scan stands in the outermost object; deeper levels are all `Value`.
  enum class Place : std::uint8_t {
    Between,         // outside of any message
    BeforeFirstKey,  // after `{`: a key or `}`
    BeforeKey,       // after `,`: a key
    Key,             // inside the key's string
    BeforeColon,     // after a key
    BeforeValue,     // after `:`
    Value,           // inside a value, of any depth
    AfterValue,      // `,` or `}`
  };

  std::optional<Error> scan();
  void scan_string();
  const char* step(char byte);
  const char* step_quote();
  const char* step_open(char byte);
  const char* step_close(char byte);
  const char* step_separator(char byte);
  const char* step_scalar();
  const char* finish_value(std::size_t end);
  std::size_t position() const { return message_.size() + at_ - start_; }
  Error failure(std::string_view what) const;

  MessageLimits limits_;
  std::string input_;       // fed and not yet taken over into message_
  std::size_t at_ = 0;      // the scan's place in input_
  std::size_t start_ = 0;   // where in input_ the current message's bytes begin
  std::size_t offset_ = 0;  // the stream offset of input_[0]
  std::string message_;     // what earlier pieces brought of the current message
  std::array<Message::Range, 5> ranges_{};
  std::string nesting_;  // the closing brackets that are due, innermost last
  std::string key_;
  std::size_t value_begin_ = 0;
  Place place_ = Place::Between;
  bool in_string_ = false;
  bool escaped_ = false;
  bool complete_ = false;
  std::optional<Error> failure_;
};

// Walks the elements of a raw JSON array, so that the large last one is never scanned.
class ArrayCursor {
 public:
  explicit ArrayCursor(std::string_view array);
  // The next element's raw text; empty when there is none, or the text is no array.
  std::string_view element();
  // All that is left as one element; whoever parses it finds out whether it is one.
  std::string_view last();

 private:
  std::string_view rest_;
};

}  // namespace ovsdb
