#include "ovsdb-client/wire/request.hpp"

#include <fmt/format.h>

#include "ovsdb-client/wire/json.hpp"

namespace ovsdb {
namespace {

std::string request(RequestId id, std::string_view method, std::string_view params) {
  return fmt::format(R"({{"method":"{}","params":{},"id":{}}})", method, params, id);
}

std::string request_of_name(RequestId id, std::string_view method, std::string_view name) {
  return request(id, method, fmt::format("[{}]", json_string(name)));
}

}  // namespace

std::string json_string(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view method_name(MonitorMethod method) {
  switch (method) {
    case MonitorMethod::CondSince: return "monitor_cond_since";
    case MonitorMethod::Cond: return "monitor_cond";
    case MonitorMethod::Plain: break;
  }
  return "monitor";
}

std::string echo_request(RequestId id) { return request(id, "echo", "[]"); }

std::string get_schema_request(RequestId id, std::string_view database) {
  return request_of_name(id, "get_schema", database);
}

std::string transact_request(RequestId id, std::string_view params) {
  return request(id, "transact", params);
}

std::string monitor_request(RequestId id, MonitorMethod method, const MonitorRequest& monitor) {
  std::string params = fmt::format("[{},{},{}", json_string(monitor.database),
                                   json_string(monitor.monitor_id), monitor.requests);
  if (method == MonitorMethod::CondSince) params += "," + json_string(monitor.last_id);
  params += "]";
  return request(id, method_name(method), params);
}

std::string lock_request(RequestId id, std::string_view lock) { return request_of_name(id, "lock", lock); }
std::string steal_request(RequestId id, std::string_view lock) { return request_of_name(id, "steal", lock); }
std::string unlock_request(RequestId id, std::string_view lock) {
  return request_of_name(id, "unlock", lock);
}

std::string cancel_request(RequestId id) {
  return fmt::format(R"({{"method":"cancel","params":[{}],"id":null}})", id);
}

std::string reply(std::string_view id, std::string_view result) {
  return fmt::format(R"({{"id":{},"result":{},"error":null}})", id, result);
}

std::string error_reply(std::string_view id, std::string_view words) {
  return fmt::format(R"({{"id":{},"result":null,"error":{}}})", id, json_string(words));
}

}  // namespace ovsdb
