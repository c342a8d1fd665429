#include "netlinkd/agent/retry.hpp"

#include <algorithm>
#include <cerrno>
#include <initializer_list>

namespace kvtep::agent {
namespace {

template <class... Ops>
bool is_one_of(const KernelOp& op) {
  return (std::holds_alternative<Ops>(op) || ...);
}

bool is_one_of(int number, std::initializer_list<int> numbers) {
  return std::ranges::find(numbers, number) != numbers.end();
}

// Attempts in a row that fail: the third comes 300 ms after the first.
constexpr std::uint32_t kLasting = 3;

bool is_creation(const KernelOp& op) { return is_one_of<CreateBridge, CreateVxlan, CreateVlan>(op); }

bool is_deletion(const KernelOp& op) {
  return is_one_of<DeleteLink, RemoveTagFilter, RemoveRemoteMac, RemoveFloodDestination, RemoveServiceNode,
                   RemoveSourceFilter, RemoveNeighbour, RemoveAnnouncer>(op);
}

}  // namespace

Reaction react(const KernelOp& op, const Error& error) {
  switch (error.code.value()) {
    case EEXIST: return is_creation(op) ? Reaction::AlreadySo : Reaction::Retry;
    case ENOENT:
    case ESRCH:
    case ENODEV: return is_deletion(op) ? Reaction::AlreadySo : Reaction::Retry;
    case EINVAL:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPERM:
    case EACCES:
    case ERANGE: return Reaction::Park;
    default: return Reaction::Retry;
  }
}

bool RetryTable::may_try(const OpKey& key, const KernelOp& op, TimePoint now) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return true;
  if (entry->second.op != op) {
    count(entry->second, -1);
    entries_.erase(entry);
    return true;
  }
  return !entry->second.is_parked && entry->second.next <= now;
}

std::optional<TimePoint> RetryTable::failed(const OpKey& key, const KernelOp& op, const std::string& message,
                                            bool park, TimePoint now, int number) {
  auto& entry = entries_[key];
  count(entry, -1);
  if (entry.op != op) entry = Entry{.op = op};
  entry.message = message;
  entry.is_parked = park;
  entry.number = number;
  const auto doublings = std::min<std::uint32_t>(entry.attempts++, 16);
  count(entry, +1);
  if (park) return std::nullopt;
  entry.next = now + std::min<Duration>(limits_.first * (1U << doublings), limits_.longest);
  return entry.next;
}

std::vector<std::string> RetryTable::refused() const {
  std::vector<std::string> texts;
  for (const auto& [key, entry] : entries_) {
    texts.push_back(entry.message + (entry.is_parked ? " (left as it is)" : " (tried again)"));
  }
  std::ranges::sort(texts);
  return texts;
}

std::set<IfIndex> RetryTable::parked_devices() const {
  std::set<IfIndex> devices;
  for (const auto& [key, entry] : entries_) {
    if (!entry.is_parked) continue;
    const auto* vlan = std::get_if<CreateVlan>(&entry.op);
    devices.insert(vlan != nullptr ? vlan->info.parent : key.index);
  }
  return devices;
}

void RetryTable::forget(const OpKey& key) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return;
  count(entry->second, -1);
  entries_.erase(entry);
}

void RetryTable::count(const Entry& entry, int by) {
  const auto change = static_cast<std::size_t>(by);
  if (entry.is_parked) {
    troubles_.parked += change;
  } else if (entry.attempts >= kLasting && is_one_of(entry.number, {ENOSPC, ENOMEM, ENOBUFS})) {
    if (is_one_of<SetRemoteMac>(entry.op)) troubles_.macs += change;
    if (is_one_of<CreateVxlan, AddFloodDestination, SetServiceNode>(entry.op)) troubles_.tunnels += change;
  }
}

}  // namespace kvtep::agent
