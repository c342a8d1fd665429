#include "ovsdb-client/transport/stream.hpp"

#include <algorithm>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <asio/write.hpp>

namespace ovsdb {
namespace {

constexpr std::size_t kReadSize = std::size_t{256} << 10;
// How long one of several addresses of a name may keep the others waiting: an address that swallows packets
// must not eat the time of the whole attempt, which the session limits.
constexpr auto kAttempt = std::chrono::seconds(2);

}  // namespace

Stream::Stream(asio::io_context& io, StreamHandlers handlers)
    : socket_(io), resolver_(io), attempt_(io), handlers_(std::move(handlers)) {}

std::shared_ptr<Stream> Stream::open(asio::io_context& io, const Remote& remote, StreamHandlers handlers) {
  std::shared_ptr<Stream> self(new Stream(io, std::move(handlers)));
  if (const auto* tcp = std::get_if<TcpRemote>(&remote.address)) {
    self->is_tcp_ = true;
    self->resolve(*tcp);
    return self;
  }
  self->endpoints_.emplace_back(
      asio::local::stream_protocol::endpoint(std::get<UnixRemote>(remote.address).path));
  asio::post(io, [self] { self->connect(); });
  return self;
}

void Stream::resolve(const TcpRemote& remote) {
  // An address is no name: it must not wait for the one thread that looks names up.
  asio::error_code no_address;
  const auto address = asio::ip::make_address(remote.host, no_address);
  if (!no_address) {
    endpoints_.emplace_back(asio::ip::tcp::endpoint(address, remote.port));
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->connect(); });
    return;
  }
  resolver_.async_resolve(remote.host, std::to_string(remote.port), asio::ip::resolver_base::numeric_service,
                          [self = shared_from_this()](const asio::error_code& error, const auto& results) {
                            if (self->closed_) return;
                            if (error) return self->fail("resolving the name: " + error.message());
                            for (const auto& result : results)
                              self->endpoints_.emplace_back(result.endpoint());
                            std::reverse(self->endpoints_.begin(), self->endpoints_.end());
                            self->connect();
                          });
}

void Stream::connect() {
  if (closed_) return;
  if (endpoints_.empty()) return fail(words_);
  const auto endpoint = endpoints_.back();
  endpoints_.pop_back();
  asio::error_code ignored;
  socket_.close(ignored);  // the socket of an earlier endpoint may have the other address family
  if (!endpoints_.empty()) limit_attempt();
  socket_.async_connect(endpoint, [self = shared_from_this()](const asio::error_code& error) {
    if (self->closed_) return;
    self->attempt_.cancel();
    if (error) {
      self->words_ = error.message();
      return self->connect();
    }
    asio::error_code no_matter;
    if (self->is_tcp_) self->socket_.set_option(asio::ip::tcp::no_delay(true), no_matter);
    self->buffer_.resize(kReadSize);
    self->read();
    self->handlers_.on_connected();
  });
}

void Stream::limit_attempt() {
  attempt_.expires_after(kAttempt);
  attempt_.async_wait([self = shared_from_this()](const asio::error_code& error) {
    asio::error_code ignored;
    if (!error && !self->closed_) self->socket_.cancel(ignored);
  });
}

void Stream::read() {
  socket_.async_read_some(asio::buffer(buffer_),
                          [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
                            if (self->closed_) return;
                            if (error) return self->end(error.message());
                            self->handlers_.on_bytes(std::string_view(self->buffer_.data(), size));
                            if (!self->closed_) self->read();
                          });
}

void Stream::send(std::string bytes) {
  if (closed_) return;
  outgoing_.push_back(std::move(bytes));
  if (outgoing_.size() == 1) write();
}

void Stream::write() {
  asio::async_write(socket_, asio::buffer(outgoing_.front()),
                    [self = shared_from_this()](const asio::error_code& error, std::size_t /*size*/) {
                      if (self->closed_) return;
                      if (error) return self->end(error.message());
                      self->outgoing_.pop_front();
                      if (!self->outgoing_.empty()) self->write();
                    });
}

void Stream::fail(const std::string& words) {
  close();
  handlers_.on_failed(words);
}

void Stream::end(const std::string& words) {
  close();
  handlers_.on_closed(words);
}

void Stream::close() {
  closed_ = true;
  resolver_.cancel();
  attempt_.cancel();
  asio::error_code ignored;
  socket_.close(ignored);
}

}  // namespace ovsdb
