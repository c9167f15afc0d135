// Intake: one message's content, from the first byte after 354, or of the first chunk, to the reply. Bytes are unstuffed,
// cut into records, seen
// by the content checks, and written to the queue file as they come: memory does not grow with the message.
//   Units     message_size_limit: smtpd's limits the content, each record its length + 2; cleanup's, the queue file.
//   Lifetime  borrows Session and Services; holds the ServiceState in force when it was made, so that a switch of
//             stress does not change a message's checks half-way.
//   Threads   one coroutine, whose steps may run on different threads.
//   Errors    as replies: 552 too big, 554 hops, 550/451 content, 452 disk full, 451 other write errors.
//   Source    smtpd(8), cleanup(8); smtpd.md §3.3, §8; content-checks §4.1, §5.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/checks/inspector.h"
#include "engine/mail/splitter.h"
#include "smtpd/access/effects.h"
#include "smtpd/proto/data_reader.h"
#include "smtpd/proto/reply.h"
#include "smtpd/session/content_sink.h"
#include "smtpd/session/session.h"

namespace headgate::session {

class Intake {
 public:
  // `local_client`: missing headers are added.
  Intake(Session& session, Services& services, std::unique_ptr<queue::Writer> writer,
         proto::DataReader reader, bool local_client);
  ~Intake();

  // The two below ask the tables: they run where Loop::inspect() runs them.
  // Takes bytes from the wire; says how many, as proto::DataReader::feed does. The first time our Received: header is
  // written before them.
  std::size_t feed(std::string_view bytes);
  void end();  // after done() or the last chunk, once

  // The tables cannot be asked: nothing is queued, the rest of the content is read and forgotten.
  void give_up(Error why);

  [[nodiscard]] bool done() const { return reader_.done(); }

  [[nodiscard]] const std::string& id() const { return id_; }

  // As smtpd counts: each record its length + 2.
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

  [[nodiscard]] std::uint64_t wire_bytes() const { return reader_.wire_bytes(); }

  // Too big for smtpd, or a bare newline that is not allowed: nobody else is asked about the message any more.
  [[nodiscard]] bool refused_by_smtpd() const { return too_big_ || refuses_bare_newline(); }

  // Why, logged.
  proto::Reply smtpd_refusal(std::string_view where);

  // False when no table is asked (any more): then the two above need not run apart.
  [[nodiscard]] bool asks_tables() const { return asks_tables_ && writing(); }

  [[nodiscard]] const void* tables() const { return state_->checks.get(); }

  // After end(): commits or throws away, and answers.
  Task<proto::Reply> conclude();

  // For mail::Splitter.
  void record(std::string_view bytes, bool continued);
  std::size_t lines(std::string_view lines);

 private:
  class Log;

  void begin();
  void take(std::string_view content);  // on to the checks
  [[nodiscard]] proto::Reply queued() const;
  template <class Work>
  void guard(const Work& work);
  void inspect(std::string_view bytes, bool continued);
  [[nodiscard]] bool acceptable() const;
  [[nodiscard]] bool refuses_bare_newline() const;
  void measure(std::size_t record_length);
  void end_content();
  void abandon();  // the queue file goes; the rest of the content is read and forgotten

  [[nodiscard]] bool writing() const { return writer_ != nullptr; }

  proto::Reply write_failure(const Error& error);
  static proto::Reply content_reply(const std::string& reason);
  Task<proto::Reply> commit(const checks::Verdict& verdict);
  void apply(const checks::Verdict& verdict, queue::Envelope& envelope) const;
  [[nodiscard]] checks::Verdict outcome() const;

  Session& session_;
  Services& services_;
  const StatePtr state_;
  std::unique_ptr<queue::Writer> writer_;
  const std::string id_;
  std::unique_ptr<Log> log_;
  ContentSink sink_;
  checks::CheckSet no_checks_;
  std::unique_ptr<checks::Inspector> inspector_;
  proto::DataReader reader_;
  mail::Splitter splitter_;
  const access::Effects
      effects_;  // of access tables until DATA; those of the end are the Session's
  std::string content_;
  std::optional<Error> write_failure_;
  std::uint64_t size_bytes_ = 0;
  const WallTime began_;
  bool received_written_ = false, first_ = true, too_big_ = false, asks_tables_ = false;
};

}  // namespace headgate::session
