#include <algorithm>

#include "netlinkd/model/installed.hpp"
#include "ovsdb-client/wire/uuid.hpp"

namespace kvtep {
namespace {

// IFALIASZ of <linux/if.h> is 256, the terminating zero included.
constexpr std::size_t kAliasLimit = 255;
constexpr std::size_t kUuidLength = 36;

bool is_continuation_byte(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string prefix(std::string_view switch_name) { return "kvtep/" + std::string(switch_name) + "/"; }

}  // namespace

std::string ownership_alias(std::string_view switch_name, std::string_view logical_switch_uuid,
                            std::string_view logical_switch_name) {
  auto alias = prefix(switch_name);
  alias += logical_switch_uuid;
  alias += ' ';
  alias += logical_switch_name;
  // A name is free text; a control character in it would spoil every listing of devices.
  std::ranges::replace_if(alias, [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  if (alias.size() > kAliasLimit) {
    std::size_t end = kAliasLimit;
    while (end > 0 && is_continuation_byte(alias[end])) --end;  // never half a UTF-8 character
    alias.resize(end);
  }
  return alias;
}

std::optional<std::string_view> owner_uuid(std::string_view alias, std::string_view switch_name) {
  const auto mark = prefix(switch_name);
  if (!alias.starts_with(mark)) return std::nullopt;
  // Another switch's name may begin with ours and a slash: what follows has to be a UUID and a blank.
  const auto rest = alias.substr(mark.size());
  if (rest.size() <= kUuidLength || rest[kUuidLength] != ' ') return std::nullopt;
  const auto uuid = rest.substr(0, kUuidLength);
  if (!ovsdb::Uuid::parse(uuid)) return std::nullopt;
  return uuid;
}

}  // namespace kvtep
