#include "netlinkd/rtnl/transactor.hpp"

#include <fmt/format.h>
#include <linux/netlink.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <set>
#include <utility>

#include "netlinkd/rtnl/codec/decode.hpp"
#include "netlinkd/rtnl/codec/decode_groups.hpp"
#include "netlinkd/rtnl/codec/dumps.hpp"
#include "netlinkd/rtnl/codec/encode.hpp"
#include "netlinkd/rtnl/codec/link_counters.hpp"
#include "netlinkd/rtnl/codec/neighbours.hpp"
#include "netlinkd/rtnl/codec/outcome.hpp"
#include "netlinkd/rtnl/codec/own_devices.hpp"
#include "netlinkd/rtnl/exchange.hpp"
#include "netlinkd/rtnl/host.hpp"
#include "netlinkd/rtnl/source_filter.hpp"

namespace kvtep::rtnl {
namespace {

// More at once is slower: the kernel's per-CPU memory is not refilled while one sendmsg holds its lock.
constexpr std::size_t kBatchMessages = 64;
constexpr std::size_t kBatchBytes = std::size_t{32} << 10;
constexpr unsigned kDumpAttempts = 10;
constexpr std::uint32_t kFirstIndex = codec::kFirstOwnIndex;
constexpr std::uint32_t kLastIndex = codec::kLastOwnIndex;

// What is not as we make it is read as not being there: nothing to tell in a dump.
bool tells_of_an_end(const KernelEvent& event) {
  return std::holds_alternative<TagFilterGone>(event) || std::holds_alternative<AnnouncerGone>(event) ||
         std::holds_alternative<NeighbourGone>(event);
}

// One operation's place in a batch.
struct Pending {
  std::size_t op = 0;
  std::size_t first_message = 0;
  std::size_t messages = 0;
  IfIndex new_index;
};

}  // namespace

class Transactor::Impl {
 public:
  Impl(Exchange exchange, SourceFilters source_filters)
      : exchange_(std::move(exchange)),
        source_filters_(std::move(source_filters)),
        next_index_(std::uniform_int_distribution<std::uint32_t>(kFirstIndex, kLastIndex)(random_)),
        group_(std::uniform_int_distribution<std::uint32_t>(kFirstIndex, kLastIndex)(random_)) {}

  std::vector<OpResult> apply(std::span<const KernelOp> ops) {
    std::vector<OpResult> results;
    results.reserve(ops.size());
    for (std::size_t i = 0; i < ops.size();) {
      const auto deletions = deletions_at(ops, i);
      if (deletions > 1) {
        flush(results);
        delete_together(ops.subspan(i, deletions), results);
        i += deletions;
        continue;
      }
      results.push_back({.op = ops[i]});
      ++counters_.ops;
      if (is_filter_op(ops[i])) {
        flush(results);
        apply_filter(results[i++]);
        continue;
      }
      add(ops[i], i, results);
      ++i;
    }
    flush(results);
    return results;
  }

  std::vector<KernelEvent> take_read_back() { return std::exchange(read_back_, {}); }

  Result<Snapshot> dump() {
    Snapshot snapshot;
    const auto into_snapshot = [&](std::span<const std::byte> message) -> Result<void> {
      auto event = codec::decode(message);
      if (!event) return std::unexpected(std::move(event.error()));
      if (*event && !tells_of_an_end(**event)) snapshot.events.push_back(std::move(**event));
      return {};
    };
    const auto keep = [&] {
      const auto size = snapshot.events.size();
      return [&snapshot, size] { snapshot.events.resize(size, Overrun{}); };
    };
    if (auto done = repeat("links", codec::link_dump_request, into_snapshot, keep()); !done) {
      return std::unexpected(std::move(done.error()));
    }
    std::set<IfIndex> hooks;
    const auto into_hooks = [&](std::span<const std::byte> message) -> Result<void> {
      if (const auto device = codec::ingress_hook_device(message)) hooks.insert(*device);
      return {};
    };
    auto done = repeat("qdiscs", codec::qdisc_dump_request, into_hooks, [&] { hooks.clear(); });
    if (!done) return std::unexpected(std::move(done.error()));
    for (const auto device : hooks) {
      done = repeat(
          "filters", [&](std::uint32_t seq) { return codec::filter_dump_request(seq, device); },
          into_snapshot, keep());
      // A device that is gone meanwhile has no filters.
      if (!done && done.error().code != std::errc::no_such_device)
        return std::unexpected(std::move(done.error()));
    }
    done = repeat("nexthops", codec::nexthop_dump_request, into_snapshot, keep());
    // A kernel that does not know them (before 5.3) has none.
    if (!done && done.error().code != std::errc::operation_not_supported)
      return std::unexpected(std::move(done.error()));
    done = repeat("forwarding entries", codec::fdb_dump_request, into_snapshot, keep());
    if (!done) return std::unexpected(std::move(done.error()));
    for (const bool is_v4 : {true, false}) {
      done = repeat(
          "neighbours", [is_v4](std::uint32_t seq) { return codec::neighbour_dump_request(seq, is_v4); },
          into_snapshot, keep());
      if (!done) return std::unexpected(std::move(done.error()));
    }
    const auto into_groups = [&](std::span<const std::byte> message) -> Result<void> {
      auto events = codec::decode_groups(message);
      if (!events) return std::unexpected(std::move(events.error()));
      snapshot.events.insert(snapshot.events.end(), events->begin(), events->end());
      return {};
    };
    done = repeat("multicast groups", codec::group_dump_request, into_groups, keep());
    // A kernel whose bridges cannot snoop has none.
    if (!done && done.error().code != std::errc::operation_not_supported)
      return std::unexpected(std::move(done.error()));
    // A kernel without nf_tables has no filters; one that is asked for is refused in its words.
    if (auto filters = source_filters_.list()) {
      snapshot.events.insert(snapshot.events.end(), filters->begin(), filters->end());
    }
    snapshot.events.emplace_back(HostChanged{read_host(snapshot)});
    return snapshot;
  }

