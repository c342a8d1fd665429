// A thread that owns one rtnl::Transactor, whose calls block, and does one job after the other.
//
// Threading: do_later() from the loop's thread; the jobs run on the worker's. The destructor takes the
// queue's jobs away, cancels the one under way and waits for its end: a matter of milliseconds, a dump of a
// million entries included.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "netlinkd/rtnl/transactor.hpp"

namespace kvtep::app {

class Worker {
 public:
  using Job = std::function<void(rtnl::Transactor&)>;

  explicit Worker(rtnl::Transactor transactor);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  void do_later(Job job);

 private:
  void work();

  rtnl::Transactor transactor_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kvtep::app
