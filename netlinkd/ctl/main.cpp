// kvtepctl: looks into a running kvtepd, and cleans up after one. kvtepctl(8).

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "netlinkd/base/version.hpp"
#include "netlinkd/control/default_path.hpp"
#include "netlinkd/ctl/client.hpp"
#include "netlinkd/ctl/teardown.hpp"
#include "netlinkd/hwvtep/schema.hpp"

namespace kvtep::ctl {
namespace {

constexpr int kFailed = 1;
constexpr int kBadUsage = 2;

int fail(const std::string& words) {
  fmt::print(stderr, "kvtepctl: {}\n", words);
  return kFailed;
}

// A full disk or a closed pipe is a failure too: half a document is none.
int say(const std::string& words) {
  if (std::fwrite(words.data(), 1, words.size(), stdout) == words.size() && std::fflush(stdout) == 0)
    return 0;
  return fail("writing to standard output failed");
}

int status(const std::string& control) {
  const auto answer = ask(control, "status");
  if (!answer) return fail(answer.error().message);
  return say(*answer);
}

int apply(const std::string& control) {
  const auto answer = ask(control, "apply");
  if (!answer) return fail(answer.error().message);
  if (answer->find("true") != std::string::npos) return say("what the controller took away goes now\n");
  if (answer->find("false") != std::string::npos) return say("nothing was held down\n");
  return fail("the daemon answers: " + *answer);
}

int run_teardown(const std::string& control, const std::string& switch_name) {
  if (somebody_listens(control)) return fail("a kvtepd listens at " + control + ": stop it first");
  const auto operations = teardown(switch_name);
  if (!operations) return fail(operations.error().message);
  return say(fmt::format("nothing of the switch '{}' is left in the kernel ({} operations)\n", switch_name,
                         *operations));
}

int run(int argc, char** argv) {
  CLI::App app("kvtepctl: looks into a running kvtepd, and cleans up after one", "kvtepctl");
  app.set_version_flag("--version", fmt::format("kvtepctl {}", kVersion));
  app.require_subcommand(1);
  app.fallthrough();  // --control may stand on either side of the command
  std::string control = control::kDefaultPath;
  app.add_option("--control", control, "the daemon's control socket")
      ->type_name("PATH")
      ->capture_default_str();
  auto* status_command = app.add_subcommand("status", "what the daemon knows, does and leaves out, as JSON");
  auto* apply_command = app.add_subcommand("apply", "end a hold-down: obey at once what the database says");
  auto* schema_command = app.add_subcommand("schema", "the schema of the hardware_vtep database");
  auto* teardown_command =
      app.add_subcommand("teardown", "remove all devices of a switch; the daemon has to be stopped");
  std::string switch_name;
  teardown_command->add_option("--switch", switch_name, "Physical_Switch.name")
      ->type_name("NAME")
      ->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  if (*status_command) return status(control);
  if (*apply_command) return apply(control);
  if (*teardown_command) return run_teardown(control, switch_name);
  if (*schema_command) return say(hwvtep::schema());
  return kBadUsage;
}

}  // namespace
}  // namespace kvtep::ctl

int main(int argc, char** argv) {
  try {
    return kvtep::ctl::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "kvtepctl: {}\n", error.what());
    return 1;
  }
}
