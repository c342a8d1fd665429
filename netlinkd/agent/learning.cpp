// The IP addresses of local hosts: from what they say at their ports to the ipaddr of their rows.

#include <algorithm>
#include <utility>

#include "netlinkd/agent/agent.hpp"

namespace kvtep::agent {
namespace {

// However many hosts change their addresses, and however often: their rows follow once in this time.
constexpr auto kPause = std::chrono::seconds(1);
// What a host says and the kernel's notification of its MAC come by different sockets: a notification may be
// this much older than what was heard before it.
constexpr auto kReordering = std::chrono::seconds(1);

}  // namespace

void Agent::on_sightings(const std::vector<Sighting>& sightings, TimePoint now) {
  now_ = now;
  for (const auto& sighting : sightings) {
    ++counters_.addresses_heard;
    const Place place{.port = sighting.port, .vlan = sighting.vlan};
    const auto binding = bindings_.find(place);
    if (binding == bindings_.end()) continue;
    const HostAddresses::Host host{.vni = binding->second, .mac = sighting.mac};
    if (!is_pinned_elsewhere(host, place)) {
      addresses_.saw(place, host, sighting.address, now, changed_hosts_);
    }
  }
  if (tell_changed_hosts(now)) work(now);
}

void Agent::on_deaf(const std::vector<Deaf>& deaf) {
  deaf_.clear();
  for (const auto& [device, error] : deaf) {
    const auto* link = installed_.link(device);
    if (link == nullptr) continue;
    deaf_.insert(
        {.object = link->name,
         .reason = error.message + ": the ipaddr of hosts behind it is not learned until that works"});
  }
  for (const auto& issue : deaf_) say(issue);
}

// An operator's entry says where the MAC is: somebody who speaks as that MAC elsewhere is not believed.
bool Agent::is_pinned_elsewhere(const HostAddresses::Host& host, const Place& place) const {
  const auto links = switch_links_.find(host.vni);
  if (links == switch_links_.end()) return false;
  const auto& table = installed_.bridge_table(links->second.bridge);
  const auto entry = table.find(host.mac);
  return entry != table.end() && entry->second.kind == BridgeEntryKind::Static &&
         place_of(entry->second.port) != place;
}

Place Agent::place_of(IfIndex member) const {
  const auto* link = installed_.link(member);
  const auto* vlan = link != nullptr ? std::get_if<VlanInfo>(&link->info) : nullptr;
  if (vlan != nullptr) return {.port = vlan->parent, .vlan = vlan->vlan};
  return {.port = member, .vlan = kUntagged};
}

// To be called where the wishes or the devices may have changed.
void Agent::listen() {
  std::map<Place, Vni> bindings;
  if (options_.addresses_per_port > 0 && desired_) {
    for (const auto& [name, port] : desired_->ports) {
      const auto* link = installed_.link_named(name);
      if (link == nullptr) continue;
      if (port.untagged) bindings.emplace(Place{link->index, kUntagged}, *port.untagged);
      for (const auto& [vlan, vni] : port.tagged) bindings.emplace(Place{link->index, vlan}, vni);
    }
  }
  if (bindings == bindings_) return;
  bindings_ = std::move(bindings);
  addresses_.keep_only(bindings_, changed_hosts_);
  std::vector<IfIndex> ports;
  for (const auto& [place, vni] : bindings_) {
    if (ports.empty() || ports.back() != place.port) ports.push_back(place.port);
  }
  if (ports == ears_) return;
  ears_ = ports;
  kernel_.listen(std::move(ports));
}

void Agent::stop_listening() {
  bindings_.clear();
  addresses_.clear();
  has_adopted_ = false;
  changed_hosts_.clear();
  if (!ears_.empty()) kernel_.listen({});
  ears_.clear();
}

void Agent::look_after_addresses(TimePoint now) {
  if (!desired_ || bindings_.empty()) return;
  if (!std::exchange(has_adopted_, true)) adopt_addresses(now);
  if (std::exchange(may_have_lost_hosts_, false)) {
    for (const auto& host : addresses_.hosts()) {
      if (!local_place(host)) addresses_.forget(host, now - kReordering);
    }
  }
  tell_changed_hosts(now);
}

std::optional<Place> Agent::local_place(const HostAddresses::Host& host) const {
  const auto wish = desired_->switches.find(host.vni);
  if (wish == desired_->switches.end()) return std::nullopt;
  const auto links = planner::switch_links(wish->second, installed_, options_.settings.switch_name);
  const auto port = links ? planner::local_port(installed_, *links, host.mac) : std::nullopt;
  if (!port) return std::nullopt;
  return place_of(*port);
}

// What our rows say is what was heard before this daemon's start: hosts need not speak again because of it.
void Agent::adopt_addresses(TimePoint now) {
  const auto own_ip = planner::tunnel_ip_in_use(view(), installed_);
  for (const auto& [id, row] : database_.table<hwvtep::UcastMacsLocal>()) {
    const auto address = IpAddress::parse(row.ipaddr);
    const auto mac = planner::parse_host_mac(row.MAC);
    const auto vni = desired_->vni_of.find(row.logical_switch);
    if (!address || !address->is_host() || !mac || vni == desired_->vni_of.end()) continue;
    const auto* locator = database_.table<hwvtep::PhysicalLocator>().find(row.locator);
    if (locator == nullptr || IpAddress::parse(locator->dst_ip) != own_ip) continue;
    const HostAddresses::Host host{.vni = vni->second, .mac = *mac};
    const auto place = local_place(host);
    const auto binding = place ? bindings_.find(*place) : bindings_.end();
    if (binding == bindings_.end() || binding->second != host.vni) continue;
    addresses_.saw(*place, host, *address, now, changed_hosts_);
  }
}

// To be called when the bridge's entry of a MAC has changed; `port` is nothing where that is no local one.
void Agent::follow_host(const MacKey& key, std::optional<IfIndex> port) {
  const HostAddresses::Host host{.vni = key.vni, .mac = key.mac};
  if (port) {
    addresses_.moved(host, place_of(*port), changed_hosts_);
  } else {
    addresses_.forget(host, now_ - kReordering);
  }
}

bool Agent::tell_changed_hosts(TimePoint now) {
  if (changed_hosts_.empty() || now < next_telling_) return false;
  next_telling_ = now + kPause;
  for (const auto& [host, told] : std::exchange(changed_hosts_, {})) note_unreported({host.vni, host.mac});
  return true;
}

// Until the next telling it stays what it was, whyever the row is looked at: our own writing is a reason,
// too.
std::optional<IpAddress> Agent::told_address(const HostAddresses::Host& host) {
  const auto waiting = changed_hosts_.find(host);
  if (waiting == changed_hosts_.end()) return addresses_.published(host);
  if (!waiting->second) waiting->second = addresses_.published(host);
  return waiting->second;
}

}  // namespace kvtep::agent
