#include "netlinkd/app/worker.hpp"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace kvtep::app {

Worker::Worker(rtnl::Transactor transactor) : transactor_(std::move(transactor)) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  transactor_.cancel();
  wakeup_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Worker::start() {
  // Signals are for the loop's thread, which waits for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Worker::do_later(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wakeup_.notify_one();
}

void Worker::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wakeup_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job(transactor_);
    lock.lock();
  }
}

}  // namespace kvtep::app
