#include "netlinkd/rtnl/reply.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "netlinkd/rtnl/codec/attributes.hpp"

namespace kvtep::rtnl {
namespace {

std::string explanation(codec::Bytes attributes) {
  bool malformed = false;
  const codec::Attributes parsed(attributes, malformed);
  return std::string(parsed.text(NLMSGERR_ATTR_MSG));
}

// struct nlmsgerr: the errno, the request's header, the request's payload unless capped, attributes.
void read_answer(const nlmsghdr& header, codec::Bytes payload, Reply& reply) {
  if (payload.size() < sizeof(nlmsgerr)) {
    reply.error = EBADMSG;
    return;
  }
  const auto answer = codec::read_as<nlmsgerr>(payload);
  reply.error = -answer.error;
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return;
  std::size_t skip = sizeof(nlmsgerr);
  if ((header.nlmsg_flags & NLM_F_CAPPED) == 0 && answer.msg.nlmsg_len >= NLMSG_HDRLEN) {
    skip += NLMSG_ALIGN(answer.msg.nlmsg_len) - NLMSG_HDRLEN;
  }
  if (skip < payload.size()) reply.explanation = explanation(payload.subspan(skip));
}

void read_done(const nlmsghdr& header, codec::Bytes payload, Reply& reply) {
  if (payload.size() < sizeof(int)) return;
  reply.error = std::abs(codec::read_as<int>(payload));
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) != 0)
    reply.explanation = explanation(payload.subspan(sizeof(int)));
}

}  // namespace

std::optional<Reply> take_reply(std::span<const std::byte>& bytes) {
  if (bytes.size() < NLMSG_HDRLEN) return std::nullopt;
  const auto header = codec::read_as<nlmsghdr>(bytes);
  if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > bytes.size()) return std::nullopt;
  Reply reply{.seq = header.nlmsg_seq, .message = bytes.first(header.nlmsg_len)};
  reply.is_interrupted = (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
  const auto payload = reply.message.subspan(NLMSG_HDRLEN);
  if (header.nlmsg_type == NLMSG_ERROR) {
    reply.kind = Reply::Kind::Answer;
    read_answer(header, payload, reply);
  } else if (header.nlmsg_type == NLMSG_DONE) {
    reply.kind = Reply::Kind::Done;
    read_done(header, payload, reply);
  }
  bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), bytes.size()));
  return reply;
}

}  // namespace kvtep::rtnl
