// The agent's side of hold_down.hpp: what is counted, and what is not taken away meanwhile.

#include <spdlog/spdlog.h>

#include "netlinkd/agent/agent.hpp"

namespace kvtep::agent {
namespace {

long long seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

void Agent::look_for_shrinking(const hwvtep::Database::Delta& delta, TimePoint now) {
  if (!hold_.is_on()) return;
  const auto& switches = delta.of<hwvtep::LogicalSwitch>();
  auto amounts = hold_.amounts();
  for (const auto& change : switches) {
    const auto before = change.before ? Vni::from_key(change.before->tunnel_key.value_or(0)) : std::nullopt;
    const auto after = change.after ? Vni::from_key(change.after->tunnel_key.value_or(0)) : std::nullopt;
    if (before) --amounts.keys;
    if (after) ++amounts.keys;
    if (after || !change.after) hold_.key_is_settled(change.uuid);
    if (before && !after && change.after) hold_.key_lost(change.uuid, *before, now);
  }
  amounts.rows =
      database_.table<hwvtep::UcastMacsRemote>().size() + database_.table<hwvtep::McastMacsRemote>().size();
  if (amounts == hold_.amounts()) return;
  const auto news = hold_.update(amounts, now);
  if (news == HoldDown::News::Begun) {
    const auto& before = hold_.holding()->before;
    log_->warn(
        "the controller's rows shrink: MAC rows {} -> {}, Logical_Switches with a VNI {} -> {}: nothing is "
        "taken "
        "away for {} s; at once by: kvtepctl apply",
        before.rows, amounts.rows, before.keys, amounts.keys, seconds(options_.hold_down.time));
    desired_is_stale_ = true;
  } else if (news == HoldDown::News::Back) {
    log_->info("the controller's rows are back: nothing is held any more");
    mark_everything_dirty();
  } else if (hold_.holding() && !switches.empty()) {
    desired_is_stale_ = true;
  }
}

bool Agent::is_held(const planner::Step& step) const {
  if (!step.is_removal || !hold_.holding()) return false;
  if (const auto* removal = std::get_if<DeleteLink>(&step.op)) {
    // A binding that is taken away is an operator's wish, and a VLAN device is no more than that.
    const Link* link = installed_.link(removal->index);
    return link != nullptr && !std::holds_alternative<VlanInfo>(link->info);
  }
  return std::holds_alternative<RemoveRemoteMac>(step.op) ||
         std::holds_alternative<RemoveFloodDestination>(step.op) ||
         std::holds_alternative<RemoveServiceNode>(step.op) ||
         std::holds_alternative<RemoveNeighbour>(step.op) || std::holds_alternative<SetSourceFilter>(step.op);
}

void Agent::end_hold(const char* why) {
  log_->warn("{}: what the controller took away goes now", why);
  hold_.end();
  mark_everything_dirty();
}

bool Agent::apply_now(TimePoint now) {
  if (!hold_.holding()) return false;
  end_hold("told to apply the database as it is");
  work(now);
  return true;
}

}  // namespace kvtep::agent
