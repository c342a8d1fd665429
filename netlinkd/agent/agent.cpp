#include "netlinkd/agent/agent.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "netlinkd/base/overloaded.hpp"
#include "netlinkd/planner/ownership.hpp"

namespace kvtep::agent {
namespace {

constexpr auto kLeastDelayForHold = std::chrono::seconds(2);
constexpr std::size_t kMostUnreported = 100'000;
constexpr auto kFirstPause = std::chrono::milliseconds(100);
constexpr auto kLongestPause = std::chrono::seconds(10);

Duration pause_after(unsigned failures) {
  return std::min<Duration>(kFirstPause * (1U << std::min(failures, 10U)), kLongestPause);
}

}  // namespace

Agent::Agent(Options options, const hwvtep::Database& database, KernelPort& kernel, DatabasePort& commits,
             std::shared_ptr<spdlog::logger> log)
    : options_(std::move(options)),
      database_(database),
      kernel_(kernel),
      commits_(commits),
      log_(std::move(log)),
      // A controller that takes its rows back one by one needs a while until that can be told.
      removals_(options_.hold_down.share > 0 ? std::max<Duration>(options_.removal_delay, kLeastDelayForHold)
                                             : options_.removal_delay),
      hold_(options_.hold_down),
      retry_(options_.retry),
      addresses_(options_.addresses_per_port) {}

void Agent::start() { request_dump(); }

void Agent::request_dump() {
  if (events_during_dump_) {
    dump_again_ = true;
    return;
  }
  audit_.reset();  // it would find what this dump finds
  events_during_dump_.emplace();
  ++counters_.dumps;
  kernel_.dump();
}

void Agent::on_database(const DatabaseEvent& event, TimePoint now) {
  std::visit(
      Overloaded{[&](const DatabaseChanged& e) { changed(e, now); }, [&](const DatabaseLost& e) { lost(e); },
                 [&](const LockChanged& e) { locked(e); }, [&](const Committed& e) { committed(e, now); }},
      event);
  work(now);
}

void Agent::changed(const DatabaseChanged& event, TimePoint now) {
  connected_ = true;
  if (failed_commits_ == 0) database_trouble_.clear();
  look_for_shrinking(event.delta, now);
  if (!has_replica_) {
    has_replica_ = true;
    index_ = planner::Index::of(database_);
    followed_.clear();
    mark_everything_dirty();
    return;
  }
  index_.update(event.delta);
  note_delta(event.delta);
  // Ephemeral columns are empty after a restart of the server, and it may be another file: look at all of our
  // rows.
  if (event.initial) unreported_ = {.everything = true};
}

void Agent::note_delta(const hwvtep::Database::Delta& delta) {
  note_addresses(delta);
  const auto mark = [&](const ovsdb::Uuid& logical_switch, const std::string& text, auto&& action) {
    if (!desired_) return;
    const auto vni = desired_->vni_of.find(logical_switch);
    const auto mac = planner::parse_host_mac(text);
    if (vni != desired_->vni_of.end() && mac) action(MacKey{vni->second, *mac});
  };
  for (const auto& change : delta.of<hwvtep::UcastMacsRemote>()) {
    for (const auto* row :
         {change.before ? &*change.before : nullptr, change.after ? &*change.after : nullptr}) {
      if (row == nullptr) continue;
      mark(row->logical_switch, row->MAC, [&](const MacKey& key) { mark_dirty({true, key.vni, key.mac}); });
      if (!planner::parse_host_mac(row->MAC)) desired_is_stale_ = true;  // an issue comes or goes
    }
  }
  for (const auto& change : delta.of<hwvtep::UcastMacsLocal>()) {
    for (const auto* row :
         {change.before ? &*change.before : nullptr, change.after ? &*change.after : nullptr}) {
      if (row == nullptr) continue;
      mark(row->logical_switch, row->MAC, [&](const MacKey& key) { note_unreported(key); });
      // A row of ours in a switch that has no local MACs (any more): found only by looking at all of them.
      if (!desired_ || !desired_->vni_of.contains(row->logical_switch)) unreported_.everything = true;
    }
  }
  const auto macs = delta.of<hwvtep::UcastMacsRemote>().size() + delta.of<hwvtep::UcastMacsLocal>().size();
  if (delta.size() > macs + changes_of_stats(delta)) {
    desired_is_stale_ = true;
    unreported_.everything = true;
  }
  // The key of a locator may change under the rows that name it.
  for (const auto& change : delta.of<hwvtep::PhysicalLocator>()) {
    if (change.before && change.after) {
      mark_everything_dirty();
      break;
    }
  }
}

void Agent::lost(const DatabaseLost& event) {
  if (connected_) {
    log_->warn(
        "the database is out of reach ({}): forwarding goes on as it is, nothing is published until it is "
        "back",
        event.reason);
  }
  connected_ = false;
  database_trouble_ = event.reason;
  commit_in_flight_.reset();
}

void Agent::locked(const LockChanged& event) {
  if (has_lock_ == event.held) return;
  has_lock_ = event.held;
  stop_listening();  // where another daemon had the lock, the rows know better
  if (event.held) {
    log_->info("this daemon has the lock of the switch '{}'", options_.settings.switch_name);
    drift_.wishes_changed();  // what another daemon did is no drift
    followed_.clear();
    counts_ = {};  // what another daemon counted is in the database
    has_counts_ = false;
    last_count_.reset();
    mark_everything_dirty();
  } else {
    log_->warn("another daemon has the lock of the switch '{}': waiting, kernel and database are left alone",
               options_.settings.switch_name);
  }
}

void Agent::committed(const Committed& event, TimePoint now) {
  if (!commit_in_flight_ || *commit_in_flight_ != event.token) return;
  commit_in_flight_.reset();
  if (event.outcome == CommitOutcome::Done) {
    failed_commits_ = 0;
    database_trouble_.clear();
    return;
  }
  ++counters_.transactions_refused;
  // Whatever came of it, the rows that are there tell: look at all of them again.
  unreported_ = {.everything = true};
  if (event.outcome == CommitOutcome::Unknown) return;
  const auto pause = pause_after(failed_commits_++);
  next_commit_ = now + pause;
  if (event.outcome == CommitOutcome::Refused || failed_commits_ > 3) {
    database_trouble_ = event.message;
    log_->warn("publishing to the database: the server refuses: {}; next attempt in {} ms", event.message,
               std::chrono::duration_cast<std::chrono::milliseconds>(pause).count());
  }
}

void Agent::on_events(const std::vector<KernelEvent>& events, TimePoint now) {
  counters_.kernel_events += events.size();
  now_ = now;
  for (const auto& event : events) {
    if (std::holds_alternative<Overrun>(event)) {
      ++counters_.overruns;
      log_->warn(
          "the kernel's notifications came faster than they were read, some are lost: reading everything "
          "anew");
      request_dump();
    } else if (events_during_dump_) {
      events_during_dump_->push_back(event);
    } else {
      if (audit_) audit_->heard(event);
      apply(event);
    }
  }
  if (!events_during_dump_) work(now);
}

void Agent::on_snapshot(const Result<Snapshot>& snapshot, TimePoint now) {
  auto events = std::exchange(events_during_dump_, std::nullopt);
  if (!snapshot) {
    const auto pause = pause_after(failed_dumps_++);
    log_->error("reading the kernel's state: {}; next attempt in {} ms", snapshot.error().message,
                std::chrono::duration_cast<std::chrono::milliseconds>(pause).count());
    dump_again_ = true;
    has_dump_ = false;  // what came meanwhile is gone with it
    timers_.emplace(now + pause, kLinks);
    return;
  }
  failed_dumps_ = 0;
  installed_ = Installed::from(*snapshot);
  has_dump_ = true;
  // Notifications that came during the dump may be older or newer than what it says of an object; the last
  // one of each object is newer than any dump of it, or agrees.
  if (events) {
    for (const auto& event : *events) installed_.apply(event);
  }
  retry_.clear();
  followed_.clear();  // what was learned during the dump is in it, or was put over it
  switch_links_.clear();
  may_have_lost_hosts_ = true;
  mark_everything_dirty();
  if (!next_audit_ && options_.audit_interval > Duration::zero()) next_audit_ = now + options_.audit_interval;
  if (std::exchange(dump_again_, false)) request_dump();
  work(now);
}

bool Agent::concerns_ports(const KernelEvent& event) const {
  const auto is_foreign = [&](const Link* link) {
    return link != nullptr && !planner::is_owned(*link, options_.settings.switch_name);
  };
  if (const auto* changed = std::get_if<LinkChanged>(&event)) {
    return is_foreign(&changed->link) || is_foreign(installed_.link(changed->link.index));
  }
  const auto* gone = std::get_if<LinkGone>(&event);
  return gone != nullptr && is_foreign(installed_.link(gone->index));
}

void Agent::apply(const KernelEvent& event) {
  if (const auto* gone = std::get_if<LinkGone>(&event)) {
    const auto is_elsewhere = [&](const OpKey& key) { return key.index != gone->index; };
    removals_.forget_unless(is_elsewhere);
    retry_.forget_unless(is_elsewhere);
  }
  const bool may_change_inventory = concerns_ports(event);
  const auto mac = mac_of(event);
  const bool was_in_place = mac && is_in_place(*mac);
  const auto neighbour = neighbour_of(event);
  const bool was_answered = neighbour && is_in_place(*neighbour);
  note_move(event);
  if (!installed_.apply(event)) return;
  is_in_step_ = false;
  if (may_change_inventory) {
    desired_is_stale_ = true;
    unreported_.everything = true;
  }
  std::visit(
      Overloaded{[&](const BridgeEntryChanged& e) { note_bridge_entry(e.entry); },
                 [&](const BridgeEntryGone& e) { note_bridge_entry(e.entry); },
                 [&](const VxlanEntryChanged& e) { note_vxlan_entry(e.entry); },
                 [&](const VxlanEntryGone& e) { note_vxlan_entry(e.entry); },
                 [&](const NeighbourChanged& e) { note_neighbour(e.neighbour.device, e.neighbour.address); },
                 [&](const NeighbourGone& e) { note_neighbour(e.device, e.address); },
                 [&](const GroupJoined&) { unreported_.groups = true; },
                 [&](const GroupLeft&) { unreported_.groups = true; },
                 [&](const HostChanged&) { desired_is_stale_ = true; },  // its issues
                 [&](const auto&) { mark_dirty(kLinks); }},
      event);
  if (was_in_place && needs_work(*mac)) note_mac_drift(*mac);
  if (was_answered && needs_work(*neighbour)) note_neighbour_drift(*neighbour);
}

void Agent::note_bridge_entry(const BridgeEntry& entry) {
  const auto vni = vni_of_link_.find(entry.bridge);
  if (vni == vni_of_link_.end()) return;
  const MacKey key{vni->second, entry.mac};
  note_unreported(key);
  mark_dirty({true, key.vni, key.mac});
  if (!desired_) return;
  const auto wish = desired_->switches.find(key.vni);
  const auto links = switch_links_.find(key.vni);
  if (wish == desired_->switches.end() || links == switch_links_.end()) {
    followed_.erase(key.vni);  // its devices have to be found first
    return;
  }
  const auto port = planner::local_port(installed_, links->second, entry.mac);
  follow_host(key, port);
  if (!port) {
    yields_.erase(key);
    return;
  }
  const auto wanted = planner::remote_destination(view(), wish->second.logical_switch, entry.mac,
                                                  planner::tunnel_end(wish->second));
  if (!wanted) return;
  ++counters_.local_wins;
  yields_.insert_or_assign(key, *wanted);
}

void Agent::note_vxlan_entry(const VxlanEntry& entry) {
  const auto vni = vni_of_link_.find(entry.device);
  if (vni == vni_of_link_.end()) return;
  if (entry.mac.is_zero() || entry.mac.is_group()) {
    mark_dirty(kLinks);
  } else {
    mark_dirty({true, vni->second, entry.mac});
  }
}

void Agent::note_unreported(const MacKey& key) {
  if (unreported_.everything || damper_.is_damped(key, now_)) return;
  unreported_.macs.emplace(key.vni, key.mac);
  // While the database is away hosts come and go without end.
  if (unreported_.macs.size() > kMostUnreported) unreported_ = {.everything = true};
}

void Agent::mark_dirty(const Unit& unit) {
  if (unit.address) {
    const NeighbourKey key{unit.vni, *unit.address};
    if (is_dirty_neighbour_.insert(key).second) dirty_neighbours_.push_back(key);
  } else if (!unit.is_mac) {
    links_dirty_ = true;
  } else if (const MacKey key{unit.vni, unit.mac}; is_dirty_mac_.insert(key).second) {
    dirty_macs_.push_back(key);
  }
}

void Agent::mark_everything_dirty() {
  desired_is_stale_ = true;
  links_dirty_ = true;
  switch_links_.clear();  // every MAC is looked at again as its switch's devices are found
  scans_.clear();
  scan_.reset();
  unreported_ = {.everything = true};
}

void Agent::on_timer(TimePoint now) {
  go_on_ = false;
  now_ = now;
  while (!timers_.empty() && timers_.begin()->first <= now) {
    mark_dirty(timers_.begin()->second);
    end_damping(timers_.begin()->second);
    timers_.erase(timers_.begin());
  }
  if (next_commit_ && *next_commit_ <= now) next_commit_.reset();
  tell_changed_hosts(now);
  if (dump_again_ && !events_during_dump_) {
    dump_again_ = false;
    request_dump();
  }
  if (hold_.holding() && hold_.holding()->until <= now) end_hold("the hold-down is over");
  if (next_audit_ && *next_audit_ <= now) start_audit(now);
  audit_turn();
  if (next_count_ && *next_count_ <= now) start_count(now);
  work(now);
}

std::optional<TimePoint> Agent::deadline() const {
  if (go_on_) return TimePoint{};  // long past
  std::optional<TimePoint> first = next_commit_;
  if (next_audit_ && (!first || *next_audit_ < *first)) first = next_audit_;
  if (next_count_ && (!first || *next_count_ < *first)) first = next_count_;
  if (hold_.holding() && (!first || hold_.holding()->until < *first)) first = hold_.holding()->until;
  if (!timers_.empty() && (!first || timers_.begin()->first < *first)) first = timers_.begin()->first;
  if (!changed_hosts_.empty() && (!first || next_telling_ < *first)) first = next_telling_;
  return first;
}

void Agent::work(TimePoint now) {
  if (!ready()) return;
  const bool may_listen_elsewhere = desired_is_stale_;
  refresh_desired();
  if (may_listen_elsewhere) listen();
  look_after_addresses(now);
  plan_count(now);
  publish(now);  // first: a controller waits for our rows to go
  reconcile(now);
  look_at_faults();
  publish(now);  // what was found on the way
}

}  // namespace kvtep::agent
