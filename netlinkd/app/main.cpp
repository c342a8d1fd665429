// kvtepd: the wiring, and nothing else. Each line of connect() is an arrow of the picture in README.md.

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "netlinkd/agent/agent.hpp"
#include "netlinkd/app/config.hpp"
#include "netlinkd/app/database.hpp"
#include "netlinkd/app/kernel.hpp"
#include "netlinkd/app/private_server.hpp"
#include "netlinkd/base/version.hpp"
#include "netlinkd/control/server.hpp"

namespace kvtep::app {
namespace {

using Clock = std::chrono::steady_clock;

// The agent has no clock: this calls it when it is due.
class Alarm {
 public:
  Alarm(asio::io_context& io, agent::Agent& agent) : timer_(io), agent_(agent) {}

  // To be called after every input of the agent.
  void set() {
    const auto deadline = agent_.deadline();
    if (deadline == armed_) return;
    armed_ = deadline;
    timer_.cancel();
    if (!deadline) return;
    timer_.expires_at(*deadline);
    timer_.async_wait([this](const asio::error_code& error) {
      if (error) return;
      armed_.reset();
      agent_.on_timer(Clock::now());
      set();
    });
  }

 private:
  asio::steady_timer timer_;
  agent::Agent& agent_;
  std::optional<agent::TimePoint> armed_;
};

std::shared_ptr<spdlog::logger> make_log(const std::string& level) {
  auto log = spdlog::stderr_logger_mt("kvtepd");
  log->set_level(spdlog::level::from_str(level));
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  log->flush_on(spdlog::level::trace);
  return log;
}

int cannot_start(const std::string& words) {
  fmt::print(stderr, "kvtepd: cannot start: {}\n", words);
  return 1;
}

// The servers of one cluster; a private one is started on the way and kept in `server`.
Result<std::vector<ovsdb::Remote>> open_remotes(const std::vector<std::string>& texts, asio::io_context& io,
                                                std::shared_ptr<spdlog::logger> log,
                                                std::unique_ptr<PrivateServer>& server) {
  std::vector<ovsdb::Remote> remotes;
  for (auto text : texts) {
    if (text.starts_with(kPrivateDatabase)) {
      auto started = PrivateServer::start(io, text.substr(kPrivateDatabase.size()), log);
      if (!started) return std::unexpected(started.error());
      text = (*started)->remote();
      server = std::move(*started);
    }
    auto remote = ovsdb::Remote::parse(text);
    if (!remote) return std::unexpected(usage_error(remote.error().message));
    remotes.push_back(std::move(*remote));
  }
  return remotes;
}

void connect(Kernel& kernel, Database& database, agent::Agent& agent, Alarm& alarm) {
  const auto after = [&alarm](auto input) {
    return [&alarm, input](auto value) {
      input(std::move(value), Clock::now());
      alarm.set();
    };
  };
  kernel.start({
      // kernel -> Installed
      .events = after([&agent](std::vector<KernelEvent> events, auto now) { agent.on_events(events, now); }),
      .snapshot = after([&agent](Result<Snapshot> snapshot, auto now) { agent.on_snapshot(snapshot, now); }),
      .audit = after([&agent](Result<Installed> there, auto) { agent.on_audit(std::move(there)); }),
      // counters -> agent
      .counters =
          after([&agent](Result<CounterReading> reading, auto now) { agent.on_counters(reading, now); }),
      // acknowledgements -> agent
      .results = after([&agent](std::vector<OpResult> results, auto now) { agent.on_results(results, now); }),
      // what the kernel can -> agent
      .capabilities =
          after([&agent](Result<Capabilities> found, auto now) { agent.on_capabilities(found, now); }),
      // ARP and ND of local hosts -> ipaddr
      .sightings = after([&agent](std::vector<Sighting> heard, auto now) { agent.on_sightings(heard, now); }),
      .deaf = after([&agent](std::vector<agent::Deaf> deaf, auto) { agent.on_deaf(deaf); }),
  });
  // ovsdb-server -> replica -> Desired
  database.start(after([&agent](agent::DatabaseEvent event, auto now) { agent.on_database(event, now); }));
}

int run(const Config& config) {
  auto log = make_log(config.log_level);
  asio::io_context io;
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io, log](const asio::error_code& error, int number) {
    if (error) return;
    log->info("signal {}: stopping; the kernel goes on forwarding, the rows stay", number);
    io.stop();
  });
  std::unique_ptr<PrivateServer> server;
  auto remotes = open_remotes(config.database, io, log, server);
  if (!remotes) return cannot_start(remotes.error().message);
  auto kernel = Kernel::open(io);
  if (!kernel) return cannot_start(kernel.error().message);

  Database database(io, std::move(*remotes), lock_id(config.settings.switch_name), log);
  agent::Agent agent(
      {.settings = config.settings,
       .removal_delay = config.removal_delay,
       .hold_down = {.share = config.hold_down_share, .time = config.hold_down_time},
       .audit_interval = config.audit_interval,
       .stats_interval = config.stats_interval,
       .addresses_per_port = config.ip_learning ? static_cast<std::size_t>(config.ip_learning_limit) : 0},
      database.replica(), **kernel, database, log);
  Alarm alarm(io, agent);
  // status <- agent, apply -> agent
  auto control = control::Server::open(io, config.control,
                                       {.get_status = [&agent] { return agent.status(); },
                                        .apply =
                                            [&agent, &alarm] {
                                              const bool applied = agent.apply_now(Clock::now());
                                              alarm.set();
                                              return applied;
                                            }});
  if (!control) return cannot_start(control.error().message);

  log->info("kvtepd {} for the switch '{}'", kVersion, config.settings.switch_name);
  connect(**kernel, database, agent, alarm);
  agent.start();
  io.run();
  return 0;
}

}  // namespace
}  // namespace kvtep::app

int main(int argc, char** argv) {
  try {
    const auto invocation = kvtep::app::parse_arguments(argc, argv);
    if (invocation.config) return kvtep::app::run(*invocation.config);
    std::fputs(invocation.output.c_str(), invocation.exit_code == 0 ? stdout : stderr);
    return invocation.exit_code;
  } catch (const std::exception& error) {
    fmt::print(stderr, "kvtepd: {}\n", error.what());
    return 1;
  }
}
