// The order of the checks on a line is Postfix's, because a client sees which complaint comes first (smtpd.md §3.2).
// Differs from Postfix: an overlong line is refused instead of cut and obeyed; a tarpit delays a reply once, not each of
// its lines, and no other session; settings may change between two commands.
// Tested by tests/smtp/*.smtp in memory, and live by tests/e2e.
#include "smtpd/session/converse.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/replies.h"
#include "smtpd/session/client_rates.h"
#include "smtpd/session/judge.h"
#include "smtpd/session/reply_footer.h"
#include "smtpd/session/tls_policy.h"

namespace headgate::session {
namespace {

using proto::Reply;
using proto::Verb;

constexpr std::size_t kLoggedInput = 100;
constexpr std::chrono::seconds kFlushInterval{10};
constexpr std::chrono::milliseconds kPartingTime{500};

// In the order of proto::Verb.
constexpr std::array<VerbFunction, proto::kVerbCount> kVerbs = {
    helo, ehlo, xclient, xforward, starttls, not_offered, mail, rcpt,        data,
    bdat, rset, noop,    vrfy,     etrn,     quit,        help, not_offered,
};

// Control characters as C escapes, as in "improper command pipelining after …".
std::string escaped(std::string_view bytes) {
  std::string out;
  for (const char c : bytes.substr(0, kLoggedInput)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r')
      out += "\\r";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\\')
      out += "\\\\";
    else if (byte < 32 || byte > 126)
      out += fmt::format("\\{:03o}", byte);
    else
      out += c;
  }
  return out;
}

bool contains_word(const std::vector<std::string>& words, std::string_view word) {
  for (const std::string& candidate : words) {
    if (text::equal_ignore_case(candidate, word)) return true;
  }
  return false;
}

class Conversation {
 public:
  Conversation(Dialogue& dialogue, StateSource& states)
      : dialogue_(dialogue), session_(dialogue.session), wire_(dialogue.wire), states_(states) {
    dialogue_.states = &states_;
  }

  Task<void> run();
  Task<void> say_goodbye(Reply reply);

 private:
  enum class Next { go_on, end };

  Task<Next> wrap();
  Task<Next> greet();
  Task<Next> one_command();
  Task<Result<net::Line>> read_command();
  Task<Next> obey(std::string line);
  Result<std::string> filtered(std::string_view line);
  Task<Next> end_for_lookup_failure(Error error);
  Task<Next> send(Reply reply);
  Task<Next> flush();
  std::optional<Reply> objection(const net::Line& line);
  Task<Next> unknown_verb(const proto::Request& request, std::string_view line);
  Task<Next> repeat_denial(Verb verb);
  Task<Next> demand_tls(Verb verb);
  Task<Next> finish(Verb verb, const Answer& answer);
  Task<Next> give_up(Error error);
  Task<void> make_room();
  void take_state();
  void take_settings();
  void log_wire_failure(const Error& error);

  void log(Level level, std::string text) {
    session_.log(dialogue_.services.log, level, std::move(text));
  }

  [[nodiscard]] const std::string& host() const { return session_.settings().myhostname; }

  [[nodiscard]] std::string origin() const { return session_.peer.name_and_address(); }

