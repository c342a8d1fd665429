// The kernel as the agent sees it: rtnl's blocking writer on a thread of its own, rtnl's monitor on the loop.
//
//   agent ─▶ submit, dump ─▶ [worker thread: Transactor] ─▶ results, snapshot ─▶ agent
//   kernel ─▶ Monitor ─▶ events ─▶ agent
//
// Before results are handed over the monitor is drained: what an acknowledged operation caused has been
// announced before the acknowledgement, so the agent sees the events first. Values only cross the thread
// border.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "netlinkd/agent/ports.hpp"
#include "netlinkd/rtnl/monitor.hpp"
#include "netlinkd/rtnl/transactor.hpp"

namespace kvtep::app {

class Kernel final : public agent::KernelPort {
 public:
  struct Outputs {
    std::function<void(std::vector<KernelEvent>)> events;
    std::function<void(Result<Snapshot>)> snapshot;
    std::function<void(std::vector<OpResult>)> results;
  };

  // In the network namespace of the calling thread.
  static Result<std::unique_ptr<Kernel>> open(asio::io_context& io);
  ~Kernel() override;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  // From here on events flow.
  void start(Outputs outputs);

  void submit(std::vector<KernelOp> ops) override;
  void dump() override;

 private:
  struct Dump {};
  using Job = std::variant<std::vector<KernelOp>, Dump>;

  Kernel(asio::io_context& io, rtnl::Transactor transactor, rtnl::Monitor monitor);
  void enqueue(Job job);
  void work();
  void run(const std::vector<KernelOp>& ops);
  void run(const Dump&);
  void await_events();
  // One helping of notifications; true where more are waiting.
  bool pass_events();

  asio::io_context& io_;
  asio::posix::stream_descriptor readable_;
  rtnl::Monitor monitor_;
  Outputs outputs_;

  rtnl::Transactor transactor_;  // the worker's alone
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::thread worker_;
  // Tells handlers that were posted before the destructor ran that there is nobody left.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace kvtep::app
