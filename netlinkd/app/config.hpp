// The daemon's configuration: /etc/kvtep/kvtepd.toml, and the flags that override its keys. kvtepd(8)
// describes both.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/control/default_path.hpp"
#include "netlinkd/planner/settings.hpp"

namespace kvtep::app {

inline constexpr const char* kDefaultConfig = "/etc/kvtep/kvtepd.toml";
// What --db takes beside a remote: a server of our own, with its files in the directory named after this.
inline constexpr std::string_view kPrivateDatabase = "private:";

struct Config {
  std::vector<std::string> database = {"unix:/run/kvtep/db.sock"};  // --db: one cluster, or private:DIR
  planner::Settings settings;
  std::chrono::milliseconds removal_delay{200};
  std::chrono::seconds audit_interval{600};
  std::chrono::seconds stats_interval{60};  // 0: never
  double hold_down_share = 0;               // 0: off
  std::chrono::seconds hold_down_time{300};
  bool ip_learning = true;
  std::int64_t ip_learning_limit = 4096;  // addresses a port
  std::string control = control::kDefaultPath;
  std::string log_level = "info";

  bool operator==(const Config&) const = default;
};

// What the command line asks for.
struct Invocation {
  std::optional<Config> config;  // run with it
  std::string output;            // else: print this
  int exit_code = 0;             // and end with this
};

// Reads the arguments and the file they name. Bad usage is exit code 2, a file that cannot be read or has an
// unknown key or a wrong type is 1; both say what and where.
Invocation parse_arguments(int argc, const char* const* argv);

// The file alone, on top of `config`; errors name the file, the line and the key.
Result<Config> read_file(const std::string& path, Config config);

}  // namespace kvtep::app
