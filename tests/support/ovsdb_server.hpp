// A real ovsdb-server of a test's own: its database in a fresh directory, on a unix socket and on TCP
// 127.0.0.1 (a port of the system's choice). Killed, and its directory removed, with the object and with the
// test process. Start-up problems throw std::runtime_error, which fails the test with the reason. One thread
// at a time.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace kvtep::test {

struct OvsdbServerOptions {
  std::string schema = "/usr/share/openvswitch/vtep.ovsschema";
  std::vector<std::string> arguments;  // further ones, as ovsdb-server(1) has them
};

class OvsdbServer {
 public:
  // Serves when the constructor returns.
  explicit OvsdbServer(OvsdbServerOptions options = {});
  ~OvsdbServer();
  OvsdbServer(const OvsdbServer&) = delete;
  OvsdbServer& operator=(const OvsdbServer&) = delete;

  // The server dies at once (SIGKILL); the database file stays.
  void kill();
  // Kills it if it runs, starts it again on the same file, and waits until it serves. The TCP port changes.
  void restart();
  // While frozen the kernel still accepts connections for it, and nobody answers.
  void freeze();
  void thaw();

  std::string remote() const { return "unix:" + socket_path().string(); }
  std::string tcp_remote() const;
  std::filesystem::path directory() const { return directory_; }
  std::filesystem::path socket_path() const { return directory_ / "db.sock"; }
  pid_t pid() const { return pid_; }

 private:
  void create_database() const;
  void start();
  void wait_until_it_serves();
  std::string log() const;

  OvsdbServerOptions options_;
  std::filesystem::path directory_;
  pid_t pid_ = -1;
};

}  // namespace kvtep::test
