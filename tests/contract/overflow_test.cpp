// 200,000 MACs are learned while nobody reads the kernel's notifications, and as many go while they are read:
// the adapter and the agent lose count, read everything anew and end with what is there. The loop, which also
// has the database's session on it, is never held up for long.
#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

#include "netlinkd/agent/agent.hpp"
#include "netlinkd/app/kernel.hpp"
#include "tests/support/network_namespace.hpp"
#include "tests/support/rows.hpp"

namespace kvtep::testing {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// An emulated machine (integration/vm) takes a minute for a quarter of them, and notices no less.
const std::size_t kMacs = std::getenv("KVTEP_VM") == nullptr ? 200'000 : 50'000;
// A turn of the loop is short beside the whole story, however slow the machine: an emulated one takes minutes
// for it.
constexpr int kTurnsAtLeast = 8;
constexpr auto kPatience = 240s;  // an emulated machine takes its time

// Takes what is published and never answers.
struct SilentDatabase final : agent::DatabasePort {
  void submit(std::uint64_t, ovsdb::Transaction) override { ++transactions; }
  int transactions = 0;
};

class Overflow : public ::testing::Test {
 protected:
  Overflow()
      : kernel_(*app::Kernel::open(io_, {.receive_buffer = 212'992})),
        agent_({.settings = settings()}, rows_.database, *kernel_, database_, silent_log()) {
    run_command({"ip", "link", "add", "eth1", "type", "veth", "peer", "name", "far1"});
    run_command({"ip", "link", "set", "eth1", "up"});
    run_command({"ip", "link", "set", "far1", "up"});
    const auto red = rows_.logical_switch("red", 100);
    rows_.own_switch({rows_.port("eth1", {{0, red}})});
    start();
    EXPECT_TRUE(run_until([this] { return agent_.status().in_step && bridge() != nullptr; }));
    EXPECT_TRUE(run_until([] { return takes_entries(); }));
  }

  // Nothing ages while the test is under way.
  planner::Settings& settings() {
    rows_.settings.ageing_time = 86'400;
    return rows_.settings;
  }

  // Its port forwards a moment after the cable was plugged in.
  static bool takes_entries() {
    try {
      run_command({"bridge", "fdb", "replace", "02:00:00:00:00:01", "dev", "eth1", "master", "dynamic"});
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }

  static std::shared_ptr<spdlog::logger> silent_log() {
    return std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  }

  void start() {
    kernel_->start({.events = [this](auto events) { agent_.on_events(events, Clock::now()); },
                    .snapshot = [this](const auto& snapshot) { agent_.on_snapshot(snapshot, Clock::now()); },
                    .audit = [this](auto there) { agent_.on_audit(std::move(there)); },
                    .results = [this](const auto& results) { agent_.on_results(results, Clock::now()); }});
    agent_.start();
    agent_.on_database(agent::LockChanged{.held = true}, Clock::now());
    agent_.on_database(agent::DatabaseChanged{.delta = rows_.take_delta(), .initial = true}, Clock::now());
    tick();
  }

  // What the daemon's timers do, and what the session's would feel.
  void tick() {
    const auto now = Clock::now();
    if (last_tick_) longest_turn_ = std::max(longest_turn_, now - *last_tick_);
    last_tick_ = now;
    if (const auto due = agent_.deadline(); due && *due <= now) agent_.on_timer(now);
    ticks_.expires_after(5ms);
    ticks_.async_wait([this](const asio::error_code& error) {
      if (!error) tick();
    });
  }

  bool run_until(const std::function<bool()>& is_so) {
    last_tick_.reset();  // nobody ran the loop meanwhile: that is no turn of it
    const auto deadline = Clock::now() + kPatience;
    while (!is_so()) {
      if (Clock::now() > deadline) return false;
      io_.run_one_for(100ms);
    }
    return true;
  }

  const Link* bridge() { return agent_.installed().link_named("kvbr100"); }
  std::size_t learned() {
    return bridge() == nullptr ? 0 : agent_.installed().bridge_table(bridge()->index).size();
  }

  // As many entries as were learned, in one file for bridge(8).
  std::string batch(const std::string& verb) {
    const auto path = std::filesystem::temp_directory_path() / fmt::format("kvtep-{}-{}", verb, getpid());
    std::ofstream file(path);
    for (std::size_t i = 0; i < kMacs; ++i) {
      file << fmt::format("fdb {} 02:00:{:02x}:{:02x}:{:02x}:00 dev eth1 master dynamic\n", verb, i >> 16,
                          i >> 8 & 0xff, i & 0xff);
    }
    return path;
  }

  // In the end: the last notifications may still be under way. The dump is the test's own, and as long as it
  // takes nobody runs the loop: that catches up before the next look.
  void expect_what_is_there() {
    auto transactor = rtnl::Transactor::open();
    const auto deadline = Clock::now() + kPatience;
    while (true) {
      const auto begin = Clock::now();
      const auto there = transactor->dump();
      ASSERT_TRUE(there) << there.error();
      const auto expected = Installed::from(*there);
      if (agent_.installed() == expected) return;
      ASSERT_LT(begin, deadline) << agent_.installed().bridge_table(bridge()->index).size() << " known of "
                                 << expected.bridge_table(bridge()->index).size();
      last_tick_.reset();
      io_.run_for(std::max<Clock::duration>(100ms, Clock::now() - begin));
    }
  }

  NetworkNamespace namespace_;
  asio::io_context io_;
  asio::steady_timer ticks_{io_};
  Rows rows_;
  SilentDatabase database_;
  std::unique_ptr<app::Kernel> kernel_;
  agent::Agent agent_;
  std::optional<Clock::time_point> last_tick_;
  Clock::duration longest_turn_{};
};

TEST_F(Overflow, OfTheNotificationsEndsWithWhatIsThere) {
  const auto begin = Clock::now();
  const auto additions = batch("add");
  const auto removals = batch("del");
  run_command({"bridge", "-batch", additions});
  EXPECT_TRUE(run_until([&] { return learned() >= kMacs && agent_.status().in_step; }));
  EXPECT_GE(agent_.status().counters.overruns, 1U);
  EXPECT_GE(agent_.status().counters.dumps, 2U);
  expect_what_is_there();

  std::atomic<bool> is_over = false;
  std::thread operator_at_work([&] {
    run_command({"bridge", "-batch", removals});
    is_over = true;
  });
  EXPECT_TRUE(run_until([&] { return is_over && learned() < 10 && agent_.status().in_step; }));
  operator_at_work.join();
  expect_what_is_there();
  EXPECT_LT(longest_turn_ * kTurnsAtLeast, Clock::now() - begin);
  RecordProperty(
      "longest_turn_ms",
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(longest_turn_).count()));
  std::filesystem::remove(additions);
  std::filesystem::remove(removals);
}

// A dump of that many entries takes seconds: nobody waits for it.
TEST_F(Overflow, OfADumpDoesNotHoldUpTheEnd) {
  const auto additions = batch("add");
  run_command({"bridge", "-batch", additions});
  std::filesystem::remove(additions);
  kernel_->audit();
  kernel_->dump();
  const auto begin = Clock::now();
  kernel_.reset();
  EXPECT_LT(Clock::now() - begin, 1s);
}

}  // namespace
}  // namespace kvtep::testing
