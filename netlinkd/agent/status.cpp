// What is told to whoever asks, put together from where it is known.
#include "netlinkd/agent/agent.hpp"

namespace kvtep::agent {

Status Agent::status() const {
  Status status{.switch_name = options_.settings.switch_name,
                .has_dump = has_dump_,
                .has_replica = has_replica_,
                .has_lock = has_lock_.value_or(false),
                .database_connected = connected_,
                .database_trouble = database_trouble_,
                .in_step = is_in_step_ && timers_.empty() && !hold_.holding(),  // what waits is not done
                .refused = retry_.refused(),
                .damped = damped(),
                .capabilities = capabilities_,
                .counters = counters_};
  if (hold_.holding()) status.held.emplace(hold_.holding()->before, hold_.amounts());
  status.issues = last_links_.conflicts;
  status.issues.insert(deaf_.begin(), deaf_.end());
  status.host_addresses = addresses_.size();
  for (const auto& [key, issues] : mac_issues_) status.issues.insert(issues.begin(), issues.end());
  for (const auto& [key, issues] : neighbour_issues_) status.issues.insert(issues.begin(), issues.end());
  if (desired_) {
    status.switches = desired_->switches.size();
    status.ports = desired_->ports.size();
    status.issues.insert(desired_->issues.begin(), desired_->issues.end());
  }
  status.issues.merge(issues_of_full_tables());
  return status;
}

}  // namespace kvtep::agent
