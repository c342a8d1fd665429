#include "netlinkd/app/private_server.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "netlinkd/hwvtep/schema.hpp"

namespace kvtep::app {
namespace {

// Starts a program of the search path; it gets SIGTERM when our thread ends.
Result<pid_t> spawn(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return std::unexpected(system_error(errno, "starting " + words[0]));
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);  // the parent died before the call above
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  return pid;
}

Result<void> wait_for_success(pid_t pid, const std::string& name) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return std::unexpected(system_error(errno, "waiting for " + name));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    return std::unexpected(
        usage_error(name + " cannot be started: is the package openvswitch-common installed?"));
  }
  return std::unexpected(
      usage_error(fmt::format("{} ended with status {}, its words are above", name, status)));
}

Result<void> create_database(const std::string& directory, const std::string& file) {
  const auto schema = directory + "/vtep.ovsschema";
  std::ofstream(schema) << hwvtep::schema();
  const auto pid = spawn({"ovsdb-tool", "create", file, schema});
  if (!pid) return std::unexpected(pid.error());
  return wait_for_success(*pid, "ovsdb-tool");
}

}  // namespace

Result<PrivateServer> PrivateServer::start(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return std::unexpected(Error{error, fmt::format("creating {}: {}", directory, error.message())});
  const auto file = directory + "/vtep.db";
  const auto socket = directory + "/db.sock";
  if (!std::filesystem::exists(file)) {
    if (auto made = create_database(directory, file); !made) return std::unexpected(made.error());
  }
  // With --detach the server would answer once it listens, but it would also leave our care; instead the
  // client retries until the socket is there.
  const auto pid =
      spawn({"ovsdb-server", "--remote=punix:" + socket, "--unixctl=" + directory + "/ovsdb-server.ctl",
             "--no-chdir", "-vconsole:warn", file});
  if (!pid) return std::unexpected(pid.error());
  return PrivateServer(*pid, socket);
}

PrivateServer::PrivateServer(PrivateServer&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), socket_(std::move(other.socket_)) {}

PrivateServer& PrivateServer::operator=(PrivateServer&& other) noexcept {
  if (this != &other) {
    stop();
    pid_ = std::exchange(other.pid_, -1);
    socket_ = std::move(other.socket_);
  }
  return *this;
}

PrivateServer::~PrivateServer() { stop(); }

void PrivateServer::stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace kvtep::app
