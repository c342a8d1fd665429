#include "tests/support/ovsdb_server.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

namespace kvtep::test {
namespace {

// Loaded machines are slow; a healthy start takes some 20 ms.
constexpr auto kStartLimit = std::chrono::seconds(30);

std::filesystem::path make_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "kvtep-ovsdb-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp: " + std::string(strerror(errno)));
  return name;
}

// A child that dies with us, its output in `log`.
pid_t spawn(const std::vector<std::string>& command, const std::filesystem::path& log) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork: " + std::string(strerror(errno)));
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

bool accepts(const std::filesystem::path& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const bool connected = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return connected;
}

}  // namespace

OvsdbServer::OvsdbServer(OvsdbServerOptions options)
    : options_(std::move(options)), directory_(make_directory()) {
  try {
    create_database();
    start();
  } catch (...) {
    kill();
    std::filesystem::remove_all(directory_);
    throw;
  }
}

OvsdbServer::~OvsdbServer() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void OvsdbServer::create_database() const {
  const pid_t tool =
      spawn({"ovsdb-tool", "create", (directory_ / "db").string(), options_.schema}, directory_ / "log");
  int status = 0;
  waitpid(tool, &status, 0);
  if (status != 0) throw std::runtime_error("ovsdb-tool create failed: " + log());
}

void OvsdbServer::start() {
  std::filesystem::remove(directory_ / "log");
  // What a killed server left behind would look like a socket that refuses.
  std::filesystem::remove(socket_path());
  std::vector<std::string> command = {"ovsdb-server",
                                      "--remote=punix:" + socket_path().string(),
                                      "--remote=ptcp:0:127.0.0.1",
                                      "--unixctl=" + (directory_ / "ctl").string(),
                                      "--no-chdir",
                                      "-vconsole:info"};
  command.insert(command.end(), options_.arguments.begin(), options_.arguments.end());
  command.push_back((directory_ / "db").string());
  pid_ = spawn(command, directory_ / "log");
  wait_until_it_serves();
}

void OvsdbServer::wait_until_it_serves() {
  const auto limit = std::chrono::steady_clock::now() + kStartLimit;
  // Its announcement comes after its listening on all remotes, the connection proves that it does.
  while (log().find("ovsdb-server (Open vSwitch)") == std::string::npos || !accepts(socket_path())) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error("ovsdb-server ended: " + log());
    }
    if (std::chrono::steady_clock::now() > limit)
      throw std::runtime_error("ovsdb-server does not serve: " + log());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void OvsdbServer::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void OvsdbServer::restart() {
  kill();
  start();
}

void OvsdbServer::freeze() {
  ::kill(pid_, SIGSTOP);
  int status = 0;
  waitpid(pid_, &status, WUNTRACED);
}

void OvsdbServer::thaw() { ::kill(pid_, SIGCONT); }

std::string OvsdbServer::tcp_remote() const {
  static constexpr std::string_view kMark = "listening on port ";
  const auto text = log();
  const auto mark = text.find(kMark);
  if (mark == std::string::npos) throw std::runtime_error("ovsdb-server names no port: " + text);
  return "tcp:127.0.0.1:" + std::to_string(std::atoi(text.c_str() + mark + kMark.size()));
}

std::string OvsdbServer::log() const {
  std::ifstream file(directory_ / "log");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace kvtep::test