  Result<CounterReading> read_counters() {
    CounterReading reading;
    const auto take = [&](std::span<const std::byte> message) -> Result<void> {
      auto device = codec::decode_counters(message);
      if (!device) return std::unexpected(std::move(device.error()));
      reading.insert(*device);
      return {};
    };
    auto done = repeat("counters", codec::counters_dump_request, take, [&] { reading.clear(); });
    if (!done) return std::unexpected(std::move(done.error()));
    return reading;
  }

  const Counters& counters() const { return counters_; }
  void cancel() { exchange_.cancel(); }

 private:
  static bool is_filter_op(const KernelOp& op) {
    return std::holds_alternative<SetSourceFilter>(op) || std::holds_alternative<RemoveSourceFilter>(op);
  }

  void apply_filter(OpResult& result) {
    ++counters_.messages;
    const auto* set = std::get_if<SetSourceFilter>(&result.op);
    const auto* removal = std::get_if<RemoveSourceFilter>(&result.op);
    const auto done = set != nullptr ? source_filters_.apply(*set) : source_filters_.apply(*removal);
    if (!done) {
      result.error = done.error();
      ++counters_.errors;
      return;
    }
    if (removal != nullptr) read_back_.emplace_back(SourceFilterGone{.table = removal->table});
    if (auto filters = source_filters_.list())
      read_back_.insert(read_back_.end(), filters->begin(), filters->end());
  }

  static std::size_t deletions_at(std::span<const KernelOp> ops, std::size_t first) {
    std::size_t count = 0;
    while (first + count < ops.size() && count < kBatchMessages &&
           std::holds_alternative<DeleteLink>(ops[first + count])) {
      ++count;
    }
    return count;
  }

  // The kernel waits for a grace period at the end of every bridge (some 40 ms): by one request, once for all
  // of them.
  void delete_together(std::span<const KernelOp> ops, std::vector<OpResult>& results) {
    const auto append = [&](const std::vector<std::byte>& request) {
      bytes_.insert(bytes_.end(), request.begin(), request.end());
      ++messages_;
    };
    for (const auto& op : ops) {
      append(codec::set_group_request(first_seq_ + static_cast<std::uint32_t>(messages_),
                                      std::get<DeleteLink>(op).index, group_));
    }
    append(codec::delete_group_request(first_seq_ + static_cast<std::uint32_t>(messages_), group_));
    const auto answers = exchange();
    counters_.ops += ops.size();
    for (std::size_t i = 0; i < ops.size(); ++i) {
      results.push_back({.op = ops[i]});
      const auto& answer = answers[i].error != 0 ? answers[i] : answers.back();
      if (answer.error != 0) fail(results.back(), answer);
    }
  }

  // Sends the batch under construction and takes its answers.
  std::vector<Answer> exchange() {
    request_last_ack();
    std::vector<Answer> answers(messages_);
    exchange_.request(bytes_, first_seq_, answers);
    counters_.messages += messages_;
    first_seq_ += static_cast<std::uint32_t>(messages_);
    messages_ = 0;
    bytes_.clear();
    return answers;
  }

  void fail(OpResult& result, const Answer& answer) {
    ++counters_.errors;
    result.error = system_error(codec::outcome_errno(result.op, answer.error), describe(result.op));
    if (!answer.explanation.empty()) result.error->message += " (" + answer.explanation + ")";
  }

  void add(const KernelOp& op, std::size_t place, std::vector<OpResult>& results) {
    const auto before = bytes_.size();
    const auto new_index = codec::creates_device(op) ? free_index() : IfIndex{};
    const auto seq = first_seq_ + static_cast<std::uint32_t>(messages_);
    const auto count = codec::append_requests(op, seq, new_index, bytes_);
    if (!count) {
      results[place].error = count.error();
      ++counters_.errors;
      return;
    }
    pending_.push_back({.op = place, .first_message = messages_, .messages = *count, .new_index = new_index});
    messages_ += *count;
    if (messages_ <= kBatchMessages && bytes_.size() <= kBatchBytes) return;
    // One too many: the ones before it go first. An operation's messages stay together.
    if (before == 0) return flush(results);
    bytes_.resize(before);
    messages_ -= *count;
    pending_.pop_back();
    flush(results);
    add(op, place, results);
  }

