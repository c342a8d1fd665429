// The kernel as the agent sees it: rtnl's blocking writers on threads of their own, rtnl's monitor on the
// loop.
//
//   agent ─▶ submit, dump ─▶ [writer's thread]  ─▶ results, snapshot ─▶ agent
//   probe                 [writer's thread]  ─▶ capabilities ─▶ agent
//   agent ─▶ audit        ─▶ [auditor's thread] ─▶ audit ─▶ agent
//   kernel ─▶ Monitor ─▶ events ─▶ agent
//   agent ─▶ listen; hosts ─▶ Listener ─▶ sightings ─▶ agent
//
// Before results are handed over the monitor is drained: what an acknowledged operation caused has been
// announced before the acknowledgement, so the agent sees the events first. That takes as many turns of the
// loop as a full receive buffer has helpings, and no more, however fast the next notifications come. Values
// only cross the thread border.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "netlinkd/agent/ports.hpp"
#include "netlinkd/app/listener.hpp"
#include "netlinkd/app/worker.hpp"
#include "netlinkd/model/capabilities.hpp"
#include "netlinkd/model/installed.hpp"
#include "netlinkd/rtnl/monitor.hpp"
#include "netlinkd/rtnl/transactor.hpp"

namespace kvtep::app {

class Kernel final : public agent::KernelPort {
 public:
  struct Outputs {
    std::function<void(std::vector<KernelEvent>)> events;
    std::function<void(Result<Snapshot>)> snapshot;
    std::function<void(Result<Installed>)> audit;
    std::function<void(Result<CounterReading>)> counters;
    std::function<void(std::vector<OpResult>)> results;
    // Once, before everything else; where nobody wants them, the kernel is not probed.
    std::function<void(Result<Capabilities>)> capabilities;
    std::function<void(std::vector<Sighting>)> sightings;
    std::function<void(std::vector<agent::Deaf>)> deaf;
  };

  // In the network namespace of the calling thread.
  static Result<std::unique_ptr<Kernel>> open(asio::io_context& io,
                                              const rtnl::Monitor::Options& options = {});
  ~Kernel() override;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  // From here on events flow.
  void start(Outputs outputs);

  void submit(std::vector<KernelOp> ops) override;
  void dump() override;
  void audit() override;
  void listen(std::vector<IfIndex> ports) override;
  void count() override;

 private:
  Kernel(asio::io_context& io, rtnl::Transactor writer, rtnl::Transactor auditor, rtnl::Monitor monitor);
  // On a worker's thread: has the loop call `hand_over` behind the events that are there by now.
  void deliver(std::function<void()> hand_over);
  void drain_and(std::function<void()> hand_over, unsigned helpings);
  void await_events();
  // One helping of notifications; true where more are waiting.
  bool pass_events();

  asio::io_context& io_;
  asio::posix::stream_descriptor readable_;
  rtnl::Monitor monitor_;
  Outputs outputs_;
  // Tells handlers that were posted before the destructor ran that there is nobody left.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Worker writer_;
  Worker auditor_;  // its dump may take a minute, which changes need not wait for
  Listener listener_;
};

}  // namespace kvtep::app
