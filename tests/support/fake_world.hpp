// A whole kvtepd in one thread and without a clock: the agent between a kernel in memory and a replica
// written row by row. What the agent publishes is kept as text, and answered only when the test says so.
#pragma once

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "netlinkd/agent/agent.hpp"
#include "tests/support/fake_kernel.hpp"
#include "tests/support/rows.hpp"

namespace kvtep::testing {

class FakeWorld {
 public:
  struct Sent {
    std::uint64_t token;
    std::string text;
  };

  explicit FakeWorld(agent::Options options = {})
      : kernel_port_{*this},
        database_port_{*this},
        agent_(with_settings(std::move(options)), rows.database, kernel_port_, database_port_, silent_log()) {
  }

  // The daemon's start, with a database that has answered and the lock in its hands.
  void start() {
    agent_.start();
    agent_.on_database(agent::LockChanged{.held = true}, now);
    tell_database(true);
    settle();
  }

  // Everything that is under way comes to its end, without time passing.
  void settle() {
    for (int i = 0; i < 1000; ++i) {
      pass_events();
      if (jobs_.empty() && audits_ > 0) {
        --audits_;
        agent_.on_audit(Installed::from(kernel.dump()));
        continue;
      }
      if (jobs_.empty() && counts_ > 0) {
        --counts_;
        ++readings;
        if (auto failure = std::exchange(failing_reading, std::nullopt)) {
          agent_.on_counters(std::unexpected(*failure), now);
        } else {
          agent_.on_counters(kernel.counters(), now);
        }
        continue;
      }
      if (jobs_.empty() && agent_.deadline() == agent::TimePoint{}) {
        agent_.on_timer(now);  // it only gave others their turn
        continue;
      }
      if (jobs_.empty()) return;
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      if (job.empty()) {
        agent_.on_snapshot(kernel.dump(), now);
        continue;
      }
      rounds.push_back(job);
      std::vector<OpResult> results;
      for (const auto& op : job) {
        if (before_each_op) before_each_op(op);
        results.push_back(kernel.apply(std::vector{op}).front());
        if (after_each_op) after_each_op(op);
      }
      pass_events();
      agent_.on_results(results, now);
    }
    ADD_FAILURE() << "does not come to rest";
  }

  // Time passes, alarm by alarm.
  void advance(agent::Duration duration) {
    const auto end = now + duration;
    while (agent_.deadline() && *agent_.deadline() <= end) {
      now = std::max(now, *agent_.deadline());
      agent_.on_timer(now);
      settle();
    }
    now = end;
  }

  // What was written to `rows` since the last call reaches the agent as one update.
  void tell_database(bool initial = false) {
    agent_.on_database(agent::DatabaseChanged{.delta = rows.take_delta(), .initial = initial}, now);
    settle();
  }

  void lose_database() { agent_.on_database(agent::DatabaseLost{.reason = "gone"}, now); }
  void tell_capabilities(const Result<Capabilities>& found) { agent_.on_capabilities(found, now); }
  void give_lock(bool held) { agent_.on_database(agent::LockChanged{.held = held}, now); }

  // Answers the transaction that is under way; returns its text.
  std::string commit(agent::CommitOutcome outcome = agent::CommitOutcome::Done) {
    if (sent.empty()) return {};
    auto first = std::move(sent.front());
    sent.pop_front();
    agent_.on_database(agent::Committed{.token = first.token, .outcome = outcome}, now);
    settle();
    return first.text;
  }

  // All operations since the last call.
  std::vector<KernelOp> take_ops() {
    std::vector<KernelOp> ops;
    for (const auto& round : std::exchange(rounds, {})) ops.insert(ops.end(), round.begin(), round.end());
    return ops;
  }

  bool apply_now() {
    const bool applied = agent_.apply_now(now);
    settle();
    return applied;
  }

  // A host says at the port which address is its own; false where nobody listens there.
  bool hear(IfIndex port, const MacAddress& mac, const IpAddress& address, VlanId vlan = kUntagged) {
    if (std::ranges::find(ears, port) == ears.end()) return false;
    agent_.on_sightings({{.port = port, .vlan = vlan, .mac = mac, .address = address}}, now);
    settle();
    return true;
  }

  void deafen(std::vector<agent::Deaf> deaf) { agent_.on_deaf(deaf); }

  agent::Status status() const { return agent_.status(); }
  const Link* link(const std::string& name) const { return agent_.installed().link_named(name); }

  Rows rows;
  FakeKernel kernel;
  std::vector<IfIndex> ears;
  agent::TimePoint now{};
  std::deque<Sent> sent;
  std::vector<std::vector<KernelOp>> rounds;
  std::size_t readings = 0;  // of the counters
  std::optional<Error> failing_reading;
  // For invariants that have to hold at every moment.
  std::function<void(const KernelOp&)> before_each_op;
  std::function<void(const KernelOp&)> after_each_op;

 private:
  struct Kernel final : agent::KernelPort {
    explicit Kernel(FakeWorld& owner) : world(owner) {}
    void submit(std::vector<KernelOp> ops) override { world.jobs_.push_back(std::move(ops)); }
    void dump() override { world.jobs_.emplace_back(); }
    void audit() override { ++world.audits_; }
    void listen(std::vector<IfIndex> ports) override { world.ears = std::move(ports); }
    void count() override { ++world.counts_; }
    FakeWorld& world;
  };
  struct Commits final : agent::DatabasePort {
    explicit Commits(FakeWorld& owner) : world(owner) {}
    void submit(std::uint64_t token, ovsdb::Transaction transaction) override {
      world.sent.push_back({.token = token, .text = transaction.params("hardware_vtep")});
    }
    FakeWorld& world;
  };

  static std::shared_ptr<spdlog::logger> silent_log() {
    return std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  }

  agent::Options with_settings(agent::Options options) {
    if (options.settings.switch_name.empty()) {
      options.settings = rows.settings;
    } else {
      rows.settings = options.settings;
    }
    return options;
  }

  void pass_events() {
    const auto events = kernel.take_events();
    if (!events.empty()) agent_.on_events(events, now);
  }

  Kernel kernel_port_;
  Commits database_port_;
  std::deque<std::vector<KernelOp>> jobs_;  // an empty one is a dump
  std::size_t audits_ = 0;                  // asked for and not answered
  std::size_t counts_ = 0;
  agent::Agent agent_;
};

}  // namespace kvtep::testing
