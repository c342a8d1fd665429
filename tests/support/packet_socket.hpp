// Raw Ethernet frames on a device (packet(7)).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netlinkd/base/mac_address.hpp"

namespace kvtep::testing {

using Frame = std::vector<std::uint8_t>;

struct Tag {
  std::uint16_t protocol = 0x8100;
  std::uint16_t vlan = 0;
};

// A broadcast frame from `source`, of an experimental type (0x88b5), with the tags from the outer to the
// inner.
Frame make_frame(const MacAddress& source, const std::vector<Tag>& tags = {});

class PacketSocket {
 public:
  // In the thread's namespace. Throws std::system_error.
  explicit PacketSocket(const std::string& device);
  ~PacketSocket();
  PacketSocket(PacketSocket&& other) noexcept;
  PacketSocket& operator=(PacketSocket&&) = delete;

  void send(const Frame& frame);
  // The source of the next frame that arrives, within `patience`; what the device itself sends is not seen.
  std::optional<MacAddress> receive(std::chrono::milliseconds patience);

 private:
  int fd_ = -1;
};

}  // namespace kvtep::testing
