// What somebody else changed: found as it happens, counted, and looked for now and then.
#include <spdlog/spdlog.h>

#include <utility>

#include "netlinkd/agent/agent.hpp"

namespace kvtep::agent {
namespace {

constexpr std::size_t kMostSaid = 1000;

}  // namespace

// The remote host that an event about an entry of ours may concern: none where an operation on it is under
// way, whose own doing the event is.
std::optional<Agent::MacKey> Agent::mac_of(const KernelEvent& event) const {
  const auto key = [&](IfIndex device, const MacAddress& mac) -> std::optional<MacKey> {
    const auto vni = vni_of_link_.find(device);
    if (vni == vni_of_link_.end() || mac.is_zero() || mac.is_group()) return std::nullopt;
    const MacKey found{vni->second, mac};
    return macs_in_flight_.contains(found) ? std::nullopt : std::optional(found);
  };
  if (const auto* e = std::get_if<BridgeEntryChanged>(&event)) return key(e->entry.bridge, e->entry.mac);
  if (const auto* e = std::get_if<BridgeEntryGone>(&event)) return key(e->entry.bridge, e->entry.mac);
  if (const auto* e = std::get_if<VxlanEntryChanged>(&event)) return key(e->entry.device, e->entry.mac);
  if (const auto* e = std::get_if<VxlanEntryGone>(&event)) return key(e->entry.device, e->entry.mac);
  return std::nullopt;
}

// As the database wants it, and not because a local host has the MAC.
bool Agent::is_in_place(const MacKey& key) const {
  if (!desired_) return false;
  const auto wish = desired_->switches.find(key.vni);
  const auto links = switch_links_.find(key.vni);
  if (wish == desired_->switches.end() || links == switch_links_.end()) return false;
  const auto& table = installed_.bridge_table(links->second.bridge);
  const auto entry = table.find(key.mac);
  if (entry != table.end() && entry->second.kind != BridgeEntryKind::ExternallyLearned) return false;
  const auto wanted = planner::remote_destination(view(), wish->second.logical_switch, key.mac,
                                                  planner::tunnel_end(wish->second));
  return !planner::plan_remote_mac(key.mac, wanted, false, links->second, installed_);
}

bool Agent::needs_work(const MacKey& key) const {
  const auto& wish = desired_->switches.at(key.vni);
  const auto& links = switch_links_.at(key.vni);
  const auto wanted =
      planner::remote_destination(view(), wish.logical_switch, key.mac, planner::tunnel_end(wish));
  const auto yield = yields_.find(key);
  const bool yields = yield != yields_.end() && wanted == yield->second;
  return planner::plan_remote_mac(key.mac, wanted, yields, links, installed_).has_value();
}

void Agent::note_drift(const std::string& object, const std::string& what) {
  ++counters_.drift;
  if (drifted_.size() >= kMostSaid || !drifted_.insert(object).second) return;
  log_->warn("somebody else changed {}: put back", what);
}

void Agent::note_mac_drift(const MacKey& key) {
  const Link* vxlan = installed_.link(switch_links_.at(key.vni).vxlan);
  const auto name = vxlan != nullptr ? vxlan->name : std::string("a device that is gone");
  note_drift("entries of " + name,
             "the entry of " + key.mac.to_string() + " (" + name + "; further ones of it are only counted)");
}

void Agent::start_audit(TimePoint now) {
  next_audit_ = now + options_.audit_interval;
  // One that is still under way goes on; a dump of all says what an audit says; and nobody puts anything back
  // without the lock.
  if (audit_ || is_auditing_ || !ready()) return;
  drifted_.clear();
  audit_.emplace();
  is_auditing_ = true;
  kernel_.audit();
}

void Agent::on_audit(Result<Installed> there) {
  is_auditing_ = false;
  if (!audit_) return;
  if (!there) {
    log_->warn("audit: reading the kernel's state: {}; next attempt in {} s", there.error().message,
               std::chrono::duration_cast<std::chrono::seconds>(options_.audit_interval).count());
    audit_.reset();
    return;
  }
  differences_ = 0;
  audit_->dumped(std::move(*there));
  go_on_ = true;
}

// A helping of the comparison; the next one comes after everything else that waits.
void Agent::audit_turn() {
  if (!audit_ || !audit_->has_dump()) return;
  if (audit_->is_pointless()) {
    log_->info("audit: too much changes at once; the next one comes in time");
    audit_.reset();
    return;
  }
  for (const auto& difference : audit_->next(installed_, options_.turn_limit)) {
    apply(difference);
    if (std::holds_alternative<HostChanged>(difference)) continue;  // nothing tells of that
    ++differences_;
    ++counters_.audit_differences;
  }
  if (!audit_->is_done()) {
    go_on_ = true;
    return;
  }
  audit_.reset();
  ++counters_.audits;
  if (differences_ == 0) return;
  log_->warn("audit: {} differences that the kernel had not told of; what is ours is put right",
             differences_);
}

}  // namespace kvtep::agent
