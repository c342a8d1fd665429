// A pull reader of JSON text (RFC 8259): the caller asks for what must come next, so that typed values are
// made straight from the text and no document is built. A million rows of an initial update pass through it.
//
// Every function returns false on failure, and the first failure sticks: later calls return false, too, and
// `error()` says what was wrong. Never throws and never recurses deeper than kMaxDepth, whatever the text.
// One thread; the text must outlive the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ovsdb-client/wire/error.hpp"

namespace ovsdb {

class JsonReader {
 public:
  static constexpr int kMaxDepth = 64;

  explicit JsonReader(std::string_view text) : text_(text) {}

  // The first character of the next value, 0 at the end of the text.
  char peek();

  // Containers are walked by `if (begin_object()) while (next_member(name)) { read the value }`, and `ok()`
  // afterwards tells the end from a failure.
  bool begin_object();
  bool next_member(std::string_view& name);  // `name` is valid until the next call
  bool begin_array();
  bool next_element();

  bool read(bool& value);
  bool read(std::int64_t& value);
  bool read(double& value);
  bool read(std::string& value);
  bool read_text(std::string_view& value);  // valid until the next call
  bool skip();
  bool read_raw(std::string_view& json);  // skips a value and shows its text
  bool finish();                          // only white space may be left

  // Records a failure that the caller found, with the offset. Returns false, for `return in.fail(...)`.
  bool fail(Fault fault, std::string_view what);
  // Says where the failure happened, inner places first. Returns false.
  bool within(std::string_view place);

  bool ok() const { return !failed_; }
  const Error& error() const { return error_; }

 private:
  void skip_space();
  bool expect(char opening, std::string_view what);
  bool unexpected(std::string_view wanted);
  bool read_string(std::string_view& value);
  bool unescape(std::string_view& value, std::size_t begin);
  bool read_escape();
  bool read_hex4(unsigned& unit);
  bool check_utf8(std::size_t& at);
  bool read_number(std::string_view& token, bool& integral);
  bool read_literal();
  bool skip(int depth);

  std::string_view text_;
  std::size_t at_ = 0;
  bool first_ = false;  // an opening bracket was the last thing read
  bool failed_ = false;
  std::string scratch_;
  Error error_;
};

}  // namespace ovsdb
