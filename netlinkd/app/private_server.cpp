#include "netlinkd/app/private_server.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "netlinkd/hwvtep/schema.hpp"

namespace kvtep::app {
namespace {

constexpr auto kPauseBeforeRestart = std::chrono::seconds(1);
constexpr int kMillisecondsToListen = 10'000;

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

// How the child ended, in words; empty where it did what it was started for.
Result<std::string> wait_for_end(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return std::unexpected(system_error(errno, fmt::format("waiting for pid {}", pid)));
  }
  if (WIFSIGNALED(status)) return fmt::format("ended by signal {}", WTERMSIG(status));
  if (WEXITSTATUS(status) == 127) return "cannot be started: is the package openvswitch-common installed?";
  if (WEXITSTATUS(status) != 0) return fmt::format("ended with status {}", WEXITSTATUS(status));
  return {};
}

// A descriptor for the length of a function.
struct Descriptor {
  int number = -1;
  explicit Descriptor(int fd) : number(fd) {}
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

}  // namespace

PrivateServer::PrivateServer(asio::io_context& io, std::string directory, std::shared_ptr<spdlog::logger> log)
    : directory_(std::move(directory)), log_(std::move(log)), end_(io), pause_(io) {}

Result<std::unique_ptr<PrivateServer>> PrivateServer::start(asio::io_context& io,
                                                            const std::string& directory,
                                                            std::shared_ptr<spdlog::logger> log) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return std::unexpected(Error{error, fmt::format("creating {}: {}", directory, error.message())});
  std::unique_ptr<PrivateServer> server(new PrivateServer(io, directory, std::move(log)));
  if (auto made = server->create_database(); !made) return std::unexpected(made.error());
  if (auto launched = server->launch(); !launched) return std::unexpected(launched.error());
  if (auto listening = server->await_socket(); !listening) return std::unexpected(listening.error());
  server->watch();
  return server;
}

Result<void> PrivateServer::create_database() const {
  if (std::filesystem::exists(file())) return {};
  const auto schema = directory_ + "/vtep.ovsschema";
  std::ofstream(schema) << hwvtep::schema();
  const auto pid = spawn({"ovsdb-tool", "create", file(), schema});
  if (!pid) return std::unexpected(pid.error());
  const auto end = wait_for_end(*pid);
  if (!end) return std::unexpected(end.error());
  if (!end->empty()) {
    return std::unexpected(
        usage_error(fmt::format("creating {}: ovsdb-tool {}; its words are above", file(), *end)));
  }
  return {};
}

Result<void> PrivateServer::launch() {
  unlink(socket().c_str());  // that of an earlier run: whoever sees one may connect
  // With --detach the server would tell when it listens, but it would also leave our care.
  const auto pid =
      spawn({"ovsdb-server", "--remote=punix:" + socket(), "--unixctl=" + directory_ + "/ovsdb-server.ctl",
             "--no-chdir", "-vconsole:warn", file()});
  if (!pid) return std::unexpected(pid.error());
  pid_ = *pid;
  const auto fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (fd < 0)
    return std::unexpected(system_error(errno, fmt::format("watching ovsdb-server (pid {})", pid_)));
  end_.assign(fd);
  return {};
}

// Before the loop runs: what is wrong with the database file is a reason not to start.
Result<void> PrivateServer::await_socket() {
  const Descriptor changes(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (changes.number < 0 || inotify_add_watch(changes.number, directory_.c_str(), IN_CREATE) < 0)
    return std::unexpected(system_error(errno, "watching " + directory_));
  while (!std::filesystem::exists(socket())) {
    std::array<pollfd, 2> either = {pollfd{.fd = end_.native_handle(), .events = POLLIN, .revents = 0},
                                    pollfd{.fd = changes.number, .events = POLLIN, .revents = 0}};
    const int ready = poll(either.data(), either.size(), kMillisecondsToListen);
    if (ready < 0 && errno != EINTR) return std::unexpected(system_error(errno, "waiting for " + socket()));
    if (ready == 0)
      return std::unexpected(usage_error("ovsdb-server does not listen on " + socket() + " after 10 s"));
    if (either[0].revents != 0) {
      const auto end = wait_for_end(std::exchange(pid_, -1));
      return std::unexpected(
          usage_error(fmt::format("ovsdb-server {}; its words are above", end ? *end : end.error().message)));
    }
    std::array<char, 4096> names{};
    while (read(changes.number, names.data(), names.size()) > 0) {
    }
  }
  return {};
}

void PrivateServer::watch() {
  end_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& error) {
    if (!error) replace_ended();
  });
}

void PrivateServer::replace_ended() {
  end_.close();
  if (pid_ > 0) {
    const auto end = wait_for_end(std::exchange(pid_, -1));
    log_->error("the private ovsdb-server {}; it is started again in {} s",
                end ? (end->empty() ? "ended" : *end) : end.error().message, kPauseBeforeRestart.count());
  }
  pause_.expires_after(kPauseBeforeRestart);
  pause_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    if (const auto launched = launch(); !launched) {
      log_->error("{}; next attempt in {} s", launched.error().message, kPauseBeforeRestart.count());
      return replace_ended();
    }
    watch();
  });
}

PrivateServer::~PrivateServer() { stop(); }

void PrivateServer::stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  static_cast<void>(wait_for_end(std::exchange(pid_, -1)));
}

}  // namespace kvtep::app
