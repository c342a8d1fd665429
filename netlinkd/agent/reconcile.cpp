// The agent's way towards the kernel: what is to be looked at again becomes a plan, a plan a round of
// operations.

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "netlinkd/agent/agent.hpp"

namespace kvtep::agent {

bool Agent::ready() const {
  return has_dump_ && !events_during_dump_ && has_replica_ && has_lock_.value_or(false);
}

void Agent::say(const Issue& issue) {
  if (!said_.insert(issue).second) return;
  log_->log(issue.is_expected ? spdlog::level::debug : spdlog::level::warn, "left out: {}: {}", issue.object,
            issue.reason);
}

void Agent::refresh_desired() {
  if (!std::exchange(desired_is_stale_, false)) return;
  auto next = planner::desired(view(), installed_);
  if (!next) {
    // What is there stays: without an address of our own nothing can be said about what ought to be there.
    say({.object = "Physical_Switch " + options_.settings.switch_name,
         .reason =
             "it has no tunnel IP (--tunnel-ip, Physical_Switch.tunnel_ips): what is there stays as it is"});
    return;
  }
  if (desired_ == next) return;
  for (const auto& [vni, wish] : desired_ ? desired_->switches : std::map<Vni, DesiredSwitch>{}) {
    const auto again = next->switches.find(vni);
    if (again == next->switches.end() || again->second.logical_switch != wish.logical_switch) {
      forget_switch(vni);
    } else if (again->second.vxlan != wish.vxlan || again->second.has_own_vni != wish.has_own_vni) {
      switch_links_.erase(vni);  // its MACs are looked at again; who came first is still known
    }
  }
  if (!desired_ || desired_->ports != next->ports) bindings_changed_ = true;
  desired_ = std::move(next);
  drift_.wishes_changed();
  links_dirty_ = true;
  forget_what_was_mended();
  for (const auto& issue : desired_->issues) say(issue);
}

// What is said once may be said again when it comes back; and rows come and go without end.
void Agent::forget_what_was_mended() {
  if (said_.empty()) return;
  std::set<Issue> there = last_links_.conflicts;
  there.insert(desired_->issues.begin(), desired_->issues.end());
  for (const auto& [key, issues] : mac_issues_) there.insert(issues.begin(), issues.end());
  for (const auto& [key, issues] : neighbour_issues_) there.insert(issues.begin(), issues.end());
  std::erase_if(said_, [&](const Issue& issue) { return !there.contains(issue); });
}

void Agent::forget_switch(Vni vni) {
  switch_links_.erase(vni);
  followed_.erase(vni);
  std::erase_if(mac_issues_, [&](const auto& entry) { return entry.first.vni == vni; });
  std::erase_if(neighbour_issues_, [&](const auto& entry) { return entry.first.vni == vni; });
  absl::erase_if(yields_, [&](const auto& entry) { return entry.first.vni == vni; });
}

// Finds the devices of every switch; the MACs of one whose devices are new are all looked at again.
void Agent::refresh_switch_links() {
  std::vector<Vni> found;
  std::map<Vni, planner::SwitchLinks> links_now;
  absl::flat_hash_map<IfIndex, Vni> vni_of_link;
  for (const auto& [vni, wish] : desired_->switches) {
    const auto links = planner::switch_links(wish, installed_, options_.settings.switch_name);
    if (!links) continue;
    const auto before = switch_links_.find(vni);
    if (before == switch_links_.end() || before->second != *links) found.push_back(vni);
    links_now.emplace(vni, *links);
    vni_of_link[links->bridge] = vni;
    vni_of_link[links->vxlan] = vni;
  }
  switch_links_ = std::move(links_now);
  std::erase_if(followed_, [&](const auto& entry) {
    const auto links = switch_links_.find(entry.first);
    return links == switch_links_.end() || links->second.bridge != entry.second;
  });
  vni_of_link_ = std::move(vni_of_link);
  for (const auto vni : found) begin_scan(vni);
}

void Agent::begin_scan(Vni vni) {
  unreported_.everything = true;  // what was learned while the devices were not known to be the switch's
  if (!scans_.empty() && scans_.front() == vni) scan_.reset();
  if (std::ranges::find(scans_, vni) == scans_.end()) scans_.push_back(vni);
}

// Looks at the next MACs and neighbours of the switch whose turn it is.
void Agent::scan_some(std::size_t& budget) {
  const auto vni = scans_.front();
  const auto wish = desired_->switches.find(vni);
  const auto links = switch_links_.find(vni);
  if (wish == desired_->switches.end() || links == switch_links_.end()) {
    scans_.pop_front();
    scan_.reset();
    return;
  }
  const auto rows = index_.remote_macs().find(wish->second.logical_switch);
  if (!scan_) {
    scan_.emplace();
    if (rows != index_.remote_macs().end()) {
      for (const auto& [mac, ids] : rows->second) scan_->macs.push_back(mac);
    }
    for (const auto& [mac, entry] : installed_.vxlan_table(links->second.vxlan).hosts)
      scan_->macs.push_back(mac);
    for (const auto& [mac, entry] : installed_.bridge_table(links->second.bridge)) {
      if (entry.port == links->second.vxlan) scan_->macs.push_back(mac);
    }
    for (const auto& [address, ids] : index_.remote_addresses(wish->second.logical_switch))
      scan_->addresses.push_back(address);
    for (const auto& [address, entry] : installed_.neighbours(links->second.bridge))
      scan_->addresses.push_back(address);
  }
  const bool is_news = !followed_.contains(vni);
  for (; !scan_->macs.empty() && budget > 0; --budget) {
    const auto mac = scan_->macs.back();
    scan_->macs.pop_back();
    const auto wanted = planner::remote_destination(view(), wish->second.logical_switch, mac,
                                                    planner::tunnel_end(wish->second));
    // Which came first, the entry or the row, cannot be told any more: the host is where its frames come
    // from.
    if (is_news && wanted && planner::local_port(installed_, links->second, mac))
      yields_.try_emplace(MacKey{vni, mac}, *wanted);
    if (step_for({vni, mac})) mark_dirty({true, vni, mac});
  }
  for (; !scan_->addresses.empty() && budget > 0; --budget) {
    const NeighbourKey key{vni, scan_->addresses.back()};
    scan_->addresses.pop_back();
    if (step_for(key)) mark_dirty({.vni = vni, .address = key.address});
  }
  if (!scan_->empty()) return;
  followed_[vni] = links->second.bridge;
  scans_.pop_front();
  scan_.reset();
}

void Agent::reconcile(TimePoint now) {
  if (in_flight_ || !desired_) return;
  std::vector<KernelOp> ops;
  if (std::exchange(links_dirty_, false)) {
    refresh_switch_links();
    plan_links(ops, now);
  }
  auto budget = options_.turn_limit;
  while (has_work() && budget > 0 && ops.size() < options_.round_limit) {
    if (dirty_macs_.empty() && dirty_neighbours_.empty()) {
      scan_some(budget);
      continue;
    }
    --budget;
    // A host's address is answered for once there is a way to the host.
    if (dirty_macs_.empty()) {
      const auto key = dirty_neighbours_.front();
      dirty_neighbours_.pop_front();
      is_dirty_neighbour_.erase(key);
      plan_neighbour(key, ops, now);
      continue;
    }
    const auto key = dirty_macs_.front();
    dirty_macs_.pop_front();
    is_dirty_mac_.erase(key);
    plan_mac(key, ops, now);
  }
  if (ops.empty()) {
    go_on_ = go_on_ || has_work();
    arrive_in_step();
    return;
  }
  is_in_step_ = false;
  in_flight_ = true;
  ++counters_.rounds;
  counters_.operations += ops.size();
  kernel_.submit(std::move(ops));
}

void Agent::plan_links(std::vector<KernelOp>& ops, TimePoint now) {
  auto plan = planner::plan_links(*desired_, installed_, options_.settings.switch_name);
  last_links_ = std::move(plan);
  for (const auto& conflict : last_links_.conflicts) say(conflict);
  for (const auto& object : drift_.look(last_links_.steps, installed_)) note_drift(object, object);

  absl::flat_hash_set<OpKey> wished;
  std::size_t deletions = 0;
  for (const auto& step : last_links_.steps) {
    wished.insert(key_of(step.op));
    const bool is_deletion = std::holds_alternative<DeleteLink>(step.op);
    if (ops.size() >= options_.link_round_limit ||
        (is_deletion && deletions >= options_.deletion_round_limit)) {
      links_dirty_ = true;
      continue;
    }
    const auto before = ops.size();
    accept(step, kLinks, ops, now);
    if (is_deletion) deletions += ops.size() - before;
  }
  // Remote hosts are planned one by one, elsewhere.
  const auto is_wished = [&](const OpKey& key) { return key.is_of_host() || wished.contains(key); };
  removals_.forget_unless(is_wished);
  retry_.forget_unless(is_wished);
}

std::optional<planner::Step> Agent::step_for(const MacKey& key) {
  const auto wish = desired_->switches.find(key.vni);
  const auto links = switch_links_.find(key.vni);
  if (wish == desired_->switches.end() || links == switch_links_.end()) return std::nullopt;
  std::set<Issue> issues;
  const auto wanted = planner::remote_destination(view(), wish->second.logical_switch, key.mac,
                                                  planner::tunnel_end(wish->second), &issues);
  const auto& table = installed_.bridge_table(links->second.bridge);
  const auto entry = table.find(key.mac);
  if (wanted && entry != table.end() && entry->second.kind == BridgeEntryKind::Permanent) {
    issues.insert({.object = "the remote MAC " + key.mac.to_string(),
                   .reason = "it is the address of a device in the switch's own bridge"});
  }
  for (const auto& issue : issues) say(issue);
  if (!issues.empty()) {
    mac_issues_[key] = std::move(issues);
  } else if (!mac_issues_.empty()) {
    mac_issues_.erase(key);
  }
  const auto yield = yields_.find(key);
  const bool yields = yield != yields_.end() && wanted == yield->second;
  if (yield != yields_.end() && !yields) yields_.erase(yield);  // the row has changed since: it wins
  return planner::plan_remote_mac(key.mac, wanted, yields, links->second, installed_);
}

void Agent::plan_mac(const MacKey& key, std::vector<KernelOp>& ops, TimePoint now) {
  if (damper_.is_damped(key, now)) return;  // its alarm brings it back
  const auto step = step_for(key);
  const auto before = ops.size();
  if (step) accept(*step, {true, key.vni, key.mac}, ops, now);
  if (ops.size() > before) macs_in_flight_.insert(key);
  const auto links = switch_links_.find(key.vni);
  if (links == switch_links_.end() || (removals_.empty() && retry_.empty())) return;
  // What is not asked for any more need not be waited for.
  const auto asked = step ? std::optional(key_of(step->op)) : std::nullopt;
  for (const KernelOp& op :
       {KernelOp(SetRemoteMac{.vxlan = links->second.vxlan, .mac = key.mac, .destination = {}}),
        KernelOp(RemoveRemoteMac{.vxlan = links->second.vxlan, .mac = key.mac})}) {
    const auto other = key_of(op);
    if (other == asked) continue;
    removals_.forget(other);
    retry_.forget(other);
  }
}

void Agent::accept(const planner::Step& step, const Unit& unit, std::vector<KernelOp>& ops, TimePoint now) {
  const auto key = key_of(step.op);
  if (is_held(step)) return;
  if (step.is_removal) {
    const auto turn = removals_.ask(key, now);
    if (turn.is_new) timers_.emplace(turn.due, unit);
    if (now < turn.due) return;
  }
  if (const auto done = done_.find(key); done != done_.end() && done->second.op == step.op) {
    // Acknowledged and still to be done: somebody undoes it, or the kernel means something else by it. Not in
    // a loop.
    const auto words =
        done->second.words.empty() ? describe(step.op) + ": acknowledged, but not so" : done->second.words;
    done_.erase(done);
    ++counters_.ineffective;
    if (!retry_.contains(key)) log_->warn("{}; it is tried again, later each time", words);
    const auto next = retry_.failed(key, step.op, words, false, now);
    if (next) timers_.emplace(*next, unit);
    return;
  }
  if (!retry_.may_try(key, step.op, now)) return;
  ops.push_back(step.op);
  // Another state of the same object is wished for: its removal waits anew when it is asked for.
  if (!step.is_removal) removals_.forget(key);
}

void Agent::on_results(const std::vector<OpResult>& results, TimePoint now) {
  in_flight_ = false;
  macs_in_flight_.clear();
  neighbours_in_flight_.clear();
  done_.clear();
  for (const auto& result : results) note_result(result, now);
  if (!events_during_dump_) work(now);
}

void Agent::note_result(const OpResult& result, TimePoint now) {
  const auto key = key_of(result.op);
  const auto unit = unit_of(result.op);
  mark_dirty(unit);
  const auto reaction = result.error ? react(result.op, *result.error) : Reaction::AlreadySo;
  if (result.error) ++counters_.operations_refused;
  if (reaction == Reaction::AlreadySo) {
    if (result.error) ++counters_.already_so;
    done_.emplace(key, Done{.op = result.op, .words = result.error ? result.error->message : ""});
    return;
  }
  // What the kernel lacks it will not have the next time either.
  const auto missing = missing_for(result.op);
  const auto words = missing ? result.error->message + ": " + *missing : result.error->message;
  const bool park = reaction == Reaction::Park || missing;
  const auto next = retry_.failed(key, result.op, words, park, now, result.error->code.value());
  if (!next) {
    log_->error("{}; left as it is until something else is asked for", words);
    return;
  }
  timers_.emplace(*next, unit);
  log_->warn("{}; next attempt in {} ms", words,
             std::chrono::duration_cast<std::chrono::milliseconds>(*next - now).count());
}

Unit Agent::unit_of(const KernelOp& op) const {
  const auto key = key_of(op);
  const bool is_mac = std::holds_alternative<SetRemoteMac>(op) || std::holds_alternative<RemoveRemoteMac>(op);
  const auto vni = vni_of_link_.find(key.index);
  if (key.address && vni != vni_of_link_.end()) return {.vni = vni->second, .address = key.address};
  if (!is_mac || vni == vni_of_link_.end()) return kLinks;
  return {.is_mac = true, .vni = vni->second, .mac = key.mac};
}

void Agent::arrive_in_step() {
  if (is_in_step_ || !timers_.empty() || go_on_) return;
  is_in_step_ = true;
  if (std::exchange(has_announced_, true)) return;
  log_->info("in step with the database: switches={} ports={} operations={}", desired_->switches.size(),
             desired_->ports.size(), counters_.operations);
}

}  // namespace kvtep::agent
