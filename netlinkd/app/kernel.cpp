#include "netlinkd/app/kernel.hpp"

#include <asio/post.hpp>
#include <utility>

#include "netlinkd/rtnl/probe.hpp"

namespace kvtep::app {
namespace {

// A receive buffer of 64 MiB (the kernel doubles it) holds fewer than 256 Ki notifications of 768 bytes, and
// a helping is 4096.
constexpr unsigned kHelpings = 64;

}  // namespace

Result<std::unique_ptr<Kernel>> Kernel::open(asio::io_context& io, const rtnl::Monitor::Options& options) {
  auto writer = rtnl::Transactor::open();
  if (!writer) return std::unexpected(writer.error());
  auto auditor = rtnl::Transactor::open();
  if (!auditor) return std::unexpected(auditor.error());
  // Subscribed before anything is dumped: no change can fall between the two.
  auto monitor = rtnl::Monitor::open(options);
  if (!monitor) return std::unexpected(monitor.error());
  return std::unique_ptr<Kernel>(
      new Kernel(io, std::move(*writer), std::move(*auditor), std::move(*monitor)));
}

Kernel::Kernel(asio::io_context& io, rtnl::Transactor writer, rtnl::Transactor auditor, rtnl::Monitor monitor)
    : io_(io),
      readable_(io, monitor.fd()),
      monitor_(std::move(monitor)),
      writer_(std::move(writer)),
      auditor_(std::move(auditor)),
      listener_(io, {.sightings = [this](auto heard) { outputs_.sightings(std::move(heard)); },
                     .deaf = [this](auto deaf) { outputs_.deaf(std::move(deaf)); },
                     // Where nobody waits for it.
                     .bury =
                         [this](auto closed) {
                           auditor_.do_later([closed](rtnl::Transactor&) { closed->close(); });
                         }}) {}

Kernel::~Kernel() {
  readable_.release();  // the descriptor is the monitor's
}

void Kernel::start(Outputs outputs) {
  outputs_ = std::move(outputs);
  if (outputs_.capabilities) {
    writer_.do_later([this](rtnl::Transactor&) {
      deliver([this, found = rtnl::probe()]() mutable { outputs_.capabilities(std::move(found)); });
    });
  }
  writer_.start();
  auditor_.start();
  await_events();
}

void Kernel::submit(std::vector<KernelOp> ops) {
  writer_.do_later([this, ops = std::move(ops)](rtnl::Transactor& transactor) {
    auto results = transactor.apply(ops);
    deliver([this, results = std::move(results), read_back = transactor.take_read_back()]() mutable {
      if (!read_back.empty()) outputs_.events(std::move(read_back));
      outputs_.results(std::move(results));
    });
  });
}

void Kernel::dump() {
  writer_.do_later([this](rtnl::Transactor& transactor) {
    auto snapshot = transactor.dump();
    if (snapshot) rtnl::Transactor::settle_bridges(*snapshot);
    // What came before the dump must not be replayed over it piece by piece: it is drained first.
    deliver([this, snapshot = std::move(snapshot)]() mutable { outputs_.snapshot(std::move(snapshot)); });
  });
}

void Kernel::audit() {
  auditor_.do_later([this](rtnl::Transactor& transactor) {
    const auto snapshot = transactor.dump();
    if (snapshot) rtnl::Transactor::settle_bridges(*snapshot);
    auto there = snapshot ? Result<Installed>(Installed::from(*snapshot)) : std::unexpected(snapshot.error());
    deliver([this, there = std::move(there)]() mutable { outputs_.audit(std::move(there)); });
  });
}

void Kernel::listen(std::vector<IfIndex> ports) { listener_.listen(std::move(ports)); }
void Kernel::count() {
  auditor_.do_later([this](rtnl::Transactor& transactor) {
    deliver(
        [this, reading = transactor.read_counters()]() mutable { outputs_.counters(std::move(reading)); });
  });
}

void Kernel::deliver(std::function<void()> hand_over) {
  asio::post(io_, [this, alive = std::weak_ptr(alive_), hand_over = std::move(hand_over)]() mutable {
    if (!alive.expired()) drain_and(std::move(hand_over), kHelpings);
  });
}

void Kernel::drain_and(std::function<void()> hand_over, unsigned helpings) {
  if (!pass_events() || helpings == 1) return hand_over();
  asio::post(io_,
             [this, alive = std::weak_ptr(alive_), hand_over = std::move(hand_over), helpings]() mutable {
               if (!alive.expired()) drain_and(std::move(hand_over), helpings - 1);
             });
}

void Kernel::await_events() {
  readable_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this, alive = std::weak_ptr(alive_)](const asio::error_code& error) {
                         if (alive.expired() || error == asio::error::operation_aborted) return;
                         pass_events();
                         await_events();
                       });
}

bool Kernel::pass_events() {
  auto drained = monitor_.drain();
  if (!drained.events.empty()) outputs_.events(std::move(drained.events));
  return drained.more;
}

}  // namespace kvtep::app
