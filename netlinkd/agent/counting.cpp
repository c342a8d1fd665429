// What the bindings carry: the kernel's counters are read at a configured pace, and sooner after a change of
// bindings, so that a new one's sum starts with it. Sums, not readings, are what is published.

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "netlinkd/agent/agent.hpp"

namespace kvtep::agent {
namespace {

constexpr Duration kLeastPause = std::chrono::seconds(1);

}  // namespace

void Agent::plan_count(TimePoint now) {
  const auto pace = options_.stats_interval;
  if (pace <= Duration::zero() || is_counting_ || !desired_) return;
  const auto pause = bindings_changed_ ? std::min(pace, kLeastPause) : pace;
  const auto at = last_count_ ? std::max(now, *last_count_ + pause) : now;
  if (!next_count_ || at < *next_count_) next_count_ = at;
  bindings_changed_ = false;
}

void Agent::start_count(TimePoint now) {
  next_count_.reset();
  if (!ready() || !desired_) return;  // work() plans it again
  is_counting_ = true;
  last_count_ = now;
  kernel_.count();
}

void Agent::on_counters(const Result<CounterReading>& reading, TimePoint now) {
  is_counting_ = false;
  if (!reading) {
    log_->warn("reading the devices' counters: {}; next attempt in {} s", reading.error().message,
               std::chrono::duration_cast<std::chrono::seconds>(options_.stats_interval).count());
  } else if (ready() && desired_) {
    counts_.take(*reading, view(), *desired_, installed_);
    has_counts_ = true;
    unreported_.stats = true;
  }
  work(now);
}

std::size_t Agent::changes_of_stats(const hwvtep::Database::Delta& delta) {
  std::size_t changes = delta.of<hwvtep::LogicalBindingStats>().size();
  for (const auto& change : delta.of<hwvtep::PhysicalPort>()) {
    if (!change.before || !change.after) continue;
    auto without_news = *change.after;
    without_news.vlan_stats = change.before->vlan_stats;
    if (without_news == *change.before) ++changes;
  }
  // Ours come back equal to what was wanted, and make no transaction; others are put right.
  if (changes > 0) unreported_.stats = true;
  return changes;
}

}  // namespace kvtep::agent
