// Encoders of the requests and replies a client sends (RFC 7047 section 4.1; monitor_cond and
// monitor_cond_since: ovsdb-server(7)). Each returns one complete JSON-RPC message as text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace ovsdb {

using RequestId = std::uint64_t;

// From the newest to the one of RFC 7047.
enum class MonitorMethod : std::uint8_t { CondSince, Cond, Plain };

struct MonitorRequest {
  std::string_view database;
  std::string_view monitor_id;
  std::string_view requests;  // JSON text: {table: [{"columns": [...]}]}
  std::string_view last_id;   // the last transaction id, sent with CondSince only
};

std::string_view method_name(MonitorMethod method);

std::string echo_request(RequestId id);
std::string get_schema_request(RequestId id, std::string_view database);
// `params` is the whole JSON array: [<db-name>, <operation>*] (section 4.1.3).
std::string transact_request(RequestId id, std::string_view params);
std::string monitor_request(RequestId id, MonitorMethod method, const MonitorRequest& request);
std::string lock_request(RequestId id, std::string_view lock);
std::string steal_request(RequestId id, std::string_view lock);
std::string unlock_request(RequestId id, std::string_view lock);
// A notification: `id` is that of the transaction to cancel.
std::string cancel_request(RequestId id);

// Replies; `id` and `result` are raw JSON.
std::string reply(std::string_view id, std::string_view result);
std::string error_reply(std::string_view id, std::string_view words);

// A string as JSON; bytes that are no UTF-8 are replaced.
std::string json_string(std::string_view text);

}  // namespace ovsdb
