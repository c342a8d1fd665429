// MACs that move from port to port without end.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "netlinkd/agent/agent.hpp"

namespace kvtep::agent {
namespace {

constexpr std::size_t kMostListed = 100;  // in the status, and in the log at a time

long seconds(Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

}  // namespace

// To be called before the event is applied.
void Agent::note_move(const KernelEvent& event) {
  const auto* changed = std::get_if<BridgeEntryChanged>(&event);
  if (changed == nullptr) return;
  const auto vni = vni_of_link_.find(changed->entry.bridge);
  if (vni == vni_of_link_.end()) return;
  const auto& table = installed_.bridge_table(changed->entry.bridge);
  const auto before = table.find(changed->entry.mac);
  if (before == table.end() || before->second.port == changed->entry.port) return;
  ++counters_.moves;
  const MacKey key{vni->second, changed->entry.mac};
  const auto until = damper_.moved(key, now_);
  if (!until) return;
  ++counters_.damped;
  timers_.emplace(*until, Unit{true, key.vni, key.mac});
  if (damper_.damped(now_).size() > kMostListed) return;
  log_->warn("the MAC {} of VNI {} moves between ports without end: its entries and rows wait {} s",
             key.mac.to_string(), key.vni.value, seconds(*until - now_));
}

// Its time is over, or it never waited.
void Agent::end_damping(const Unit& unit) {
  if (unit.is_mac && !damper_.empty()) note_unreported({unit.vni, unit.mac});
}

std::vector<std::string> Agent::damped() const {
  std::vector<std::string> texts;
  for (const auto& [key, entry] : damper_.damped(now_)) {
    if (texts.size() >= kMostListed) break;
    texts.push_back(fmt::format("{} of VNI {}: {} moves, waits {} s", key.mac.to_string(), key.vni.value,
                                entry.all_moves, seconds(entry.hold)));
  }
  std::ranges::sort(texts);
  return texts;
}

}  // namespace kvtep::agent
