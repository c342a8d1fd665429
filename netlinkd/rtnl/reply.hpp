// What comes back on the requesting socket: acknowledgements, refusals, dumps. Private to the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace kvtep::rtnl {

struct Reply {
  enum class Kind {
    Data,    // a part of a dump
    Answer,  // NLMSG_ERROR: `error` is 0 for an acknowledgement
    Done     // NLMSG_DONE: `error` is the dump's own outcome
  };
  Kind kind = Kind::Data;
  std::uint32_t seq = 0;
  int error = 0;
  std::string explanation;      // NLMSGERR_ATTR_MSG
  bool is_interrupted = false;  // NLM_F_DUMP_INTR
  std::span<const std::byte> message;
};

// Takes the first message off `bytes`; nothing where there is none left that is whole.
std::optional<Reply> take_reply(std::span<const std::byte>& bytes);

}  // namespace kvtep::rtnl
