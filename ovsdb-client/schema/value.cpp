#include "ovsdb-client/schema/value.hpp"

namespace ovsdb {

bool decode_uuid_rest(JsonReader& in, Uuid& atom) {
  std::string_view text;
  if (!in.next_element()) return in.fail(Fault::Protocol, "[\"uuid\"] without the UUID");
  if (!in.read_text(text)) return false;
  const auto uuid = Uuid::parse(text);
  if (!uuid) return in.fail(Fault::Protocol, "\"" + std::string(text.substr(0, 64)) + "\" is not a UUID");
  atom = *uuid;
  if (in.next_element()) return in.fail(Fault::Protocol, "more than one UUID in [\"uuid\", ...]");
  return in.ok();
}

bool decode_atom(JsonReader& in, Uuid& atom) {
  std::string_view tag;
  if (!detail::decode_tag(in, tag)) return false;
  return tag == "uuid" ? decode_uuid_rest(in, atom) : in.fail(Fault::Protocol, "not [\"uuid\", ...]");
}

namespace detail {

bool decode_tag(JsonReader& in, std::string_view& tag) {
  if (!in.begin_array()) return false;
  if (!in.next_element()) return in.fail(Fault::Protocol, "an empty array where a value should be");
  return in.read_text(tag);
}

}  // namespace detail
}  // namespace ovsdb
