#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "netlinkd/app/config.hpp"

namespace kvtep::app {
namespace {

// Reads the keys of one document one by one and remembers the first thing that is wrong.
class Reader {
 public:
  Reader(const std::string& path, const toml::table& document) : path_(path), document_(document) {}

  void text(std::string_view key, std::string& value) {
    if (const auto* node = take(key)) {
      if (const auto* found = node->as_string()) {
        value = found->get();
      } else {
        fail(*node, key, "a string");
      }
    }
  }

  void texts(std::string_view key, std::vector<std::string>& values) {
    const auto* node = take(key);
    if (node == nullptr) return;
    const auto* array = node->as_array();
    if (array == nullptr) return fail(*node, key, "an array of strings");
    values.clear();
    for (const auto& element : *array) {
      const auto* found = element.as_string();
      if (found == nullptr) return fail(element, key, "an array of strings");
      values.push_back(found->get());
    }
  }

  void boolean(std::string_view key, bool& value) {
    if (const auto* node = take(key)) {
      const auto* found = node->as_boolean();
      if (found == nullptr) return fail(*node, key, "true or false");
      value = found->get();
    }
  }

  void milliseconds(std::string_view key, std::chrono::milliseconds& value) {
    if (const auto* node = take(key)) {
      const auto* found = node->as_integer();
      if (found == nullptr || found->get() < 0 || found->get() > 3'600'000) {
        fail(*node, key, "a number of milliseconds, 0 to 3600000");
      } else {
        value = std::chrono::milliseconds(found->get());
      }
    }
  }

  void seconds(std::string_view key, std::chrono::seconds& value) {
    if (const auto* node = take(key)) {
      const auto* found = node->as_integer();
      if (found == nullptr || found->get() < 0 || found->get() > 86'400) {
        fail(*node, key, "a number of seconds, 0 to 86400");
      } else {
        value = std::chrono::seconds(found->get());
      }
    }
  }

  void count(std::string_view key, std::uint32_t& value) {
    if (const auto* node = take(key)) {
      const auto* found = node->as_integer();
      if (found == nullptr || found->get() < 0 || found->get() > 0xffffffff) {
        fail(*node, key, "a number, 0 to 4294967295");
      } else {
        value = static_cast<std::uint32_t>(found->get());
      }
    }
  }

  void number(std::string_view key, std::int64_t& value, std::int64_t least, std::int64_t most) {
    if (const auto* node = take(key)) {
      const auto* found = node->as_integer();
      if (found == nullptr || found->get() < least || found->get() > most) {
        fail(*node, key, fmt::format("a number, {} to {}", least, most));
      } else {
        value = found->get();
      }
    }
  }

  void share(std::string_view key, double& value) {
    if (const auto* node = take(key)) {
      const auto found = node->value<double>();
      if (!node->is_number() || !found || !(*found >= 0 && *found < 1)) {
        fail(*node, key, "a share, 0 to less than 1");
      } else {
        value = *found;
      }
    }
  }

  // "FIRST-LAST".
  void vni_range(std::string_view key, std::optional<planner::VniRange>& value) {
    std::string words;
    text(key, words);
    if (words.empty()) return;
    const auto dash = std::min(words.find('-'), words.size() - 1);
    const auto first = vni(std::string_view(words).substr(0, dash));
    const auto last = vni(std::string_view(words).substr(dash + 1));
    if (!first || !last || *first > *last) {
      return fail(*document_.get(key), key, "two VNIs, \"FIRST-LAST\", 1 to 16777215");
    }
    value = planner::VniRange{.first = *first, .last = *last};
  }

  void addresses(std::string_view key, std::vector<IpAddress>& values) {
    std::vector<std::string> words;
    const auto* node = document_.get(key);
    texts(key, words);
    if (node == nullptr || error_) return;
    values.clear();
    for (const auto& word : words) {
      const auto address = IpAddress::parse(word);
      if (!address) return fail(*node, key, "IP addresses");
      values.push_back(*address);
    }
  }

