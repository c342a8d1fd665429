#include "netlinkd/agent/hold_down.hpp"

#include <algorithm>
#include <utility>

namespace kvtep::agent {

bool HoldDown::has_shrunk(std::size_t before, std::size_t after) const {
  return static_cast<double>(after) < static_cast<double>(before) * (1 - options_.share);
}

HoldDown::News HoldDown::update(const Amounts& amounts, TimePoint now) {
  const auto before = std::exchange(last_, amounts);
  if (holding_) {
    const auto& full = holding_->before;
    if (has_shrunk(full.rows, amounts.rows) || has_shrunk(full.keys, amounts.keys)) return News::None;
    end();
    return News::Back;
  }
  // What there was until now.
  if (moments_.empty() || now - moments_.back().at >= std::chrono::seconds(1))
    moments_.push_back({.at = now});
  auto& moment = moments_.back().amounts;
  moment = {.rows = std::max(moment.rows, before.rows), .keys = std::max(moment.keys, before.keys)};
  while (moments_.front().at + options_.window < now) moments_.pop_front();
  Amounts most;
  for (const auto& [at, there] : moments_) {
    most = {.rows = std::max(most.rows, there.rows), .keys = std::max(most.keys, there.keys)};
  }
  if (!has_shrunk(most.rows, amounts.rows) && !has_shrunk(most.keys, amounts.keys)) return News::None;
  holding_ = Holding{.before = most, .until = now + options_.time};
  return News::Begun;
}

void HoldDown::end() {
  holding_.reset();
  lost_keys_.clear();
  moments_.clear();
}

void HoldDown::key_lost(const ovsdb::Uuid& logical_switch, Vni vni, TimePoint now) {
  if (!holding_ && last_loss_ + options_.window < now) lost_keys_.clear();
  last_loss_ = now;
  lost_keys_.insert_or_assign(logical_switch, vni);
}

void HoldDown::key_is_settled(const ovsdb::Uuid& logical_switch) { lost_keys_.erase(logical_switch); }

}  // namespace kvtep::agent
