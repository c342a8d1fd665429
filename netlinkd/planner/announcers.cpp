#include "netlinkd/planner/announcers.hpp"

#include <map>

#include "netlinkd/planner/neighbours.hpp"
#include "netlinkd/planner/ownership.hpp"

namespace kvtep::planner {

std::vector<Step> plan_announcers(const Desired& desired, const Installed& installed,
                                  std::string_view switch_name, Plan& plan) {
  std::map<IfIndex, IfIndex> tunnels;  // by bridge
  for (const auto& [vni, wanted] : desired.switches) {
    const auto links = switch_links(wanted, installed, switch_name);
    if (links && installed.link(links->vxlan)->up && answers_for_hosts(wanted, links->bridge, installed))
      tunnels.emplace(links->bridge, links->vxlan);
  }
  std::vector<Step> removals;
  for (const auto& [index, link] : installed.links()) {
    const auto there = installed.announcer(index);
    const auto tunnel = link.master ? tunnels.find(link.master) : tunnels.end();
    if (tunnel != tunnels.end() && tunnel->second != index) {
      if (there != tunnel->second) {
        plan.steps.push_back({.op = SetAnnouncer{.index = index, .vxlan = tunnel->second}});
      }
    } else if (there) {
      const Link* target = installed.link(*there);
      // Another kvtepd's, in this namespace.
      if (target != nullptr && !is_owned(*target, switch_name)) continue;
      removals.push_back({.op = RemoveAnnouncer{.index = index}});
    }
  }
  return removals;
}

}  // namespace kvtep::planner
