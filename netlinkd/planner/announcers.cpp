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
      const Announcer wanted{.vxlan = tunnel->second, .copies_probes = desired.copies_probes};
      if (there != wanted) plan.steps.push_back({.op = SetAnnouncer{.index = index, .announcer = wanted}});
    } else if (there) {
      const Link* target = installed.link(there->vxlan);
      // Another kvtepd's, in this namespace.
      if (target != nullptr && !is_owned(*target, switch_name)) continue;
      // At once where the port is no longer that switch's: its hosts are none of the tunnel's business.
      const bool is_member = target != nullptr && link.master && target->master == link.master;
      (is_member ? removals : plan.steps).push_back({.op = RemoveAnnouncer{.index = index}});
    }
  }
  return removals;
}

}  // namespace kvtep::planner
