// The fixed replies of the SMTP server, word for word as Postfix 3.7 sends them: log analysers and
// peers read them. What needs a value takes it as an argument. Replies that parsing a command
// yields are in command.cc, those of restrictions in smtpd/access.
//   Threads   pure functions.      Source    smtpd(8); smtpd.md §3.2-3.9 as recorded in
//   docs/compat.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "smtpd/proto/reply.h"

namespace headgate::proto::reply {

// ---- greeting and hang-ups; `host` is $myhostname
Reply greeting(std::string_view banner);                                      // 220
Reply bye();                                                                  // 221 2.0.0
Reply not_smtp();                                                             // 221 2.7.0, closes
Reply timeout_exceeded(std::string_view host);                                // 421 4.4.2
Reply too_many_errors(std::string_view host);                                 // 421 4.7.0
Reply too_many_connections(std::string_view host, std::string_view address);  // 421 4.7.0
Reply server_local_error(std::string_view host);                              // 421 4.3.0
Reply server_local_data_error(std::string_view host);                         // 421 4.3.0
Reply all_ports_busy(std::string_view host);  // 421 4.3.2; ours, for a session that makes room
Reply protocol_synchronization();             // 554 5.5.0, closes
Reply bare_newline(int code, std::string_view host,
                   bool in_command);  // 5xx 5.5.2, closes in a command

// ---- TLS
Reply ready_to_start_tls();                                             // 220 2.0.0
Reply tls_already_active();                                             // 554 5.5.1
Reply tls_unavailable();                                                // 454 4.7.0
Reply must_start_tls();                                                 // 530 5.7.0
Reply certificate_wanted(std::string_view host, std::string_view why);  // 421 4.7.1
Reply not_implemented();                                                // 502 5.5.1

// ---- good answers
Reply ok();                                                     // 250 2.0.0
Reply sender_ok();                                              // 250 2.1.0
Reply recipient_ok();                                           // 250 2.1.5
Reply start_data();                                             // 354
Reply queued(std::string_view id);                              // 250 2.0.0
Reply chunk_taken(std::uint64_t bytes);                         // 250 2.0.0
Reply chunks_queued(std::uint64_t bytes, std::string_view id);  // 250 2.0.0, after the last
Reply verify_attempt(std::string_view argument);                // 252 2.0.0
Reply queuing_started();                                        // 250, ETRN

// ---- sequence and limits
Reply need_hello();                                      // 503 5.5.1
Reply nested_mail();                                     // 503 5.5.1
Reply after_bdat(std::string_view verb);                 // 503 5.5.1
Reply in_transaction();                                  // 503 5.5.1
Reply insufficient_authorization();                      // 550 5.7.0
Reply need_mail();                                       // 503 5.5.1
Reply need_recipient();                                  // 503 5.5.1
Reply no_valid_recipients();                             // 554 5.5.1
Reply too_many_recipients();                             // 452 4.5.3
Reply too_much_mail(std::string_view address);           // 450 4.7.1
Reply message_too_big_declared();                        // 552 5.3.4, at MAIL
Reply insufficient_storage();                            // 452 4.3.1
Reply access_denied(std::string_view name_and_address);  // 503 5.7.0
Reply etrn_need_hello();                                 // 503
Reply etrn_in_transaction();                             // 503
Reply etrn_unavailable(std::string_view domain);         // 459
Reply help();                                            // 214 2.0.0; ours: Postfix knows no HELP

// ---- over a client's rate limit
Reply too_many_recipients_from(std::string_view address);        // 450 4.7.1
Reply too_many_auth(std::string_view address);                   // 450 4.7.1
Reply too_many_tls_sessions(std::string_view name_and_address);  // 454 4.7.0, at STARTTLS
Reply too_many_tls_handshakes(std::string_view host,
                              std::string_view name_and_address);  // 421 4.7.0, after a handshake

// ---- BDAT; the chunk was read and forgotten
Reply null_chunk();                          // 551 5.7.1
Reply chunk_discarded(std::uint64_t bytes);  // 551 5.0.0
Reply chunk_too_big();                       // 552 5.3.4

// ---- lines that are no commands
Reply bad_syntax();      // 500 5.5.2
Reply bad_utf8();        // 500 5.5.2
Reply not_recognized();  // 500 5.5.2
Reply line_too_long();   // 500 5.5.2; ours: Postfix runs the cut line

// ---- end of data
Reply message_too_big();             // 552 5.3.4
Reply too_many_hops();               // 554 5.4.0
Reply queue_write_error();           // 451 4.3.0
Reply internal_error();              // 451 4.3.0
Reply content_unavailable();         // 451 4.7.1
Reply server_configuration_error();  // 451 4.3.5

}  // namespace headgate::proto::reply
