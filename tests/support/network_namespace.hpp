// Network namespaces for tests: made with root's right or, without it, in a user namespace of one's own; gone
// with the process or the last handle, with all devices in them.
//
// A thread is in one of them at a time. Throws std::system_error where the system does not let us.
#pragma once

#include <string>
#include <vector>

namespace kvtep::testing {

class NetworkNamespace {
 public:
  // The calling thread is in the new one afterwards.
  NetworkNamespace();
  ~NetworkNamespace();
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;

  void enter() const;
  // As iproute2 and other processes may open it while this process lives.
  std::string path() const;

 private:
  int fd_ = -1;
};

// Runs `arguments` (found by PATH) in the thread's namespaces and waits. Throws std::runtime_error with the
// command line where it fails.
void run_command(const std::vector<std::string>& arguments);

}  // namespace kvtep::testing