  Dialogue& dialogue_;
  Session& session_;
  net::Wire& wire_;
  StateSource& states_;
  SteadyTime last_flush_{};
};

void Conversation::take_state() {
  if (!session_.in_transaction()) states_.refresh();
  session_.state = states_.current();
}

void Conversation::take_settings() {
  take_state();
  const config::Settings& settings = session_.settings();
  net::DeadlinePolicy policy;
  policy.budget = settings.smtpd_timeout;
  policy.per_request = settings.smtpd_per_request_deadline;
  wire_.set_deadline_policy(policy);
}

void Conversation::log_wire_failure(const Error& error) {
  if (session_.where == "END-OF-MESSAGE" && error.code != Code::timeout) return;
  if (session_.tls && error.code == Code::io) log(Level::warning, text::printable(error.what));
  const std::string_view what = error.code == Code::timeout ? "timeout" : "lost connection";
  session_.log_as(error.code == Code::timeout ? "timeout" : "lost_connection",
                  dialogue_.services.log,
                  fmt::format("{} after {} from {}", what, session_.after_where(), origin()));
}

Task<Conversation::Next> Conversation::flush() {
  last_flush_ = dialogue_.services.env.steady();
  const Result<void> flushed = co_await wire_.flush();
  if (flushed) co_return Next::go_on;
  log_wire_failure(flushed.error());
  co_return Next::end;
}

// Queues the reply; flushes when the client waits for it: nothing complete was read already, or it was made to wait.
Task<Conversation::Next> Conversation::send(Reply reply) {
  const config::Settings& settings = session_.settings();
  reply = finished(dialogue_, std::move(reply));
  const bool slow = session_.errors >= settings.smtpd_soft_error_limit &&
                    settings.smtpd_error_sleep_time.count() > 0;
  if (slow) co_await dialogue_.services.loop.pause(settings.smtpd_error_sleep_time);
  wire_.queue(reply.bytes(settings.smtputf8_enable));
  const bool closes = reply.closes();
  const bool overdue = dialogue_.services.env.steady() - last_flush_ > kFlushInterval;
  if (closes || slow || overdue || wire_.buffered().find('\n') == std::string_view::npos) {
    const Next next = co_await flush();
    if (next == Next::end) co_return next;
  }
  co_return closes ? Next::end : Next::go_on;
}

Task<void> Conversation::say_goodbye(Reply reply) {
  wire_.reset_deadline();  // the budget is used up
  wire_.queue(finished(dialogue_, std::move(reply)).bytes());
  co_await wire_.flush();
}

Task<Conversation::Next> Conversation::greet() {
  watch_pipelining(dialogue_, "CONNECT");
  if (is_out_of_step(session_)) {
    const Next next = co_await send(proto::reply::protocol_synchronization());
    co_return next;
  }
  Reply greeting = proto::reply::greeting(session_.settings().smtpd_banner);
  session_.denied = co_await judge_client(dialogue_, "CONNECT");
  if (session_.denied) greeting = *session_.denied;
  const Next next = co_await send(std::move(greeting));
  co_return next;
}

// smtpd_tls_wrappermode: TLS before the first word.
Task<Conversation::Next> Conversation::wrap() {
  if (!session_.state->tls) {
    log(Level::warning,
        fmt::format("Wrapper-mode request dropped from {} for service {}. TLS context "
                    "initialization failed. For details see earlier warnings in your logs.",
                    origin(), session_.service));
    co_return Next::end;
  }
  if (refused_starttls(dialogue_)) co_return Next::end;  // it could not read why
  const std::optional<Reply> refused = co_await begin_tls(dialogue_);
  if (dialogue_.wire_failure) {
    const Next next = co_await give_up(*dialogue_.wire_failure);
    co_return next;
  }
  if (!refused) co_return Next::go_on;
  const Next next = co_await send(*refused);
  co_return next;
}

Task<void> Conversation::run() {
  take_settings();
  if (session_.settings().smtpd_tls_wrappermode) {
    const Next wrapped = co_await wrap();
    if (wrapped == Next::end) co_return;
  }
  Next next = co_await greet();
  while (next == Next::go_on) next = co_await one_command();
  session_
      .forget_transaction();  // and with it the queue file of chunks whose last one did not come
}

// A stop of the server interrupts the wait, but lets a mail transaction go on.
Task<Result<net::Line>> Conversation::read_command() {
  const auto limit = static_cast<std::size_t>(session_.settings().line_length_limit);
  if (wire_.buffered().find('\n') != std::string_view::npos) {
    Result<net::Line> here = co_await wire_.read_line(limit);
    co_return here;
  }
  while (true) {
    states_.waits(session_);
    Result<net::Line> line = co_await wire_.read_line(limit);
    dialogue_.makes_room = states_.resumes();
    const bool interrupted = !line && line.error().code == Code::cancelled;
    if (dialogue_.makes_room && (line || interrupted))
      co_return fail(Code::cancelled, "makes room");
    if (!interrupted || (states_.stopping() && !session_.in_transaction())) co_return line;
    take_settings();  // stress has come between two chunks
  }
}

Task<Conversation::Next> Conversation::one_command() {
  take_settings();
  if (session_.errors >= session_.settings().smtpd_hard_error_limit) {
    dialogue_.services.stress.tally.add(stress::Cause::errors);
    log(Level::info,
        fmt::format("too many errors after {} from {}", session_.after_where(), origin()));
    const Next next = co_await send(proto::reply::too_many_errors(host()));
    co_return next;
  }
  const bool leaving = states_.stopping() && !session_.in_transaction();
  Result<net::Line> line = fail(Code::cancelled, "stopping");
  if (!leaving) line = co_await read_command();
  if (!line) {
    const Next next = co_await give_up(line.error());
    co_return next;
  }
  take_state();  // a reload while the client was silent counts for the message that begins now
  dialogue_.command_ended_bare = line->bare_newline;
  const std::optional<Reply> wrong = objection(*line);
  if (wrong) {
    ++session_.errors;
    const Next next = co_await send(*wrong);
    co_return next;
  }
  Result<std::string> command = filtered(line->text);
  if (!command) {
    const Next next = co_await end_for_lookup_failure(command.error());
    co_return next;
  }
  const Next next = co_await obey(std::move(*command));
  co_return next;
}

// smtpd_command_filter.
Result<std::string> Conversation::filtered(std::string_view line) {
  tables::Maps& filter = *session_.state->command_filter;
  const std::string_view key = text::trim_left(line);
  if (filter.empty() || key.empty()) return std::string(line);
  TRY(found, filter.find(key.substr(0, key.find('\0'))));
  if (!found) return std::string(line);
  log(Level::info,
      fmt::format("{}: replacing command \"{}\" with \"{}\"", origin(),
                  text::printable(line.substr(0, kLoggedInput)),
                  text::printable(std::string_view(found->value).substr(0, kLoggedInput))));
  return std::move(found->value);
}

Task<Conversation::Next> Conversation::end_for_lookup_failure(Error error) {
  log(Level::warning, error.text());
  Reply reply = proto::reply::server_local_data_error(host());
  log(Level::info,
      fmt::format("NOQUEUE: reject: {} from {}: {}", session_.where, origin(), reply.first_line()));
  const Next next = co_await send(std::move(reply));
  co_return next;
}

// For a newcomer who has its slot already: a client that does not read its 421 is not waited for.
Task<void> Conversation::make_room() {
  dialogue_.services.stress.tally.add(stress::Cause::made_room);
  const double idle = std::chrono::duration<double>(*dialogue_.makes_room).count();
  log(Level::info, fmt::format("making room after {} from {}: idle for {:.1f} s, {} messages",
                               session_.where, origin(), idle, session_.messages_accepted));
  if (dialogue_.wire_failure) co_return;  // in a TLS handshake: nothing can be said
  net::DeadlinePolicy policy;
  policy.budget = kPartingTime;
  wire_.set_deadline_policy(policy);
  wire_.queue(proto::reply::all_ports_busy(host()).bytes());
  co_await wire_.flush();
}

Task<Conversation::Next> Conversation::give_up(Error error) {
  if (dialogue_.makes_room && error.code == Code::cancelled) {
    co_await make_room();
    co_return Next::end;
  }
  if (error.code == Code::cancelled) {
    const Next next = co_await send(proto::reply::all_ports_busy(host()));
    co_return next;
  }
  log_wire_failure(error);
  if (error.code == Code::timeout) dialogue_.services.stress.tally.add(stress::Cause::timeouts);
  if (error.code == Code::timeout) co_await say_goodbye(proto::reply::timeout_exceeded(host()));
  co_return Next::end;
}

// What is wrong with the line itself, before anyone looks at its words.
std::optional<Reply> Conversation::objection(const net::Line& line) {
  const config::Settings& settings = session_.settings();
  if (line.bare_newline && bare_newline_mode(session_) == proto::BareNewline::reject) {
    log(Level::info, fmt::format("NOQUEUE: reject: {} from {}: bare <LF> received;{}",
                                 session_.where, origin(), session_.envelope_text(std::nullopt)));
    return proto::reply::bare_newline(
        static_cast<int>(settings.smtpd_forbid_bare_newline_reject_code), host(), true);
  }
  if (line.truncated) {
    log(Level::warning,
        fmt::format("{}: request longer than {}: {}...", origin(), settings.line_length_limit,
                    text::printable(line.text.substr(0, 30))));
    return proto::reply::line_too_long();
  }
  if (settings.smtputf8_enable && !text::valid_utf8(line.text)) return proto::reply::bad_utf8();
  return std::nullopt;
}

Task<Conversation::Next> Conversation::obey(std::string line) {
  const proto::Request request(line);
  const config::Settings& settings = session_.settings();
  if (request.empty()) {
    ++session_.errors;
    const Next next = co_await send(proto::reply::bad_syntax());
    co_return next;
  }
  if (contains_word(settings.smtpd_noop_commands, request.word())) {
    session_.count_junk();
    const Next next = co_await send(proto::reply::ok());
    co_return next;
  }
  const Verb verb = request.verb();
  if (verb == Verb::unknown) {
    session_.where = proto::row(verb).name;
    const Next next = co_await unknown_verb(request, line);
    co_return next;
  }
  const bool denies = session_.denied && verb != Verb::quit;
  const bool wants_tls = !session_.tls && !proto::row(verb).before_tls && requires_tls(settings);
  if (verb == Verb::bdat && (denies || wants_tls)) {
    const Result<void> skipped = co_await skip_chunk(dialogue_, request);
    if (!skipped) {
      const Next next = co_await give_up(skipped.error());
      co_return next;
    }
  }
  if (denies) {
    const Next next = co_await repeat_denial(verb);
    co_return next;
  }
  if (wants_tls) {
    const Next next = co_await demand_tls(verb);
    co_return next;
  }
  session_.where = proto::row(verb).name;
  if (!session_.esmtp() || proto::row(verb).ends_group) watch_pipelining(dialogue_, session_.where);
  if (is_out_of_step(session_)) {
    session_.count(verb, false);
    const Next next = co_await send(proto::reply::protocol_synchronization());
    co_return next;
  }
  const Answer answer = co_await kVerbs[static_cast<std::size_t>(verb)](dialogue_, request);
  const Next next = co_await finish(verb, answer);
  co_return next;
}

// The counters as Postfix keeps them, then the reply.
Task<Conversation::Next> Conversation::finish(Verb verb, const Answer& answer) {
  session_.count(verb, !answer.failed);
  if (dialogue_.wire_failure) {
    const Next next = co_await give_up(*dialogue_.wire_failure);
    co_return next;
  }
  if (answer.failed) ++session_.errors;
  if (proto::row(verb).junk) session_.count_junk();
  if (answer.sent) co_return Next::go_on;
  const Next next = co_await send(answer.reply);
  co_return next;
}

Task<Conversation::Next> Conversation::demand_tls(Verb verb) {
  session_.count(verb, false);
  ++session_.errors;
  const Next next = co_await send(proto::reply::must_start_tls());
  co_return next;
}

Task<Conversation::Next> Conversation::repeat_denial(Verb verb) {
  session_.count(verb, false);
  ++session_.errors;
  Reply reply = proto::reply::access_denied(origin());
  if (session_.denied->code % 100 == 21) reply = *session_.denied;
  const Next next = co_await send(std::move(reply));
  co_return next;
}

Task<Conversation::Next> Conversation::unknown_verb(const proto::Request& request,
                                                    std::string_view line) {
  if (request.looks_like_header() || is_forbidden_command(session_, request.word())) {
    log(Level::warning, fmt::format("non-SMTP command from {}: {}", origin(),
                                    text::printable(line.substr(0, kLoggedInput))));
    session_.count(Verb::unknown, false);
    const Next next = co_await send(proto::reply::not_smtp());
    co_return next;
  }
  if (session_.denied) {
    const Next next = co_await repeat_denial(Verb::unknown);
    co_return next;
  }
  session_.count(Verb::unknown, false);
  ++session_.errors;
  const Next next = co_await send(proto::reply::not_recognized());
  co_return next;
}

}  // namespace

void watch_pipelining(Dialogue& dialogue, std::string_view where) {
  Session& session = dialogue.session;
  if (session.ill_pipelining) return;
  const std::string_view early = dialogue.wire.pending();
  if (early.empty()) return;
  session.ill_pipelining = true;
  session.log(dialogue.services.log, Level::info,
              fmt::format("improper command pipelining after {} from {}: {}", where,
                          session.peer.name_and_address(), escaped(early)));
}

bool is_out_of_step(const Session& session) {
  return session.ill_pipelining && session.settings().smtpd_forbid_unauth_pipelining;
}

Task<void> converse(Dialogue& dialogue, StateSource& states) {
  Conversation conversation(dialogue, states);
  co_await conversation.run();
}

Task<void> turn_away(Dialogue& dialogue, Reply reply) {
  if (dialogue.session.settings().smtpd_tls_wrappermode) co_return;  // it could not read it
  dialogue.wire.queue(finished(dialogue, std::move(reply)).bytes());
  co_await dialogue.wire.flush();
}

}  // namespace headgate::session
