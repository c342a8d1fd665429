// desired(): what the database asks of this switch, resolved to devices. Pure.
#pragma once

#include <map>
#include <optional>

#include "netlinkd/hwvtep/database.hpp"
#include "netlinkd/model/desired.hpp"
#include "netlinkd/model/installed.hpp"
#include "netlinkd/planner/index.hpp"
#include "netlinkd/planner/settings.hpp"

namespace kvtep::planner {

// Everything that the functions of the planner look at; borrowed for the time of a call.
struct View {
  const hwvtep::Database& database;
  const Index& index;
  const Settings& settings;
  // Logical_Switches that keep a VNI although their row has none (any more).
  const std::map<Uuid, Vni>* held_keys = nullptr;
  // What the kernel has.
  bool has_nexthop_groups = true;
  bool answers_for_hosts = true;
  bool lets_probes_pass = false;

  bool is_held(const Uuid& logical_switch) const {
    return held_keys != nullptr && held_keys->contains(logical_switch);
  }
};

// Our row of Physical_Switch and its key; nothing where the database has none.
struct OwnSwitch {
  Uuid uuid;
  const hwvtep::PhysicalSwitch* row = nullptr;
};
std::optional<OwnSwitch> own_switch(const View& view);

// Where our tunnels end: the operator's address, else the first of Physical_Switch.tunnel_ips that is one,
// IPv4 before IPv6. The server sorts that set as text.
std::optional<IpAddress> tunnel_ip(const View& view);

// The same, or where that says nothing (any more) the address at which the devices of ours that are there end
// their tunnels: an address that a controller takes away for a while must not stop anything.
std::optional<IpAddress> tunnel_ip_in_use(const View& view, const Installed& installed);

// The devices that are physical ports of this switch: those that match Settings::ports, or else those that
// Physical_Switch.ports names. Never a device of ours, nor the loopback.
std::set<std::string> inventory(const View& view, const Installed& installed);

// Nothing where there is no tunnel IP, and none in use: then nothing can be said about what ought to be
// there, and what is there stays. `installed` decides which of several switches with the same VNI keeps it,
// and which ports there are.
std::optional<Desired> desired(const View& view, const Installed& installed);

}  // namespace kvtep::planner
