// Which IP addresses the local hosts have, as far as they said so: the values of Ucast_Macs_Local.ipaddr.
//
// An address belongs to one MAC of a Logical_Switch: who claims it last has it. A MAC may have many; the
// column holds one. That one is an IPv4 address before an IPv6 one before a link-local one (vtep(5): the
// column is there for ARP suppression, and what hosts ask for most is IPv4), and of several of a kind the one
// that is new: an address that a MAC had before comes back only when the present one has not been heard for
// kQuiet. So a host with two addresses that speaks by both has one of them in its row, and the row stays as
// it is.
//
// Bounded: a port keeps the `limit` addresses that were heard last. Pure but for the `now` it is given; not
// thread-safe; nothing fails.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "netlinkd/agent/ports.hpp"
#include "netlinkd/base/ids.hpp"
#include "netlinkd/base/ip_address.hpp"
#include "netlinkd/base/mac_address.hpp"

namespace kvtep::agent {

// What is bound to a Logical_Switch: a port, or one VLAN of it.
struct Place {
  IfIndex port;
  VlanId vlan;

  auto operator<=>(const Place&) const = default;
};

class HostAddresses {
 public:
  static constexpr Duration kQuiet = std::chrono::minutes(1);

  struct Host {
    Vni vni;
    MacAddress mac;

    auto operator<=>(const Host&) const = default;
    template <typename H>
    friend H AbslHashValue(H state, const Host& host) {
      return H::combine(std::move(state), host.vni, host.mac);
    }
  };
  // Hosts whose published address is another one now, or may be, and the one before the first change.
  using Changed = std::map<Host, std::optional<IpAddress>>;

  // At least 1.
  explicit HostAddresses(std::size_t limit) : limit_(limit) {}

  void saw(const Place& place, const Host& host, const IpAddress& address, TimePoint now, Changed& changed);
  // The host was seen there; its addresses go with it.
  void moved(const Host& host, const Place& place, Changed& changed);
  // What was heard of the host at or after `since` stays.
  void forget(const Host& host, TimePoint since);
  // What was heard elsewhere is forgotten.
  void keep_only(const std::map<Place, Vni>& bindings, Changed& changed);
  void clear();

  // What the host's row has as its ipaddr.
  std::optional<IpAddress> published(const Host& host) const;
  std::vector<Host> hosts() const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Host host;
    Place place;
    IpAddress address;
    TimePoint seen;
    std::uint64_t since = 0;  // the greater, the newer to its host
  };
  using Ages = std::list<Entry>;  // the one that was heard least recently is the first
  // A host's addresses; the last one is published.
  struct Choice {
    int kind = 0;
    std::uint64_t since = 0;
    IpAddress address;
    auto operator<=>(const Choice&) const = default;
  };

  static Choice choice_of(const Entry& entry);
  void heard_again(Ages::iterator entry, const Place& place, TimePoint now);
  void rehome(Ages::iterator entry, const Place& place);
  void erase(Ages::iterator entry, Changed& changed);
  void cut(IfIndex port, Changed& changed);

  std::size_t limit_;
  std::uint64_t next_since_ = 1;
  std::map<IfIndex, Ages> ports_;
  absl::flat_hash_map<std::pair<Vni, IpAddress>, Ages::iterator> entries_;
  absl::flat_hash_map<Host, std::set<Choice>> hosts_;
};

}  // namespace kvtep::agent
