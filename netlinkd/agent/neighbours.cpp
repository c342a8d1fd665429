// For which IP addresses of remote hosts the bridges answer: Ucast_Macs_Remote.ipaddr, kept in the kernel's
// neighbour tables.
#include <utility>

#include "netlinkd/agent/agent.hpp"
#include "netlinkd/planner/neighbours.hpp"

namespace kvtep::agent {

void Agent::note_addresses(const hwvtep::Database::Delta& delta) {
  if (!desired_) return;
  const auto note = [&](const hwvtep::UcastMacsRemote& row) {
    if (row.ipaddr.empty()) return;
    const auto address = planner::parse_host_address(row.ipaddr);
    if (!address) desired_is_stale_ = true;  // an issue comes or goes
    const auto vni = desired_->vni_of.find(row.logical_switch);
    if (!address || vni == desired_->vni_of.end()) return;
    mark_dirty({.vni = vni->second, .address = address});
    const bool has_answers = planner::has_answers(view(), row.logical_switch);
    if (desired_->switches.at(vni->second).answers_for_hosts != has_answers) desired_is_stale_ = true;
  };
  for (const auto& change : delta.of<hwvtep::UcastMacsRemote>()) {
    if (change.before) note(*change.before);
    if (change.after) note(*change.after);
  }
}

// None where an operation on it is under way, whose own doing the event is.
std::optional<Agent::NeighbourKey> Agent::neighbour_of(const KernelEvent& event) const {
  const auto key = [&](IfIndex bridge, const IpAddress& address) -> std::optional<NeighbourKey> {
    const auto vni = vni_of_link_.find(bridge);
    if (vni == vni_of_link_.end()) return std::nullopt;
    const NeighbourKey found{vni->second, address};
    return neighbours_in_flight_.contains(found) ? std::nullopt : std::optional(found);
  };
  if (const auto* e = std::get_if<NeighbourChanged>(&event))
    return key(e->neighbour.device, e->neighbour.address);
  if (const auto* e = std::get_if<NeighbourGone>(&event)) return key(e->device, e->address);
  return std::nullopt;
}

// As the database wants it, and nobody else's.
bool Agent::is_in_place(const NeighbourKey& key) const {
  if (!desired_) return false;
  const bool is_done =
      desired_->switches.contains(key.vni) && switch_links_.contains(key.vni) && !needs_work(key);
  return is_done && planner::foreign_neighbour(key.address, switch_links_.at(key.vni), installed_) == nullptr;
}

bool Agent::needs_work(const NeighbourKey& key) const {
  std::set<Issue> issues;
  return peek_step_for(key, issues).has_value();
}

void Agent::note_neighbour(IfIndex bridge, const IpAddress& address) {
  const auto vni = vni_of_link_.find(bridge);
  if (vni == vni_of_link_.end()) return;
  mark_dirty({.vni = vni->second, .address = address});
  if (!desired_) return;
  const auto wish = desired_->switches.find(vni->second);
  if (wish == desired_->switches.end() || wish->second.answers_for_hosts) return;
  // The bridge answers until the last entry is gone, which nobody but us is waiting for.
  drift_.wishes_changed();
  links_dirty_ = true;
}

void Agent::note_neighbour_drift(const NeighbourKey& key) {
  const Link* bridge = installed_.link(switch_links_.at(key.vni).bridge);
  const auto name = bridge != nullptr ? bridge->name : std::string("a device that is gone");
  note_drift("neighbours of " + name, "the neighbour " + key.address.to_string() + " (" + name +
                                          "; further ones of it are only counted)");
}

std::optional<planner::Step> Agent::peek_step_for(const NeighbourKey& key, std::set<Issue>& issues) const {
  const auto wish = desired_->switches.find(key.vni);
  const auto links = switch_links_.find(key.vni);
  if (wish == desired_->switches.end() || links == switch_links_.end()) return std::nullopt;
  const auto wanted = planner::remote_neighbour(view(), wish->second.logical_switch, key.address,
                                                planner::tunnel_end(wish->second), &issues);
  if (wanted && planner::foreign_neighbour(key.address, links->second, installed_) != nullptr) {
    issues.insert({.object = "the neighbour " + key.address.to_string() + " of " + wish->second.bridge_name,
                   .reason = "somebody else's entry is there: it is left alone"});
  }
  return planner::plan_neighbour(key.address, wanted, links->second, installed_);
}

std::optional<planner::Step> Agent::step_for(const NeighbourKey& key) {
  std::set<Issue> issues;
  auto step = peek_step_for(key, issues);
  for (const auto& issue : issues) say(issue);
  if (!issues.empty()) {
    neighbour_issues_[key] = std::move(issues);
  } else if (!neighbour_issues_.empty()) {
    neighbour_issues_.erase(key);
  }
  return step;
}

void Agent::plan_neighbour(const NeighbourKey& key, std::vector<KernelOp>& ops, TimePoint now) {
  const auto step = step_for(key);
  const auto before = ops.size();
  if (step) accept(*step, {.vni = key.vni, .address = key.address}, ops, now);
  if (ops.size() > before) neighbours_in_flight_.insert(key);
  const auto links = switch_links_.find(key.vni);
  if (links == switch_links_.end() || (removals_.empty() && retry_.empty())) return;
  // What is not asked for any more need not be waited for.
  const auto asked = step ? std::optional(key_of(step->op)) : std::nullopt;
  const auto bridge = links->second.bridge;
  for (const KernelOp& op : {KernelOp(SetNeighbour{.bridge = bridge, .address = key.address, .mac = {}}),
                             KernelOp(RemoveNeighbour{.bridge = bridge, .address = key.address})}) {
    const auto other = key_of(op);
    if (other == asked) continue;
    removals_.forget(other);
    retry_.forget(other);
  }
}

}  // namespace kvtep::agent
