// The requesting socket and the waiting for its answers. Private to the room.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/rtnl/reply.hpp"
#include "netlinkd/rtnl/socket.hpp"

namespace kvtep::rtnl {

// How a request came out; 0 where it was done.
struct Answer {
  int error = 0;
  std::string explanation;
};

class Exchange {
 public:
  static Result<Exchange> open();

  // Sends `requests`, the last of which has NLM_F_ACK, in one sendmsg, and waits for that acknowledgement.
  // `answers` has one place a request, for nlmsg_seq `first_seq` and up; what was not answered by a refusal
  // was done. Where an answer got lost, everything that was not refused has ENOBUFS or ETIMEDOUT.
  void request(std::span<const std::byte> requests, std::uint32_t first_seq, std::span<Answer> answers);

  // Sends a dump request and hands over each message of the dump. EINTR where the kernel says that the dump
  // is inconsistent.
  using TakeMessage = std::function<Result<void>(std::span<const std::byte>)>;
  Result<void> dump(std::span<const std::byte> request, std::uint32_t seq, const TakeMessage& take);

  // From any thread: what is under way ends soon, what comes after it at once, with ECANCELED.
  void cancel() { is_cancelled_->store(true); }

  // Free in this socket's namespace.
  bool is_free(std::uint32_t ifindex) const;

 private:
  explicit Exchange(Socket socket);
  int send(std::span<const std::byte> bytes);
  // Waits until `deadline` for one datagram from the kernel; 0, or an errno.
  using TimePoint = std::chrono::steady_clock::time_point;
  int receive(TimePoint deadline, std::span<const std::byte>& datagram);
  // After a lost answer: late ones shall not be taken for those of a later request.
  void start_afresh();

  Socket socket_;
  std::vector<std::byte> buffer_;
  std::shared_ptr<std::atomic<bool>> is_cancelled_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace kvtep::rtnl
