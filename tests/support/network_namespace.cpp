#include "tests/support/network_namespace.hpp"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace kvtep::testing {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// Root of a user namespace of our own, where we are not root already.
void become_root() {
  if (geteuid() == 0) return;
  const auto uid = std::to_string(geteuid());
  const auto gid = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER) != 0) fail("make a user namespace");
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
  std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
}

}  // namespace

NetworkNamespace::NetworkNamespace() {
  become_root();
  if (unshare(CLONE_NEWNET) != 0) fail("make a network namespace");
  fd_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) fail("open the new network namespace");
}

NetworkNamespace::~NetworkNamespace() { close(fd_); }

void NetworkNamespace::enter() const {
  if (setns(fd_, CLONE_NEWNET) != 0) fail("enter a network namespace");
}

std::string NetworkNamespace::path() const {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_);
}

void run_command(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  std::string line;
  for (const auto& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
    line += argument + " ";
  }
  argv.push_back(nullptr);
  pid_t child = 0;
  if (const int error = posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), environ)) {
    throw std::system_error(error, std::generic_category(), line);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) fail("wait for a command");
  }
  if (status != 0) throw std::runtime_error("this failed: " + line);
}

}  // namespace kvtep::testing
