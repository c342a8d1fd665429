#include "netlinkd/rtnl/source_filter.hpp"

#include <nftables/libnftables.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

namespace kvtep::rtnl {
namespace {

using Json = nlohmann::json;

constexpr const char* kFamily = "inet";
constexpr const char* kSet = "locators";
constexpr const char* kChain = "input";
// Before the operator's own filters: what is dropped here is none of their business.
constexpr int kPriority = -10;

const char* protocol_of(const IpAddress& address) { return address.is_v4() ? "ip" : "ip6"; }

Json commands(Json list) { return {{"nftables", std::move(list)}}; }

Json table_of(const std::string& name) { return {{"table", {{"family", kFamily}, {"name", name}}}}; }

Json match(const char* operation, const char* protocol, const char* field, Json right) {
  Json payload = {{"payload", {{"protocol", protocol}, {"field", field}}}};
  return {{"match", {{"op", operation}, {"left", std::move(payload)}, {"right", std::move(right)}}}};
}

// What one packet is asked, but for the counter, which changes by itself.
Json expressions(const IpAddress& tunnel_ip, std::uint16_t port, bool with_counter) {
  const char* protocol = protocol_of(tunnel_ip);
  Json list =
      Json::array({match("==", protocol, "daddr", tunnel_ip.to_string()), match("==", "udp", "dport", port),
                   match("!=", protocol, "saddr", std::string("@") + kSet)});
  if (with_counter) list.push_back({{"counter", nullptr}});
  list.push_back({{"drop", nullptr}});
  return list;
}

Json chain_of(const std::string& table) {
  return {{"family", kFamily}, {"table", table},    {"name", kChain},    {"type", "filter"},
          {"hook", "input"},   {"prio", kPriority}, {"policy", "accept"}};
}

Json set_of(const std::string& table, const SourceFilter& filter) {
  Json set = {{"family", kFamily},
              {"table", table},
              {"name", kSet},
              {"type", filter.tunnel_ip.is_v4() ? "ipv4_addr" : "ipv6_addr"}};
  for (const auto& address : filter.allowed) set["elem"].push_back(address.to_string());
  return set;
}

// A copy without the keys that the kernel adds.
Json without(Json object, std::initializer_list<const char*> keys) {
  for (const auto* key : keys) object.erase(key);
  return object;
}

std::optional<IpAddress> address_of(const Json& value) {
  return value.is_string() ? IpAddress::parse(value.get<std::string>()) : std::nullopt;
}

// The parts of a listed table, and the filter that they make up where they are what we make.
class Listed {
 public:
  void take(const Json& object) {
    if (object.contains("set")) {
      set_ = object["set"];
      ++parts_;
    } else if (object.contains("chain")) {
      chain_ = object["chain"];
      ++parts_;
    } else if (object.contains("rule")) {
      rule_ = object["rule"];
      ++parts_;
    }
  }

  std::optional<SourceFilter> filter(const std::string& table) const {
    if (parts_ != 3 || without(chain_, {"handle"}) != chain_of(table)) return std::nullopt;
    auto words = rule_.value("expr", Json::array());
    if (!words.is_array() || words.size() < 2) return std::nullopt;
    const auto& first = words.front().value("/match/right"_json_pointer, Json());
    const auto& port = words.at(1).value("/match/right"_json_pointer, Json());
    const auto tunnel_ip = address_of(first);
    if (!tunnel_ip || !port.is_number_unsigned() || port > 65535) return std::nullopt;
    SourceFilter filter{.tunnel_ip = *tunnel_ip, .udp_port = port.get<std::uint16_t>(), .allowed = {}};
    for (auto word = words.begin(); word != words.end();) {
      word = word->contains("counter") ? words.erase(word) : std::next(word);
    }
    if (words != expressions(*tunnel_ip, filter.udp_port, false)) return std::nullopt;
    for (const auto& element : set_.value("elem", Json::array())) {
      const auto address = address_of(element);
      if (!address) return std::nullopt;
      filter.allowed.insert(*address);
    }
    return without(set_, {"handle", "elem"}) == without(set_of(table, filter), {"elem"})
               ? std::optional(std::move(filter))
               : std::nullopt;
  }

 private:
  int parts_ = 0;
  Json set_, chain_, rule_;
};

}  // namespace

void SourceFilters::Free::operator()(nft_ctx* context) const { nft_ctx_free(context); }

Result<SourceFilters> SourceFilters::open() {
  SourceFilters filters(nft_ctx_new(NFT_CTX_DEFAULT));
  auto* context = filters.context_.get();
  if (context == nullptr || nft_ctx_buffer_output(context) != 0 || nft_ctx_buffer_error(context) != 0)
    return std::unexpected(system_error(ENOMEM, "opening libnftables"));
  nft_ctx_output_set_flags(context, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL);
  return filters;
}

Result<std::string> SourceFilters::run(const std::string& commands, const std::string& what) {
  // libnftables leaves the kernel's errno of the transaction there.
  errno = 0;
  const int failed = nft_run_cmd_from_buffer(context_.get(), commands.c_str());
  const int number = errno;
  std::string words = nft_ctx_get_error_buffer(context_.get());
  std::string output = nft_ctx_get_output_buffer(context_.get());
  if (failed == 0) return output;
  auto error = system_error(number != 0 ? number : EIO, what);
  const auto end = words.find('\n');
  if (!words.empty()) error.message += " (nftables: " + words.substr(0, end) + ")";
  return std::unexpected(std::move(error));
}

Result<void> SourceFilters::apply(const SetSourceFilter& op) {
  const auto table = table_of(op.table);
  Json rule = {{"family", kFamily},
               {"table", op.table},
               {"chain", kChain},
               {"expr", expressions(op.filter.tunnel_ip, op.filter.udp_port, true)}};
  // Added first so that the removal finds one; all of it is one transaction.
  const auto list = Json::array({{{"add", table}},
                                 {{"delete", table}},
                                 {{"add", table}},
                                 {{"add", {{"set", set_of(op.table, op.filter)}}}},
                                 {{"add", {{"chain", chain_of(op.table)}}}},
                                 {{"add", {{"rule", std::move(rule)}}}}});
  auto done = run(commands(list).dump(), describe(KernelOp(op)));
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

Result<void> SourceFilters::apply(const RemoveSourceFilter& op) {
  auto done = run(commands(Json::array({{{"delete", table_of(op.table)}}})).dump(), describe(KernelOp(op)));
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

Result<std::vector<SourceFilterChanged>> SourceFilters::list() {
  const auto parse = [](const std::string& text) {
    const auto document = Json::parse(text, nullptr, false);
    return document.is_object() ? document.value("nftables", Json::array()) : Json::array();
  };
  const auto tables =
      run(R"({"nftables":[{"list":{"tables":{"family":"inet"}}}]})", "list the nftables tables");
  if (!tables) return std::unexpected(tables.error());
  std::vector<SourceFilterChanged> filters;
  for (const auto& object : parse(*tables)) {
    const auto name = object.value("/table/name"_json_pointer, std::string());
    if (!name.starts_with(kSourceFilterPrefix)) continue;
    const auto text =
        run(commands(Json::array({{{"list", table_of(name)}}})).dump(), "list the table " + name);
    if (!text) return std::unexpected(text.error());
    Listed listed;
    for (const auto& part : parse(*text)) listed.take(part);
    filters.push_back({.table = name, .filter = listed.filter(name).value_or(SourceFilter{})});
  }
  return filters;
}

}  // namespace kvtep::rtnl
