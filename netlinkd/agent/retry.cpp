#include "netlinkd/agent/retry.hpp"

#include <algorithm>
#include <cerrno>

namespace kvtep::agent {
namespace {

template <class... Ops>
bool is_one_of(const KernelOp& op) {
  return (std::holds_alternative<Ops>(op) || ...);
}

bool is_creation(const KernelOp& op) { return is_one_of<CreateBridge, CreateVxlan, CreateVlan>(op); }

bool is_deletion(const KernelOp& op) {
  return is_one_of<DeleteLink, RemoveTagFilter, RemoveRemoteMac, RemoveFloodDestination, RemoveSourceFilter>(
      op);
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
    entries_.erase(entry);
    return true;
  }
  return !entry->second.is_parked && entry->second.next <= now;
}

std::optional<TimePoint> RetryTable::failed(const OpKey& key, const KernelOp& op, const std::string& message,
                                            bool park, TimePoint now) {
  auto& entry = entries_[key];
  if (entry.op != op) entry = Entry{.op = op};
  entry.message = message;
  if (park) {
    entry.is_parked = true;
    return std::nullopt;
  }
  const auto doublings = std::min<std::uint32_t>(entry.attempts++, 16);
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

bool RetryTable::has_parked() const {
  return std::ranges::any_of(entries_, [](const auto& entry) { return entry.second.is_parked; });
}

}  // namespace kvtep::agent
