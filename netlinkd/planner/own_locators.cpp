#include "netlinkd/planner/own_locators.hpp"

#include "netlinkd/planner/locators.hpp"

namespace kvtep::planner {

using hwvtep::PhysicalLocator;
using hwvtep::PhysicalLocatorSet;

std::optional<Uuid> OwnLocators::existing(Key key) {
  look_up();
  const auto found = locators_.find(key);
  return found == locators_.end() ? std::nullopt : std::optional(found->second);
}

Uuid OwnLocators::get(Key key) {
  if (const auto uuid = existing(key)) return *uuid;
  PhysicalLocator row{.encapsulation_type = std::string(kVxlanOverIpv4), .dst_ip = address_.to_string()};
  if (key) row.tunnel_key = key->value;
  return locators_.emplace(key, transaction_.insert(row)).first->second;
}

bool OwnLocators::is_set(const Uuid& locator_set, Key key) {
  const auto* set = database_.table<PhysicalLocatorSet>().find(locator_set);
  const auto own = existing(key);
  return set != nullptr && own && set->locators == std::set<Uuid>{*own};
}

Uuid OwnLocators::get_set(Key key) {
  look_up_sets();
  if (const auto found = sets_.find(key); found != sets_.end()) return found->second;
  return sets_.emplace(key, transaction_.insert(PhysicalLocatorSet{.locators = {get(key)}})).first->second;
}

// An IPv6 address has many spellings, and each may have a row: the first uuid is as good as any.
void OwnLocators::look_up() {
  if (looked_up_) return;
  looked_up_ = true;
  for (const auto& [id, row] : database_.table<PhysicalLocator>()) {
    if (row.encapsulation_type != kVxlanOverIpv4 || IpAddress::parse(row.dst_ip) != address_) continue;
    const auto key = Vni::from_key(row.tunnel_key.value_or(0));
    if (row.tunnel_key && !key) continue;
    const auto entry = locators_.emplace(key, id).first;
    if (id < entry->second) entry->second = id;
  }
}

void OwnLocators::look_up_sets() {
  if (looked_up_sets_) return;
  looked_up_sets_ = true;
  look_up();
  std::map<Uuid, Key> key_of;
  for (const auto& [key, locator] : locators_) key_of.emplace(locator, key);
  for (const auto& [id, row] : database_.table<PhysicalLocatorSet>()) {
    const auto found = row.locators.size() == 1 ? key_of.find(*row.locators.begin()) : key_of.end();
    if (found == key_of.end()) continue;
    const auto entry = sets_.emplace(found->second, id).first;
    if (id < entry->second) entry->second = id;
  }
}

}  // namespace kvtep::planner