  void flush(std::vector<OpResult>& results) {
    if (pending_.empty()) return;
    const auto answers = exchange();
    for (const auto& pending : std::exchange(pending_, {})) {
      settle(pending, std::span<const Answer>(answers).subspan(pending.first_message, pending.messages),
             results[pending.op]);
    }
  }

  // That answer says that all messages before it were worked off, too.
  void request_last_ack() {
    std::size_t last = 0;
    for (std::size_t at = 0; at < bytes_.size();) {
      nlmsghdr header;
      std::memcpy(&header, bytes_.data() + at, sizeof header);
      last = at;
      at += NLMSG_ALIGN(header.nlmsg_len);
    }
    nlmsghdr header;
    std::memcpy(&header, bytes_.data() + last, sizeof header);
    header.nlmsg_flags |= NLM_F_ACK;
    std::memcpy(bytes_.data() + last, &header, sizeof header);
  }

  void settle(const Pending& pending, std::span<const Answer> answers, OpResult& result) {
    std::vector<int> errors;
    errors.reserve(answers.size());
    for (const auto& answer : answers) errors.push_back(answer.error);
    const auto decisive = codec::decisive_failure(result.op, errors);
    if (!decisive) {
      if (const auto* bridge = std::get_if<CreateBridge>(&result.op)) have_ipv6_for_neighbours(bridge->name);
      return;
    }
    fail(result, answers[*decisive]);
    // Half made, it would be a stranger's device to everybody: nothing on it says whose it is.
    if (pending.new_index && *decisive > 0) take_back(pending.new_index);
  }

  void take_back(IfIndex device) {
    bytes_ = codec::delete_link_request(first_seq_, device);
    messages_ = 1;
    exchange();
  }

  // One after the other from a random start, so that no number comes twice in a batch.
  IfIndex free_index() {
    do {
      next_index_ = next_index_ == kLastIndex ? kFirstIndex : next_index_ + 1;
    } while (!exchange_.is_free(next_index_));
    return IfIndex{next_index_};
  }

  template <class MakeRequest, class Take, class Forget>
  Result<void> repeat(const char* what, MakeRequest make_request, const Take& take, Forget forget) {
    Result<void> done;
    for (unsigned attempt = 0; attempt < kDumpAttempts; ++attempt) {
      ++counters_.dumps;
      const auto seq = first_seq_++;
      done = exchange_.dump(make_request(seq), seq, take);
      if (done) return done;
      forget();
      if (done.error().code != std::errc::interrupted) break;
    }
    done.error().message = fmt::format("dump the {}: {}", what, done.error().message);
    return done;
  }

  Exchange exchange_;
  SourceFilters source_filters_;
  std::vector<KernelEvent> read_back_;
  std::random_device random_;
  std::uint32_t next_index_;
  std::uint32_t
      group_;  // a device group that nobody else uses: devices are in it only while they are deleted
  Counters counters_;

  // The batch under construction.
  std::uint32_t first_seq_ = 1;
  std::size_t messages_ = 0;
  std::vector<std::byte> bytes_;
  std::vector<Pending> pending_;
};

Result<Transactor> Transactor::open() {
  auto exchange = Exchange::open();
  if (!exchange) return std::unexpected(std::move(exchange.error()));
  auto source_filters = SourceFilters::open();
  if (!source_filters) return std::unexpected(std::move(source_filters.error()));
  return Transactor(std::make_unique<Impl>(std::move(*exchange), std::move(*source_filters)));
}

Transactor::Transactor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transactor::~Transactor() = default;
Transactor::Transactor(Transactor&&) noexcept = default;
Transactor& Transactor::operator=(Transactor&&) noexcept = default;

std::vector<OpResult> Transactor::apply(std::span<const KernelOp> ops) { return impl_->apply(ops); }
std::vector<KernelEvent> Transactor::take_read_back() { return impl_->take_read_back(); }
Result<Snapshot> Transactor::dump() { return impl_->dump(); }
Result<CounterReading> Transactor::read_counters() { return impl_->read_counters(); }
void Transactor::cancel() { impl_->cancel(); }
void Transactor::settle_bridges(const Snapshot& snapshot) {
  for (const auto& event : snapshot.events) {
    const auto* changed = std::get_if<LinkChanged>(&event);
    if (changed == nullptr || changed->link.index.value < kFirstIndex) continue;
    if (std::holds_alternative<BridgeInfo>(changed->link.info)) have_ipv6_for_neighbours(changed->link.name);
  }
}

Counters Transactor::counters() const { return impl_->counters(); }

}  // namespace kvtep::rtnl
