// Tested by reply_test (form) and by the dialogues in tests/smtp (wording).
#include "smtpd/proto/replies.h"

#include <fmt/format.h>

namespace headgate::proto::reply {
namespace {

Reply closing(Reply reply) {
  reply.hangup = true;
  return reply;
}

}  // namespace

Reply greeting(std::string_view banner) { return {220, "", std::string(banner)}; }

Reply bye() { return closing({221, "2.0.0", "Bye"}); }

Reply not_smtp() { return closing({221, "2.7.0", "Error: I can break rules, too. Goodbye."}); }

Reply timeout_exceeded(std::string_view host) {
  return {421, "4.4.2", fmt::format("{} Error: timeout exceeded", host)};
}

Reply too_many_errors(std::string_view host) {
  return {421, "4.7.0", fmt::format("{} Error: too many errors", host)};
}

Reply too_many_connections(std::string_view host, std::string_view address) {
  return {421, "4.7.0", fmt::format("{} Error: too many connections from {}", host, address)};
}

Reply server_local_error(std::string_view host) {
  return {421, "4.3.0", fmt::format("{} Server local error", host)};
}

Reply server_local_data_error(std::string_view host) {
  return {421, "4.3.0", fmt::format("{} Server local data error", host)};
}

Reply all_ports_busy(std::string_view host) {
  return {421, "4.3.2", fmt::format("{} Service busy, please try again later", host)};
}

Reply protocol_synchronization() {
  return closing({554, "5.5.0", "Error: SMTP protocol synchronization"});
}

Reply bare_newline(int code, std::string_view host, bool in_command) {
  Reply reply(code, "5.5.2", fmt::format("{} Error: bare <LF> received", host));
  reply.hangup = in_command;
  return reply;
}

Reply ready_to_start_tls() { return {220, "2.0.0", "Ready to start TLS"}; }

Reply tls_already_active() { return {554, "5.5.1", "Error: TLS already active"}; }

Reply tls_unavailable() { return {454, "4.7.0", "TLS not available due to local problem"}; }

Reply must_start_tls() { return {530, "5.7.0", "Must issue a STARTTLS command first"}; }

Reply certificate_wanted(std::string_view host, std::string_view why) {
  return {421, "4.7.1", fmt::format("{} Error: {}", host, why)};
}

Reply not_implemented() { return {502, "5.5.1", "Error: command not implemented"}; }

Reply ok() { return {250, "2.0.0", "Ok"}; }

Reply sender_ok() { return {250, "2.1.0", "Ok"}; }

Reply recipient_ok() { return {250, "2.1.5", "Ok"}; }

Reply start_data() { return {354, "", "End data with <CR><LF>.<CR><LF>"}; }

Reply queued(std::string_view id) { return {250, "2.0.0", fmt::format("Ok: queued as {}", id)}; }

Reply chunk_taken(std::uint64_t bytes) {
  return {250, "2.0.0", fmt::format("Ok: {} bytes", bytes)};
}

Reply chunks_queued(std::uint64_t bytes, std::string_view id) {
  return {250, "2.0.0", fmt::format("Ok: {} bytes queued as {}", bytes, id)};
}

Reply verify_attempt(std::string_view argument) { return {252, "2.0.0", std::string(argument)}; }

Reply queuing_started() { return {250, "", "Queuing started"}; }

Reply need_hello() { return {503, "5.5.1", "Error: send HELO/EHLO first"}; }

Reply nested_mail() { return {503, "5.5.1", "Error: nested MAIL command"}; }

Reply after_bdat(std::string_view verb) {
  return {503, "5.5.1", fmt::format("Error: {} after BDAT", verb)};
}

Reply in_transaction() { return {503, "5.5.1", "Error: MAIL transaction in progress"}; }

Reply insufficient_authorization() { return {550, "5.7.0", "Error: insufficient authorization"}; }

Reply need_mail() { return {503, "5.5.1", "Error: need MAIL command"}; }

Reply need_recipient() { return {503, "5.5.1", "Error: need RCPT command"}; }

Reply no_valid_recipients() { return {554, "5.5.1", "Error: no valid recipients"}; }

Reply too_many_recipients() { return {452, "4.5.3", "Error: too many recipients"}; }

Reply too_much_mail(std::string_view address) {
  return {450, "4.7.1", fmt::format("Error: too much mail from {}", address)};
}

Reply too_many_recipients_from(std::string_view address) {
  return {450, "4.7.1", fmt::format("Error: too many recipients from {}", address)};
}

Reply too_many_auth(std::string_view address) {
  return {450, "4.7.1", fmt::format("Error: too many AUTH commands from {}", address)};
}

Reply too_many_tls_sessions(std::string_view name_and_address) {
  return {454, "4.7.0", fmt::format("Error: too many new TLS sessions from {}", name_and_address)};
}

Reply too_many_tls_handshakes(std::string_view host, std::string_view name_and_address) {
  return {421, "4.7.0",
          fmt::format("{} Error: too many new TLS sessions from {}", host, name_and_address)};
}

Reply message_too_big_declared() { return {552, "5.3.4", "Message size exceeds fixed limit"}; }

Reply insufficient_storage() { return {452, "4.3.1", "Insufficient system storage"}; }

Reply access_denied(std::string_view name_and_address) {
  return {503, "5.7.0", fmt::format("Error: access denied for {}", name_and_address)};
}

Reply etrn_need_hello() { return {503, "", "Error: send HELO/EHLO first"}; }

Reply etrn_in_transaction() { return {503, "", "Error: MAIL transaction in progress"}; }

Reply etrn_unavailable(std::string_view domain) {
  return {459, "", fmt::format("<{}>: service unavailable", domain)};
}

Reply help() { return {214, "2.0.0", "See RFC 5321"}; }

Reply null_chunk() { return {551, "5.7.1", "Null BDAT request"}; }

Reply chunk_discarded(std::uint64_t bytes) {
  return {551, "5.0.0", fmt::format("Discarded {} bytes after earlier error", bytes)};
}

Reply chunk_too_big() { return {552, "5.3.4", "Chunk exceeds message size limit"}; }

Reply bad_syntax() { return {500, "5.5.2", "Error: bad syntax"}; }

Reply bad_utf8() { return {500, "5.5.2", "Error: bad UTF-8 syntax"}; }

Reply not_recognized() { return {500, "5.5.2", "Error: command not recognized"}; }

Reply line_too_long() { return {500, "5.5.2", "Error: line too long"}; }

Reply message_too_big() { return {552, "5.3.4", "Error: message file too big"}; }

Reply too_many_hops() { return {554, "5.4.0", "Error: too many hops"}; }

Reply queue_write_error() { return {451, "4.3.0", "Error: queue file write error"}; }

Reply internal_error() { return {451, "4.3.0", "Error: internal error 1"}; }

Reply content_unavailable() { return {451, "4.7.1", "Error: service unavailable"}; }

Reply server_configuration_error() { return {451, "4.3.5", "Server configuration error"}; }

}  // namespace headgate::proto::reply
