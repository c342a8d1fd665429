#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "netlinkd/app/config.hpp"
#include "netlinkd/base/version.hpp"
#include "ovsdb-client/transport/remote.hpp"

namespace kvtep::app {
namespace {

constexpr int kCannotStart = 1;
constexpr int kBadUsage = 2;

constexpr std::array<const char*, 6> kLogLevels = {"trace", "debug", "info", "warn", "err", "off"};

// The alias of a device has room for 255 bytes, the UUID and some of the Logical_Switch's name among them.
constexpr std::size_t kSwitchNameLimit = 128;

// What the command line says, as text; empty where it says nothing.
struct Flags {
  std::string config;
  std::vector<std::string> database;
  std::string switch_name;
  std::string tunnel_ip;
  std::vector<std::string> ports;
  std::vector<std::string> management_ips;
  std::string description;
  std::string control;
  std::string log_level;
};

Invocation refuse(int exit_code, std::string_view words) {
  return {.config = std::nullopt, .output = fmt::format("kvtepd: {}\n", words), .exit_code = exit_code};
}

void declare(CLI::App& app, Flags& flags) {
  app.add_option("--config", flags.config, "configuration file")->type_name("FILE");
  app.add_option("--db", flags.database, "unix:PATH, tcp:HOST:PORT or private:DIR; several: one cluster")
      ->type_name("REMOTE[,...]")
      ->allow_extra_args(false)
      ->delimiter(',');
  app.add_option("--switch", flags.switch_name,
                 "Physical_Switch.name; the row is created where there is none")
      ->type_name("NAME");
  app.add_option("--tunnel-ip", flags.tunnel_ip,
                 "where our tunnels end; written to Physical_Switch.tunnel_ips")
      ->type_name("IP");
  app.add_option("--ports", flags.ports, "network devices that are the switch's physical ports")
      ->type_name("GLOB[,...]")
      ->allow_extra_args(false)
      ->delimiter(',');
  app.add_option("--management-ip", flags.management_ips, "written to Physical_Switch.management_ips")
      ->type_name("IP[,...]")
      ->allow_extra_args(false)
      ->delimiter(',');
  app.add_option("--description", flags.description, "written to Physical_Switch.description")
      ->type_name("TEXT");
  app.add_option("--control", flags.control, fmt::format("control socket [{}]", control::kDefaultPath))
      ->type_name("PATH");
  app.add_option("--log-level", flags.log_level, "trace, debug, info, warn, err or off [info]")
      ->type_name("LEVEL");
}

// The flags on top of the file; the text of an Error is what was wrong with a flag.
Result<Config> merge(const Flags& flags, Config config) {
  auto& settings = config.settings;
  if (!flags.database.empty()) config.database = flags.database;
  if (!flags.switch_name.empty()) settings.switch_name = flags.switch_name;
  if (!flags.ports.empty()) settings.ports = flags.ports;
  if (!flags.description.empty()) settings.description = flags.description;
  if (!flags.control.empty()) config.control = flags.control;
  if (!flags.log_level.empty()) config.log_level = flags.log_level;
  if (!flags.tunnel_ip.empty()) {
    settings.tunnel_ip = IpAddress::parse(flags.tunnel_ip);
    if (!settings.tunnel_ip) {
      return std::unexpected(usage_error(fmt::format("--tunnel-ip: '{}' is no IP address", flags.tunnel_ip)));
    }
  }
  if (!flags.management_ips.empty()) settings.management_ips.clear();
  for (const auto& text : flags.management_ips) {
    const auto address = IpAddress::parse(text);
    if (!address)
      return std::unexpected(usage_error(fmt::format("--management-ip: '{}' is no IP address", text)));
    settings.management_ips.push_back(*address);
  }
  return config;
}

// What neither the file nor the flags may leave open, or get wrong.
std::optional<std::string> complaint(const Config& config) {
  const auto& settings = config.settings;
  if (settings.switch_name.empty()) return "--switch NAME is missing: which Physical_Switch is this?";
  if (settings.switch_name.size() > kSwitchNameLimit) {
    return fmt::format("--switch: the name is longer than {} bytes", kSwitchNameLimit);
  }
  if (settings.tunnel_ip && !settings.tunnel_ip->can_end_tunnel()) {
    return fmt::format("--tunnel-ip: {} is no address at which a tunnel can end",
                       settings.tunnel_ip->to_string());
  }
  if (config.database.empty()) return "--db: there is no database to speak to";
  for (const auto& text : config.database) {
    if (text.starts_with(kPrivateDatabase)) {
      if (config.database.size() > 1) return "--db: a private database is one alone";
      if (text.size() == kPrivateDatabase.size()) return "--db: private: wants a directory";
      continue;
    }
    const auto remote = ovsdb::Remote::parse(text);
    if (!remote) return "--db: " + remote.error().message;
  }
  if (std::ranges::find(kLogLevels, config.log_level) == kLogLevels.end()) {
    return fmt::format("--log-level: there is no level '{}'", config.log_level);
  }
  return std::nullopt;
}

}  // namespace

Invocation parse_arguments(int argc, const char* const* argv) {
  CLI::App app("kvtepd: makes the Linux kernel a hardware VTEP, as the OVSDB hardware_vtep database says",
               "kvtepd");
  Flags flags;
  declare(app, flags);
  app.set_version_flag("--version", fmt::format("kvtepd {}", kVersion));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream words;
    const int code = app.exit(error, out, words);
    if (code == 0) return {.config = std::nullopt, .output = out.str(), .exit_code = 0};
    return {.config = std::nullopt, .output = "kvtepd: " + words.str(), .exit_code = kBadUsage};
  }

  Config config;
  const bool named = !flags.config.empty();
  const auto& path = named ? flags.config : std::string(kDefaultConfig);
  if (named || access(path.c_str(), F_OK) == 0) {
    auto read = read_file(path, std::move(config));
    if (!read) return refuse(kCannotStart, read.error().message);
    config = std::move(*read);
  }
  auto merged = merge(flags, std::move(config));
  if (!merged) return refuse(kBadUsage, merged.error().message);
  if (const auto words = complaint(*merged)) return refuse(kBadUsage, *words);
  return {.config = std::move(*merged), .output = {}, .exit_code = 0};
}

}  // namespace kvtep::app
