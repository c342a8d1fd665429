// What the kernel was found to lack, and which operations cannot work for that reason.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "netlinkd/agent/agent.hpp"
#include "netlinkd/base/overloaded.hpp"

namespace kvtep::agent {
namespace {

using Needed = std::optional<Feature>;

Needed needed_for(const VxlanInfo& info) {
  const bool is_v6 = info.local && !info.local->is_v4();
  return is_v6 ? Feature::Ipv6Tunnels : Feature::VxlanDevices;
}

Needed needed_for(const KernelOp& op) {
  return std::visit(Overloaded{[](const CreateBridge&) -> Needed { return Feature::Bridges; },
                               [](const CreateVxlan& o) { return needed_for(o.info); },
                               [](const CreateVlan&) -> Needed { return Feature::VlanDevices; },
                               [](const SetServiceNode&) -> Needed { return Feature::NexthopGroups; },
                               [](const SetTagFilter&) -> Needed { return Feature::TagFilters; },
                               [](const SetAnnouncer&) -> Needed { return Feature::Announcers; },
                               [](const SetSourceFilter&) -> Needed { return Feature::SourceFilters; },
                               [](const auto&) -> Needed { return std::nullopt; }},
                    op);
}

}  // namespace

void Agent::on_capabilities(const Result<Capabilities>& capabilities, TimePoint now) {
  if (!capabilities) {
    log_->warn("what this kernel lacks is not known: {}", capabilities.error().message);
    return;
  }
  capabilities_ = *capabilities;
  desired_is_stale_ = true;
  if (!view().answers_for_hosts) mark_everything_dirty();  // the neighbours, too
  for (const auto& each : *capabilities_) {
    if (each.is_present) continue;
    const auto words = each.words.empty() ? std::string() : " [" + each.words + "]";
    const auto level = each.feature == Feature::ProbesPass ? spdlog::level::info : spdlog::level::warn;
    log_->log(level, "this kernel has no {}: {}{}", name_of(each.feature), loss_without(each.feature), words);
  }
  work(now);
}

bool Agent::has(Feature feature) const {
  return capabilities_ && std::ranges::any_of(*capabilities_, [&](const Capability& each) {
           return each.feature == feature && each.is_present;
         });
}

bool Agent::lacks(Feature feature) const {
  return capabilities_ && std::ranges::any_of(*capabilities_, [&](const Capability& each) {
           return each.feature == feature && !each.is_present;
         });
}

std::optional<std::string> Agent::missing_for(const KernelOp& op) const {
  const auto feature = needed_for(op);
  if (!feature || !lacks(*feature)) return std::nullopt;
  return std::string("this kernel has no ") + name_of(*feature);
}

}  // namespace kvtep::agent
