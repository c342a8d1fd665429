// The agent's way towards the database: one transaction at a time; what changes meanwhile goes into the next
// one.

#include <utility>

#include "netlinkd/agent/agent.hpp"

namespace kvtep::agent {

void Agent::publish(TimePoint now) {
  if (!connected_ || commit_in_flight_ || unreported_.empty()) return;
  if (next_commit_ && now < *next_commit_) return;
  next_commit_.reset();

  Desired nothing_yet;
  if (!desired_) nothing_yet.inventory = planner::inventory(view(), installed_);
  const auto scope = std::exchange(unreported_, planner::ReportScope::nothing());
  const auto current = view();
  auto report = planner::report(
      {.view = current,
       .desired = desired_ ? *desired_ : nothing_yet,
       .installed = installed_,
       .faults = last_faults_,
       .address_of = [this](Vni vni,
                            const MacAddress& mac) { return told_address({.vni = vni, .mac = mac}); },
       .binding_sums = has_counts_ ? &counts_.sums() : nullptr},
      scope, options_.report_limit);
  unreported_ = std::move(report.rest);
  if (report.transaction.empty()) return;
  ++counters_.transactions;
  commit_in_flight_ = next_token_++;
  commits_.submit(*commit_in_flight_, std::move(report.transaction));
}

}  // namespace kvtep::agent
