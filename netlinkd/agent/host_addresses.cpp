#include "netlinkd/agent/host_addresses.hpp"

#include <iterator>

namespace kvtep::agent {
namespace {

int kind_of(const IpAddress& address) {
  const auto* v6 = std::get_if<Ipv6Bytes>(&address.bytes);
  if (v6 == nullptr) return 2;
  const bool is_link_local = (*v6)[0] == 0xfe && ((*v6)[1] & 0xc0) == 0x80;
  return is_link_local ? 0 : 1;
}

}  // namespace

HostAddresses::Choice HostAddresses::choice_of(const Entry& entry) {
  return {.kind = kind_of(entry.address), .since = entry.since, .address = entry.address};
}

std::optional<IpAddress> HostAddresses::published(const Host& host) const {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return std::nullopt;
  return found->second.rbegin()->address;
}

std::vector<HostAddresses::Host> HostAddresses::hosts() const {
  std::vector<Host> result;
  result.reserve(hosts_.size());
  for (const auto& [host, choices] : hosts_) result.push_back(host);
  return result;
}

void HostAddresses::saw(const Place& place, const Host& host, const IpAddress& address, TimePoint now,
                        Changed& changed) {
  const auto before = published(host);
  const auto found = entries_.find({host.vni, address});
  if (found != entries_.end() && found->second->host == host) {
    heard_again(found->second, place, now);
  } else {
    if (found != entries_.end()) erase(found->second, changed);
    auto& ages = ports_[place.port];
    ages.push_back({.host = host, .place = place, .address = address, .seen = now, .since = next_since_++});
    entries_.emplace(std::pair(host.vni, address), std::prev(ages.end()));
    hosts_[host].insert(choice_of(ages.back()));
  }
  cut(place.port, changed);
  if (published(host) != before) changed.try_emplace(host, before);
}

void HostAddresses::heard_again(Ages::iterator entry, const Place& place, TimePoint now) {
  rehome(entry, place);
  entry->seen = now;
  auto& choices = hosts_.at(entry->host);
  const auto own = choice_of(*entry);
  const auto& best = *choices.rbegin();
  if (best == own || best.kind != own.kind) return;
  if (now - entries_.at({entry->host.vni, best.address})->seen < kQuiet) return;
  choices.erase(own);
  entry->since = next_since_++;
  choices.insert(choice_of(*entry));
}

void HostAddresses::rehome(Ages::iterator entry, const Place& place) {
  auto& from = ports_.at(entry->place.port);
  auto& to = ports_[place.port];
  to.splice(to.end(), from, entry);
  if (from.empty()) ports_.erase(entry->place.port);
  entry->place = place;
}

void HostAddresses::moved(const Host& host, const Place& place, Changed& changed) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return;
  for (const auto& choice : found->second) {
    const auto entry = entries_.at({host.vni, choice.address});
    if (entry->place != place) rehome(entry, place);
  }
  cut(place.port, changed);
}

void HostAddresses::erase(Ages::iterator entry, Changed& changed) {
  const auto host = entry->host;
  auto choices = hosts_.find(host);
  const auto own = choice_of(*entry);
  if (*choices->second.rbegin() == own) changed.try_emplace(host, entry->address);
  choices->second.erase(own);
  if (choices->second.empty()) hosts_.erase(choices);
  entries_.erase({host.vni, entry->address});
  const auto ages = ports_.find(entry->place.port);
  ages->second.erase(entry);
  if (ages->second.empty()) ports_.erase(ages);
}

void HostAddresses::cut(IfIndex port, Changed& changed) {
  while (true) {
    const auto ages = ports_.find(port);
    if (ages == ports_.end() || ages->second.size() <= limit_) return;
    erase(ages->second.begin(), changed);
  }
}

void HostAddresses::forget(const Host& host, TimePoint since) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return;
  Changed nobody;  // its row has gone already
  for (const auto& choice : std::set<Choice>(found->second)) {
    const auto entry = entries_.at({host.vni, choice.address});
    if (entry->seen < since) erase(entry, nobody);
  }
}

void HostAddresses::keep_only(const std::map<Place, Vni>& bindings, Changed& changed) {
  std::vector<Ages::iterator> gone;
  for (const auto& [key, entry] : entries_) {
    const auto binding = bindings.find(entry->place);
    if (binding == bindings.end() || binding->second != key.first) gone.push_back(entry);
  }
  for (const auto& entry : gone) erase(entry, changed);
}

void HostAddresses::clear() {
  ports_.clear();
  entries_.clear();
  hosts_.clear();
}

}  // namespace kvtep::agent
