#include "ovsdb-client/transaction/reply.hpp"

#include <array>
#include <ostream>

namespace ovsdb {
namespace {

constexpr std::array<std::pair<std::string_view, TransactionFault>, 16> kFaults{{
    {"aborted", TransactionFault::Aborted},
    {"constraint violation", TransactionFault::ConstraintViolation},
    {"domain error", TransactionFault::DomainError},
    {"duplicate uuid-name", TransactionFault::DuplicateUuidName},
    {"I/O error", TransactionFault::IoError},
    {"not allowed", TransactionFault::NotAllowed},
    {"not owner", TransactionFault::NotOwner},
    {"not supported", TransactionFault::NotSupported},
    {"permission error", TransactionFault::PermissionError},
    {"range error", TransactionFault::RangeError},
    {"referential integrity violation", TransactionFault::ReferentialIntegrityViolation},
    {"resources exhausted", TransactionFault::ResourcesExhausted},
    {"syntax error", TransactionFault::SyntaxError},
    {"timed out", TransactionFault::TimedOut},
    {"unknown column", TransactionFault::UnknownColumn},
    {"unknown table", TransactionFault::UnknownTable},
}};

// One element of the result array as it stands there.
struct Element {
  OperationResult result;
  std::optional<std::string> error;
  std::string details;
  bool is_null = false;
};

bool read_count(JsonReader& in, std::size_t& count) {
  std::int64_t value = 0;
  if (!in.read(value)) return false;
  if (value < 0) return in.fail(Fault::Protocol, "a negative count");
  count = static_cast<std::size_t>(value);
  return true;
}

bool read_member(JsonReader& in, std::string_view name, Element& element) {
  if (name == "count") return read_count(in, element.result.count);
  if (name == "uuid") return decode(in, element.result.inserted.emplace());
  if (name == "error") return in.read(element.error.emplace());
  if (name == "details") return in.read(element.details);
  if (name == "rows") {
    std::string_view rows;
    if (!in.read_raw(rows)) return false;
    element.result.rows = rows;
    return true;
  }
  return in.skip();
}

bool read_element(JsonReader& in, Element& element) {
  element.is_null = in.peek() == 'n';
  if (element.is_null) return in.skip();
  if (!in.begin_object()) return false;
  std::string_view name;
  while (in.next_member(name)) {
    if (!read_member(in, name, element)) return false;
  }
  return in.ok();
}

TransactionError make_error(const Transaction& transaction, std::size_t index, Element&& element) {
  TransactionError error{.fault = transaction_fault(*element.error),
                         .operation = std::nullopt,
                         .op = "commit",
                         .table = {},
                         .error = *std::move(element.error),
                         .details = std::move(element.details)};
  const auto& operations = transaction.operations();
  if (index < operations.size()) {
    error.operation = index;
    error.op = operations[index].op;
    error.table = operations[index].table;
  }
  return error;
}

// Takes the element at `index` into the reply.
bool take(const Transaction& transaction, std::size_t index, Element&& element, JsonReader& in,
          TransactionReply& reply) {
  const auto& operations = transaction.operations();
  if (reply.error) {
    return element.is_null || in.fail(Fault::Protocol, "a result after the operation that failed");
  }
  if (element.error) {
    reply.error = make_error(transaction, index, std::move(element));
    return true;
  }
  if (element.is_null) return in.fail(Fault::Protocol, "null for an operation that was tried");
  if (index >= operations.size()) return in.fail(Fault::Protocol, "more results than operations");
  const auto& operation = operations[index];
  if (operation.inserted) {
    if (!element.result.inserted) return in.fail(Fault::Protocol, "an insert without a \"uuid\"");
    reply.inserted.emplace(*operation.inserted, *element.result.inserted);
  }
  reply.operations.push_back(std::move(element.result));
  return true;
}

// ovsdb-server answers with a bare error object where it could not even read the transaction.
bool read_refusal(JsonReader& in, TransactionReply& reply) {
  Element element;
  if (!read_element(in, element) || !in.finish()) return false;
  if (!element.error) return in.fail(Fault::Protocol, "an object without an \"error\"");
  reply.error = TransactionError{.fault = transaction_fault(*element.error),
                                 .operation = std::nullopt,
                                 .op = "transact",
                                 .table = {},
                                 .error = *std::move(element.error),
                                 .details = std::move(element.details)};
  return true;
}

bool read_reply(const Transaction& transaction, JsonReader& in, TransactionReply& reply) {
  if (in.peek() == '{') return read_refusal(in, reply);
  if (!in.begin_array()) return false;
  std::size_t index = 0;
  for (; in.next_element(); ++index) {
    Element element;
    if (!read_element(in, element) || !take(transaction, index, std::move(element), in, reply)) {
      return in.within("operation " + std::to_string(index));
    }
  }
  if (!in.finish()) return false;
  const auto expected = transaction.operations().size();
  const bool complete = reply.error ? index >= expected && index <= expected + 1 : index == expected;
  return complete || in.fail(Fault::Protocol, std::to_string(index) + " results for " +
                                                  std::to_string(expected) + " operations");
}

}  // namespace

TransactionFault transaction_fault(std::string_view error) {
  for (const auto& [text, fault] : kFaults) {
    if (text == error) return fault;
  }
  return TransactionFault::Other;
}

std::string TransactionError::message() const {
  std::string text;
  if (operation) text = "operation " + std::to_string(*operation) + ", ";
  text += op;
  if (!table.empty()) text += " in " + table;
  text += ": " + error;
  if (!details.empty()) text += ": " + details;
  return text;
}

std::ostream& operator<<(std::ostream& out, const TransactionError& error) { return out << error.message(); }

Result<TransactionReply> decode_reply(const Transaction& transaction, std::string_view result_json) {
  JsonReader in(result_json);
  TransactionReply reply;
  if (!read_reply(transaction, in, reply)) {
    in.within("reply to a transaction");
    return std::unexpected(in.error());
  }
  if (reply.error) reply.inserted.clear();
  return reply;
}

}  // namespace ovsdb
