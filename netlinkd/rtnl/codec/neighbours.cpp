#include "netlinkd/rtnl/codec/neighbours.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <cerrno>

#include "netlinkd/rtnl/codec/attributes.hpp"
#include "netlinkd/rtnl/codec/own_devices.hpp"
#include "netlinkd/rtnl/codec/request.hpp"

namespace kvtep::rtnl::codec {
namespace {

std::uint8_t family_of(bool is_v4) { return is_v4 ? AF_INET : AF_INET6; }

ndmsg& put_identity(Request& request, IfIndex bridge, const IpAddress& address) {
  auto& header = request.family_header<ndmsg>();
  header.ndm_family = family_of(address.is_v4());
  header.ndm_ifindex = static_cast<int>(bridge.value);
  request.put_address(NDA_DST, address);
  return header;
}

}  // namespace

void append_neighbour(const SetNeighbour& op, std::uint32_t seq, std::vector<std::byte>& buffer) {
  Request request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, seq);
  auto& header = put_identity(request, op.bridge, op.address);
  header.ndm_state = NUD_NOARP;
  header.ndm_flags = NTF_EXT_LEARNED;
  request.put_mac(NDA_LLADDR, op.mac);
  request.append_to(buffer);
}

void append_neighbour(const RemoveNeighbour& op, std::uint32_t seq, std::vector<std::byte>& buffer) {
  Request request(RTM_DELNEIGH, 0, seq);
  put_identity(request, op.bridge, op.address);
  request.append_to(buffer);
}

std::vector<std::byte> neighbour_dump_request(std::uint32_t seq, bool is_v4) {
  Request request(RTM_GETNEIGH, NLM_F_DUMP, seq);
  request.family_header<ndmsg>().ndm_family = family_of(is_v4);
  std::vector<std::byte> bytes;
  request.append_to(bytes);
  return bytes;
}

bool is_about_neighbour(Bytes message) {
  return message.size() > NLMSG_HDRLEN &&
         (message[NLMSG_HDRLEN] == std::byte{AF_INET} || message[NLMSG_HDRLEN] == std::byte{AF_INET6});
}

Result<std::optional<KernelEvent>> decode_neighbour(Bytes message, bool is_gone) {
  using Event = std::optional<KernelEvent>;
  constexpr std::size_t kHeaders = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(ndmsg));
  const auto refuse = [] {
    return std::unexpected(system_error(EBADMSG, "read the kernel's message about a neighbour"));
  };
  if (message.size() < kHeaders) return refuse();
  const auto header = read_as<ndmsg>(message.subspan(NLMSG_HDRLEN));
  bool malformed = false;
  const Attributes attributes(message.subspan(kHeaders), malformed);
  const auto address = attributes.address(NDA_DST);
  const auto* hardware = attributes.has(NDA_LLADDR) ? &attributes : nullptr;
  const bool is_ethernet = hardware != nullptr && hardware->bytes(NDA_LLADDR).size() == sizeof(MacAddress);
  if (malformed || header.ndm_ifindex <= 0) return refuse();
  const IfIndex device{static_cast<std::uint32_t>(header.ndm_ifindex)};
  // Devices without addresses have a nameless entry of their own.
  if (device.value < kFirstOwnIndex || !address || !address->is_host()) return Event{};
  if (address->is_v4() != (header.ndm_family == AF_INET)) return refuse();
  constexpr unsigned kValid = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;
  if (is_gone || (header.ndm_state & kValid) == 0) return Event(NeighbourGone{device, *address});
  if (!is_ethernet) return refuse();
  const bool is_external = (header.ndm_state & NUD_NOARP) != 0 && (header.ndm_flags & NTF_EXT_LEARNED) != 0;
  return Event(NeighbourChanged{{.device = device,
                                 .address = *address,
                                 .mac = *attributes.mac(NDA_LLADDR),
                                 .is_external = is_external}});
}

}  // namespace kvtep::rtnl::codec
