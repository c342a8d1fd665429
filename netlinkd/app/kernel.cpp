#include "netlinkd/app/kernel.hpp"

#include <pthread.h>

#include <asio/post.hpp>
#include <csignal>
#include <utility>

namespace kvtep::app {

Result<std::unique_ptr<Kernel>> Kernel::open(asio::io_context& io) {
  auto transactor = rtnl::Transactor::open();
  if (!transactor) return std::unexpected(transactor.error());
  // Subscribed before anything is dumped: no change can fall between the two.
  auto monitor = rtnl::Monitor::open();
  if (!monitor) return std::unexpected(monitor.error());
  return std::unique_ptr<Kernel>(new Kernel(io, std::move(*transactor), std::move(*monitor)));
}

Kernel::Kernel(asio::io_context& io, rtnl::Transactor transactor, rtnl::Monitor monitor)
    : io_(io),
      readable_(io, monitor.fd()),
      monitor_(std::move(monitor)),
      transactor_(std::move(transactor)) {}

Kernel::~Kernel() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wakeup_.notify_one();
  if (worker_.joinable()) worker_.join();
  readable_.release();  // the descriptor is the monitor's
}

void Kernel::start(Outputs outputs) {
  outputs_ = std::move(outputs);
  // Signals are for the loop's thread, which waits for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  worker_ = std::thread([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  await_events();
}

void Kernel::submit(std::vector<KernelOp> ops) { enqueue(std::move(ops)); }

void Kernel::dump() { enqueue(Dump{}); }

void Kernel::enqueue(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wakeup_.notify_one();
}

void Kernel::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wakeup_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    std::visit([this](const auto& what) { run(what); }, job);
    lock.lock();
  }
}

void Kernel::run(const std::vector<KernelOp>& ops) {
  auto results = transactor_.apply(ops);
  asio::post(io_, [this, alive = std::weak_ptr(alive_), results = std::move(results),
                   read_back = transactor_.take_read_back()]() mutable {
    if (alive.expired()) return;
    while (pass_events()) {
    }
    if (!read_back.empty()) outputs_.events(std::move(read_back));
    outputs_.results(std::move(results));
  });
}

void Kernel::run(const Dump&) {
  asio::post(io_, [this, alive = std::weak_ptr(alive_), snapshot = transactor_.dump()]() mutable {
    if (alive.expired()) return;
    // What came before the dump must not be replayed over it piece by piece.
    while (pass_events()) {
    }
    outputs_.snapshot(std::move(snapshot));
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
