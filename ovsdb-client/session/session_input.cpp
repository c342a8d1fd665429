// What the server says: one function a message, each returns the Error that closes the connection.
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "ovsdb-client/session/session.hpp"
#include "ovsdb-client/wire/uuid.hpp"

namespace ovsdb {
namespace {

// No schema and no error comes near; rows, which do, never become a document.
constexpr std::size_t kLargestDocument = std::size_t{16} << 20;
constexpr std::size_t kLargestEcho = std::size_t{64} << 10;

bool is_null(std::string_view raw) { return raw.empty() || raw == "null"; }

// For an Error's text: the start of what came.
std::string_view excerpt(std::string_view raw) { return raw.substr(0, 80); }

std::unexpected<Error> protocol_error(std::string_view what, std::string_view raw) {
  return std::unexpected(Error{Fault::Protocol, fmt::format("{}: {}", what, json_string(excerpt(raw)))});
}

Result<Json> parse(std::string_view raw, std::string_view what) {
  if (raw.size() > kLargestDocument) return protocol_error(fmt::format("{} is too large", what), raw);
  auto document = Json::parse(raw, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    return std::unexpected(
        Error{Fault::Syntax, fmt::format("{} is no JSON: {}", what, json_string(excerpt(raw)))});
  }
  return document;
}

std::optional<std::string> text_of(const Json& object, const char* member) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(member);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

// <error> of RFC 7047 section 3.1 is an object; unknown methods are answered by a mere string.
Result<std::string> server_words(std::string_view raw) {
  const auto error = parse(raw, "the server's error");
  if (!error) return std::unexpected(error.error());
  if (error->is_string()) return error->get<std::string>();
  const auto kind = text_of(*error, "error");
  if (!kind) return error->dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto details = text_of(*error, "details");
  return details ? fmt::format("{}: {}", *kind, *details) : *kind;
}

// The error reply to a request of ours, as the Error that closes the connection.
std::unexpected<Error> refusal(std::string_view request, std::string_view raw) {
  auto words = server_words(raw);
  if (!words) return std::unexpected(std::move(words.error()));
  return std::unexpected(Error{Fault::Server, fmt::format("{}: {}", request, *words)});
}

UpdateKind kind_of(MonitorMethod method) {
  return method == MonitorMethod::Plain ? UpdateKind::Monitor1 : UpdateKind::Conditional;
}

}  // namespace

Result<void> Session::handle(Message message, TimePoint now) {
  if (!message.method().empty()) return handle_call(std::move(message));
  if (!message.result().empty() || !message.error().empty()) return handle_reply(std::move(message), now);
  return protocol_error("a message that is neither a call nor a reply", message.text);
}

Result<void> Session::handle_call(Message message) {
  const auto method = message.method();
  if (method.front() != '"') return protocol_error("a method that is no string", method);
  if (message.params().empty() || message.params().front() != '[') {
    return protocol_error("parameters that are no array", message.text);
  }
  if (!is_null(message.id())) {
    if (!Json::accept(message.id())) return protocol_error("an id that is no JSON", message.id());
    if (method == R"("echo")") return answer_echo(message);
    actions_.emplace_back(Send{error_reply(message.id(), "unknown method")});
    actions_.emplace_back(Ignored{fmt::format("request of the unknown method {}", excerpt(method))});
    return {};
  }
  if (method == R"("update3")") return handle_update(std::move(message), MonitorMethod::CondSince);
  if (method == R"("update2")") return handle_update(std::move(message), MonitorMethod::Cond);
  if (method == R"("update")") return handle_update(std::move(message), MonitorMethod::Plain);
  if (method == R"("locked")") return handle_lock_notice(message, true);
  if (method == R"("stolen")") return handle_lock_notice(message, false);
  if (method == R"("monitor_canceled")") return protocol_error("the server ended the monitor", message.text);
  actions_.emplace_back(Ignored{fmt::format("notification of the unknown method {}", excerpt(method))});
  return {};
}

Result<void> Session::answer_echo(const Message& message) {
  const auto params = message.params();
  if (params.size() > kLargestEcho || !Json::accept(params))
    return protocol_error("a bad echo request", params);
  actions_.emplace_back(Send{reply(message.id(), params)});
  return {};
}

// update: [<json-value>, <table-updates>]; update3 has the transaction id between the two.
Result<void> Session::handle_update(Message message, MonitorMethod method) {
  ArrayCursor params(message.params());
  if (params.element() != json_string(kMonitorId)) {
    actions_.emplace_back(Ignored{fmt::format("{} of a monitor that is not ours", message.method())});
    return {};
  }
  if (state_ != State::Monitoring)
    return protocol_error("an update before the monitor's reply", message.text);
  if (method != method_) return protocol_error("an update of another notation than asked for", message.text);
  const auto last_id = method == MonitorMethod::CondSince ? params.element() : std::string_view{};
  const auto updates = params.last();
  if (updates.empty() || updates.front() != '{')
    return protocol_error("an update without tables", message.text);
  if (method == MonitorMethod::CondSince) {
    if (auto remembered = remember(last_id); !remembered) return remembered;
  }
  emit_update(std::move(message), /*initial=*/false, updates);
  return {};
}

Result<void> Session::handle_lock_notice(const Message& message, bool held) {
  const auto params = parse(message.params(), "the lock notification");
  if (!params) return std::unexpected(params.error());
  if (params->size() != 1 || !params->front().is_string()) {
    return protocol_error("a lock notification without a lock", message.params());
  }
  if (params->front() != target_.lock.value_or("") || !target_.lock) {
    actions_.emplace_back(Ignored{"notification of a lock that is not ours"});
    return {};
  }
  // Stolen: the server keeps our request in its queue, and a "locked" follows when the lock is free again.
  if (lock_held_ != held) actions_.emplace_back(LockChanged{held});
  lock_held_ = held;
  return {};
}

Result<void> Session::handle_reply(Message message, TimePoint now) {
  const auto raw = message.id();
  RequestId id = 0;
  const auto [end, failed] = std::from_chars(raw.data(), raw.data() + raw.size(), id);
  const auto found =
      failed == std::errc{} && end == raw.data() + raw.size() ? pending_.find(id) : pending_.end();
  if (found == pending_.end()) {
    actions_.emplace_back(Ignored{fmt::format("reply to a request that is not ours: id {}", excerpt(raw))});
    return {};
  }
  const Pending pending = found->second;
  Result<void> handled;
  switch (pending.kind) {
    case RequestKind::Echo: break;
    case RequestKind::Schema: handled = handle_schema(message); break;
    case RequestKind::Lock: handled = handle_lock_reply(message); break;
    case RequestKind::Monitor: handled = handle_monitor_reply(std::move(message), now); break;
    case RequestKind::Transact: handled = handle_transact_reply(message, pending.token); break;
  }
  // Only now: a transaction whose reply is unusable must still be in flight when the connection closes.
  if (handled) pending_.erase(found);
  return handled;
}

Result<void> Session::handle_schema(const Message& message) {
  if (!is_null(message.error()))
    return refusal("get_schema of " + json_string(target_.database), message.error());
  auto schema = parse(message.result(), "the schema");
  if (!schema) return std::unexpected(std::move(schema.error()));
  if (!schema->is_object()) return protocol_error("a schema that is no object", message.result());
  state_ = State::SchemaKnown;
  actions_.emplace_back(SchemaReceived{std::move(*schema)});
  return {};
}

Result<void> Session::handle_lock_reply(const Message& message) {
  if (!is_null(message.error()))
    return refusal("lock " + json_string(target_.lock.value_or("")), message.error());
  const auto result = parse(message.result(), "the lock's reply");
  if (!result) return std::unexpected(result.error());
  const auto locked = result->is_object() ? result->find("locked") : result->end();
  if (locked == result->end() || !locked->is_boolean())
    return protocol_error("a bad lock reply", message.result());
  lock_held_ = locked->get<bool>();
  actions_.emplace_back(LockChanged{*lock_held_});
  return {};
}

Result<void> Session::handle_monitor_reply(Message message, TimePoint now) {
  if (!is_null(message.error())) {
    auto refused = handle_monitor_refusal(message);
    if (refused) reconnect_.set_patient(true, now);
    return refused;
  }
  auto updates = message.result();
  bool initial = true;
  if (method_ == MonitorMethod::CondSince) {  // [<found>, <last-txn-id>, <table-updates2>]
    ArrayCursor result(message.result());
    const auto found = result.element();
    const auto last_id = result.element();
    updates = result.last();
    if (found != "true" && found != "false") return protocol_error("a bad monitor reply", message.text);
    initial = found == "false";
    if (!initial && !last_id_) return protocol_error("a resumption that was not asked for", message.text);
    if (updates.empty() || updates.front() != '{') return protocol_error("a bad monitor reply", message.text);
    if (auto remembered = remember(last_id); !remembered) return remembered;
  } else {
    if (updates.empty() || updates.front() != '{') return protocol_error("a bad monitor reply", message.text);
    last_id_.reset();
  }
  state_ = State::Monitoring;
  reconnect_.set_patient(false, now);
  reconnect_.settled(now);
  emit_update(std::move(message), initial, updates);
  return {};
}

// Older servers know fewer methods; anything but "unknown method" is meant for us.
Result<void> Session::handle_monitor_refusal(const Message& message) {
  const auto words = server_words(message.error());
  if (!words) return std::unexpected(words.error());
  if (*words != "unknown method" || method_ == MonitorMethod::Plain) {
    return std::unexpected(Error{Fault::Server, fmt::format("{} of {}: {}", method_name(method_),
                                                            json_string(target_.database), *words)});
  }
  method_ = method_ == MonitorMethod::CondSince ? MonitorMethod::Cond : MonitorMethod::Plain;
  send_monitor();
  return {};
}

Result<void> Session::handle_transact_reply(const Message& message, std::uint64_t token) {
  if (!is_null(message.error())) {
    auto words = server_words(message.error());
    if (!words) return std::unexpected(std::move(words.error()));
    actions_.emplace_back(TransactionDone{token, TransactionOutcome::Refused, std::move(*words)});
    return {};
  }
  const auto result = message.result();
  if (is_null(result) || result.front() != '[') return protocol_error("a bad transact reply", message.text);
  actions_.emplace_back(TransactionDone{token, TransactionOutcome::Replied, std::string(result)});
  return {};
}

Result<void> Session::remember(std::string_view last_id) {
  const bool is_string = last_id.size() > 2 && last_id.front() == '"' && last_id.back() == '"';
  const auto id = is_string ? Uuid::parse(last_id.substr(1, last_id.size() - 2)) : std::nullopt;
  if (!id) return protocol_error("a transaction id that is no uuid", last_id);
  last_id_ = id->to_string();
  return {};
}

void Session::emit_update(Message message, bool initial, std::string_view updates) {
  const auto begin = static_cast<std::size_t>(updates.data() - message.text.data());
  const auto size = updates.size();
  actions_.emplace_back(Update{kind_of(method_), initial, std::move(message.text), begin, size});
}

}  // namespace ovsdb