  // A key that nobody asked for is a slip of the pen that must not go unnoticed.
  std::optional<Error> finish() {
    for (const auto& [key, node] : document_) {
      if (error_) break;
      if (std::ranges::find(taken_, key.str()) == taken_.end()) {
        error_ = usage_error(
            fmt::format("{}:{}: there is no key '{}'", path_, node.source().begin.line, key.str()));
      }
    }
    return error_;
  }

 private:
  const toml::node* take(std::string_view key) {
    taken_.push_back(key);
    return document_.get(key);
  }

  static std::optional<Vni> vni(std::string_view digits) {
    std::int64_t number = 0;
    const auto* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, number);
    return read.ec == std::errc() && read.ptr == end ? Vni::from_key(number) : std::nullopt;
  }

  void fail(const toml::node& node, std::string_view key, std::string_view wanted) {
    if (error_) return;
    error_ = usage_error(fmt::format("{}:{}: {} has to be {}", path_, node.source().begin.line, key, wanted));
  }

  const std::string& path_;
  const toml::table& document_;
  std::vector<std::string_view> taken_;
  std::optional<Error> error_;
};

}  // namespace

Result<Config> read_file(const std::string& path, Config config) {
  const auto document = toml::parse_file(path);
  if (!document) {
    const auto& error = document.error();
    return std::unexpected(
        usage_error(fmt::format("{}:{}: {}", path, error.source().begin.line, error.description())));
  }
  Reader reader(path, document.table());
  std::string tunnel_ip;
  std::string description = config.settings.description.value_or("");
  std::string realize = "all";
  std::string accept_from = "any";
  reader.texts("db", config.database);
  reader.text("switch", config.settings.switch_name);
  reader.text("tunnel-ip", tunnel_ip);
  reader.texts("ports", config.settings.ports);
  reader.addresses("management-ips", config.settings.management_ips);
  reader.text("description", description);
  reader.text("realize", realize);
  reader.text("accept-from", accept_from);
  reader.vni_range("vni-range", config.settings.vni_range);
  std::chrono::seconds ageing_time{config.settings.ageing_time};
  reader.seconds("ageing-time", ageing_time);
  config.settings.ageing_time = static_cast<std::uint32_t>(ageing_time.count());
  reader.count("mac-limit", config.settings.mac_limit);
  reader.count("port-mac-limit", config.settings.port_mac_limit);
  reader.boolean("multicast-snooping", config.settings.multicast_snooping);
  reader.milliseconds("removal-delay", config.removal_delay);
  reader.seconds("audit-interval", config.audit_interval);
  reader.seconds("stats-interval", config.stats_interval);
  reader.share("hold-down-share", config.hold_down_share);
  reader.seconds("hold-down-time", config.hold_down_time);
  reader.boolean("ip-learning", config.ip_learning);
  reader.number("ip-learning-limit", config.ip_learning_limit, 1, 1'000'000);
  reader.text("control", config.control);
  reader.text("log-level", config.log_level);
  if (auto error = reader.finish()) return std::unexpected(std::move(*error));

  if (!tunnel_ip.empty()) {
    config.settings.tunnel_ip = IpAddress::parse(tunnel_ip);
    if (!config.settings.tunnel_ip) {
      return std::unexpected(
          usage_error(fmt::format("{}: tunnel-ip '{}' is no IP address", path, tunnel_ip)));
    }
  }
  if (!description.empty()) config.settings.description = description;
  if (realize != "all" && realize != "bound") {
    return std::unexpected(usage_error(fmt::format("{}: realize has to be \"all\" or \"bound\"", path)));
  }
  if (accept_from != "any" && accept_from != "locators") {
    return std::unexpected(
        usage_error(fmt::format("{}: accept-from has to be \"any\" or \"locators\"", path)));
  }
  config.settings.known_sources_only = accept_from == "locators";
  config.settings.realize_bound_only = realize == "bound";
  return config;
}

}  // namespace kvtep::app
