// What the server answered to a transaction (RFC 7047 section 4.1.3): one result an operation, or the error
// that made it fail as a whole. Pure; text of any kind is safe to decode.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ovsdb-client/schema/row.hpp"
#include "ovsdb-client/transaction/transaction.hpp"
#include "ovsdb-client/wire/error.hpp"

namespace ovsdb {

// The <error> strings of RFC 7047 sections 3.1, 4.1.3 and 5.2, and those that ovsdb-server adds.
enum class TransactionFault {
  Aborted,
  ConstraintViolation,  // another client was faster with the same index, for example: look again, then retry
  DomainError,
  DuplicateUuidName,
  IoError,
  NotAllowed,
  NotOwner,  // the lock is no longer ours
  NotSupported,
  PermissionError,
  RangeError,
  ReferentialIntegrityViolation,  // a row that is still referred to was deleted, or one that is not there is
                                  // named
  ResourcesExhausted,
  SyntaxError,
  TimedOut,  // a wait's condition did not come true
  UnknownColumn,
  UnknownTable,
  Other,
};

TransactionFault transaction_fault(std::string_view error);

struct TransactionError {
  TransactionFault fault{};
  // The operation that failed; none where all went well until the commit.
  std::optional<std::size_t> operation;
  std::string op;
  std::string table;
  std::string error;    // the server's words
  std::string details;  // and its explanation, where there is one

  std::string message() const;
  bool operator==(const TransactionError&) const = default;
};

std::ostream& operator<<(std::ostream& out, const TransactionError& error);

struct OperationResult {
  std::size_t count = 0;         // rows that an update, mutate or delete found
  std::optional<Uuid> inserted;  // what the server made of an insert
  std::string rows;              // JSON, of a select
};

struct TransactionReply {
  // Without those from the failed operation on.
  std::vector<OperationResult> operations;
  std::optional<TransactionError> error;
  std::unordered_map<Uuid, Uuid> inserted;  // by provisional UUID; empty where the transaction failed

  bool succeeded() const { return !error; }

  // The rows that the select at `index` found.
  template <Described Row>
  Result<std::vector<std::pair<Uuid, Row>>> rows(std::size_t index) const;
};

// An Error is returned only where the text is no reply to this transaction.
Result<TransactionReply> decode_reply(const Transaction& transaction, std::string_view result_json);

template <Described Row>
Result<std::vector<std::pair<Uuid, Row>>> TransactionReply::rows(std::size_t index) const {
  if (index >= operations.size() || operations[index].rows.empty()) {
    return std::unexpected(Error{Fault::Usage, "operation " + std::to_string(index) + " selected no rows"});
  }
  std::vector<std::pair<Uuid, Row>> found;
  JsonReader in(operations[index].rows);
  std::string_view name;
  in.begin_array();
  while (in.next_element()) {
    auto& [uuid, row] = found.emplace_back();
    in.begin_object();
    while (in.next_member(name)) {
      if (name == "_uuid") {
        decode(in, uuid);
      } else {
        decode_column(in, name, ColumnForm::Value, row);
      }
    }
  }
  if (in.finish()) return found;
  in.within("rows of " + std::string(Describe<Row>::kTable));
  return std::unexpected(in.error());
}

}  // namespace ovsdb
