// How it works: a sorted array, searched by halves. A new parameter is a row here, a field in settings.h, and a row in
// docs/compat.md; tests/smtpd/config/params_test.cc holds the three together.
#include "smtpd/config/params.h"

#include <algorithm>
#include <array>

namespace headgate::config {

namespace {

// clang-format off
constexpr auto kParams = std::to_array<Param>({
    {"access_map_reject_code", "554", &Settings::access_map_reject_code, State::later},
    {"always_add_missing_headers", "no", &Settings::always_add_missing_headers},
    {"anvil_rate_time_unit", "60s", &Settings::anvil_rate_time_unit, State::done, "", "", 1},
    {"anvil_status_update_time", "600s", &Settings::anvil_status_update_time, State::done, "", "", 1},
    {"body_checks", "", &Settings::body_checks},
    {"body_checks_size_limit", "51200", &Settings::body_checks_size_limit},
    {"bounce_queue_lifetime", "5d", &Settings::bounce_queue_lifetime, State::differs, "an expired message goes to hold: bounces are a later issue"},
    {"check_compile_memory_limit", "2147483648", &Settings::check_compile_memory_limit, State::ours, "bytes a builder process may map while it compiles one table", "", 1},
    {"check_compile_time_limit", "300s", &Settings::check_compile_time_limit, State::ours, "after so long the builder of a table is killed; the table is matched without a database", "", 1},
    {"check_image_directory", "$queue_directory/images", &Settings::check_image_directory, State::ours, "where compiled tables are kept"},
    {"check_pattern_time_limit", "2s", &Settings::check_pattern_time_limit, State::ours, "a pattern that takes Hyperscan longer is matched by the reference engine alone", "", 1},
    {"check_table_poll_interval", "1s", &Settings::check_table_poll_interval, State::ours, "how often the tables are looked at for changes; 0 = at SIGHUP only"},
    {"cleanup_replace_stray_cr_lf", "yes", &Settings::cleanup_replace_stray_cr_lf},
    {"cleanup_service_name", "cleanup", {}, State::done, "the cleanup entry of master.cf whose -o settings hold for the content checks"},
    {"compatibility_level", "0", {}, State::other_default, "selects defaults as in Postfix, except those that make relaying safe"},
    {"config_directory", "", &Settings::config_directory},
    {"content_filter", "", &Settings::content_filter},
    {"default_destination_concurrency_limit", "20", &Settings::default_destination_concurrency_limit},
    {"default_process_limit", "100", &Settings::default_process_limit, State::done, "", "", 1},
    {"default_transport", "smtp", &Settings::default_transport},
    {"defer_code", "450", &Settings::defer_code},
    {"detect_8bit_encoding_header", "yes", &Settings::detect_8bit_encoding_header},
    {"disable_dns_lookups", "no", &Settings::disable_dns_lookups},
    {"disable_mime_input_processing", "no", &Settings::disable_mime_input_processing},
    {"disable_mime_output_conversion", "no", &Settings::disable_mime_output_conversion},
    {"disable_vrfy_command", "no", &Settings::disable_vrfy_command},
    {"enable_long_queue_ids", "no", &Settings::enable_long_queue_ids},
    {"header_address_token_limit", "10240", &Settings::header_address_token_limit, State::differs, "nothing to limit while addresses are not rewritten (21)"},
    {"header_checks", "", &Settings::header_checks},
    {"header_size_limit", "102400", &Settings::header_size_limit, State::done, "", "", 1},
    {"home_mailbox", "", &Settings::home_mailbox, State::differs, "a Maildir path (with a trailing /) only"},
    {"hopcount_limit", "50", &Settings::hopcount_limit, State::done, "", "", 1},
    {"inet_interfaces", "all", &Settings::inet_interfaces},
    {"inet_protocols", "all", &Settings::inet_protocols},
    {"invalid_hostname_reject_code", "501", &Settings::invalid_hostname_reject_code},
    {"line_length_limit", "2048", &Settings::line_length_limit, State::done, "", "", 512},
    {"local_header_rewrite_clients", "permit_inet_interfaces", &Settings::local_header_rewrite_clients, State::differs, "missing headers are added; addresses are not completed (21)"},
    {"local_recipient_maps", "", &Settings::local_recipient_maps, State::other_default, "default empty, no check: proxy:unix:passwd.byname and hash: are not served yet"},
    {"local_transport", "local:$myhostname", &Settings::local_transport},
    {"mail_name", "Postfix", &Settings::mail_name},
    {"mail_spool_directory", "/var/mail", &Settings::mail_spool_directory},
    {"mail_version", "3.7.11", {}, State::done, "the Postfix version whose behaviour is followed"},
    {"maillog_file", "", &Settings::maillog_file, State::other_default, "empty logs to standard error, not to syslog"},
    {"maillog_json_file", "", &Settings::maillog_json_file, State::ours, "the same log as JSON, a line an event (docs/logs.md); empty: none"},
    {"max_idle", "100s", &Settings::max_idle, State::differs, "no effect: there are no processes that retire", "", 1},
    {"maximal_backoff_time", "4000s", &Settings::maximal_backoff_time, State::done, "", "", 1},
    {"maximal_queue_lifetime", "5d", &Settings::maximal_queue_lifetime, State::differs, "an expired message goes to hold: bounces are a later issue"},
    {"message_drop_headers", "bcc, content-length, resent-bcc, return-path", &Settings::message_drop_headers},
    {"message_reject_characters", "", &Settings::message_reject_characters},
    {"message_size_limit", "10240000", &Settings::message_size_limit},
    {"message_strip_characters", "", &Settings::message_strip_characters},
    {"milter_header_checks", "", &Settings::milter_header_checks, State::differs, "its tables are opened, watched and checked, but not asked: there are no Milters yet"},
    {"mime_boundary_length_limit", "2048", &Settings::mime_boundary_length_limit, State::done, "", "", 1},
    {"mime_header_checks", "$header_checks", &Settings::mime_header_checks},
    {"mime_nesting_limit", "100", &Settings::mime_nesting_limit, State::done, "", "", 1},
    {"minimal_backoff_time", "300s", &Settings::minimal_backoff_time, State::done, "", "", 1},
    {"multi_instance_name", "", {}, State::done, "only as part of syslog_name"},
    {"mydestination", "$myhostname, localhost.$mydomain, localhost", &Settings::mydestination},
    {"mydomain", "", &Settings::mydomain, State::done, "default computed from myhostname"},
    {"myhostname", "", &Settings::myhostname, State::done, "default computed from the machine"},
    {"mynetworks", "", &Settings::mynetworks, State::other_default, "default: this machine's own addresses (style host) at every compatibility_level"},
    {"mynetworks_style", "host", {}, State::differs, "default host at every compatibility_level; class is treated as subnet"},
    {"myorigin", "$myhostname", &Settings::myorigin},
    {"nested_header_checks", "$header_checks", &Settings::nested_header_checks},
    {"non_fqdn_reject_code", "504", &Settings::non_fqdn_reject_code},
    {"process_id", "", {}, State::done, "for use in other parameters"},
    {"process_name", "headgate", {}, State::done, "for use in other parameters"},
    {"qmgr_message_active_limit", "20000", &Settings::qmgr_message_active_limit, State::done, "", "", 1},
    {"queue_directory", "/var/spool/postfix", &Settings::queue_directory, State::other_default, "a relative path is taken from the directory the server was started in"},
    {"queue_minfree", "0", &Settings::queue_minfree},
    {"queue_run_delay", "300s", &Settings::queue_run_delay, State::done, "", "", 1},
    {"receive_override_options", "", &Settings::receive_override_options},
    {"recipient_delimiter", "", &Settings::recipient_delimiter},
    {"reject_code", "554", &Settings::reject_code},
    {"relay_domains", "${{$compatibility_level} <level {2} ? {$mydestination} : {}}", &Settings::relay_domains},
    {"relay_domains_reject_code", "554", &Settings::relay_domains_reject_code},
    {"relay_recipient_maps", "", &Settings::relay_recipient_maps},
    {"relay_transport", "relay", &Settings::relay_transport},
    {"relayhost", "", &Settings::relayhost},
    {"service_name", "", {}, State::done, "for use in -o settings: the service's name"},
    {"smtp_bind_address", "", &Settings::smtp_bind_address},
    {"smtp_body_checks", "", &Settings::smtp_body_checks, State::done},
    {"smtp_connect_timeout", "30s", &Settings::smtp_connect_timeout},
    {"smtp_data_done_timeout", "600s", &Settings::smtp_data_done_timeout, State::done, "", "", 1},
    {"smtp_data_init_timeout", "120s", &Settings::smtp_data_init_timeout, State::done, "", "", 1},
    {"smtp_data_xfer_timeout", "180s", &Settings::smtp_data_xfer_timeout, State::done, "", "", 1},
    {"smtp_header_checks", "", &Settings::smtp_header_checks, State::done},
    {"smtp_helo_name", "$myhostname", &Settings::smtp_helo_name},
    {"smtp_helo_timeout", "300s", &Settings::smtp_helo_timeout, State::done, "", "", 1},
    {"smtp_line_length_limit", "998", &Settings::smtp_line_length_limit},
    {"smtp_mail_timeout", "300s", &Settings::smtp_mail_timeout, State::done, "", "", 1},
    {"smtp_mime_header_checks", "", &Settings::smtp_mime_header_checks, State::done},
    {"smtp_nested_header_checks", "", &Settings::smtp_nested_header_checks, State::done},
    {"smtp_quit_timeout", "300s", &Settings::smtp_quit_timeout, State::done, "", "", 1},
    {"smtp_rcpt_timeout", "300s", &Settings::smtp_rcpt_timeout, State::done, "", "", 1},
    {"smtp_rset_timeout", "20s", &Settings::smtp_rset_timeout, State::done, "", "", 1},
    {"smtpd_banner", "$myhostname ESMTP $mail_name", &Settings::smtpd_banner},
    {"smtpd_client_auth_rate_limit", "0", &Settings::smtpd_client_auth_rate_limit, State::later, "AUTH is not offered yet"},
    {"smtpd_client_connection_count_limit", "50", &Settings::smtpd_client_connection_count_limit},
    {"smtpd_client_connection_rate_limit", "0", &Settings::smtpd_client_connection_rate_limit},
    {"smtpd_client_event_limit_exceptions", "${smtpd_client_connection_limit_exceptions:$mynetworks}", &Settings::smtpd_client_event_limit_exceptions},
    {"smtpd_client_ipv4_prefix_length", "32", &Settings::smtpd_client_ipv4_prefix_length, State::ours, "Postfix 3.8: clients of one network are counted as one"},
    {"smtpd_client_ipv6_prefix_length", "84", &Settings::smtpd_client_ipv6_prefix_length, State::ours, "Postfix 3.8: clients of one network are counted as one"},
    {"smtpd_client_message_rate_limit", "0", &Settings::smtpd_client_message_rate_limit},
    {"smtpd_client_new_tls_session_rate_limit", "0", &Settings::smtpd_client_new_tls_session_rate_limit},
    {"smtpd_client_port_logging", "no", &Settings::smtpd_client_port_logging},
    {"smtpd_client_recipient_rate_limit", "0", &Settings::smtpd_client_recipient_rate_limit},
    {"smtpd_client_restrictions", "", &Settings::smtpd_client_restrictions},
    {"smtpd_data_restrictions", "", &Settings::smtpd_data_restrictions},
    {"smtpd_delay_reject", "yes", &Settings::smtpd_delay_reject},
    {"smtpd_discard_ehlo_keywords", "", &Settings::smtpd_discard_ehlo_keywords},
    {"smtpd_end_of_data_restrictions", "", &Settings::smtpd_end_of_data_restrictions},
    {"smtpd_enforce_tls", "no", &Settings::smtpd_enforce_tls},
    {"smtpd_error_sleep_time", "1s", &Settings::smtpd_error_sleep_time},
    {"smtpd_forbid_bare_newline", "normalize", &Settings::smtpd_forbid_bare_newline, State::other_default, "default normalize (Postfix 3.9), not no: smuggling is refused from the start", "normalize yes reject no"},
    {"smtpd_forbid_unauth_pipelining", "yes", &Settings::smtpd_forbid_unauth_pipelining, State::other_default, "default yes (Postfix 3.9), not no"},
    {"smtpd_forbidden_commands", "CONNECT GET POST regexp:{{/^[^A-Z]/ Bogus}}", &Settings::smtpd_forbidden_commands},
    {"smtpd_hard_error_limit", "${stress?{1}:{20}}", &Settings::smtpd_hard_error_limit, State::done, "depends on stress", "", 1},
    {"smtpd_helo_required", "no", &Settings::smtpd_helo_required},
    {"smtpd_helo_restrictions", "", &Settings::smtpd_helo_restrictions},
    {"smtpd_junk_command_limit", "${stress?{1}:{100}}", &Settings::smtpd_junk_command_limit, State::done, "depends on stress", "", 1},
    {"smtpd_min_data_rate", "500", &Settings::smtpd_min_data_rate, State::done, "", "", 1},
    {"smtpd_noop_commands", "", &Settings::smtpd_noop_commands},
    {"smtpd_peername_lookup", "yes", &Settings::smtpd_peername_lookup},
    {"smtpd_per_request_deadline", "${smtpd_per_record_deadline?{$smtpd_per_record_deadline}:{${stress?{yes}:{no}}}}", &Settings::smtpd_per_request_deadline, State::done, "depends on stress; smtpd_per_record_deadline supplies its value"},
    {"smtpd_recipient_limit", "1000", &Settings::smtpd_recipient_limit, State::done, "", "", 1},
    {"smtpd_recipient_overshoot_limit", "1000", &Settings::smtpd_recipient_overshoot_limit, State::done, "", "", 1},
    {"smtpd_recipient_restrictions", "", &Settings::smtpd_recipient_restrictions},
    {"smtpd_reject_footer", "", &Settings::smtpd_reject_footer, State::later},
    {"smtpd_reject_unlisted_recipient", "yes", &Settings::smtpd_reject_unlisted_recipient},
    {"smtpd_relay_before_recipient_restrictions", "${{$compatibility_level} <level {3.6} ? {no} : {yes}}", &Settings::smtpd_relay_before_recipient_restrictions},
    {"smtpd_relay_restrictions", "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination", &Settings::smtpd_relay_restrictions, State::other_default, "the safe default at every compatibility_level (Postfix: empty below 1)"},
    {"smtpd_sender_restrictions", "", &Settings::smtpd_sender_restrictions},
    {"smtpd_soft_error_limit", "10", &Settings::smtpd_soft_error_limit, State::done, "", "", 1},
    {"smtpd_starttls_timeout", "${stress?{10}:{300}}s", &Settings::smtpd_starttls_timeout, State::differs, "depends on stress; a limit for the whole handshake, not for each read and write", "", 1},
    {"smtpd_timeout", "${stress?{10}:{300}}s", &Settings::smtpd_timeout, State::done, "depends on stress", "", 1},
    {"smtpd_tls_CAfile", "", &Settings::smtpd_tls_CAfile},
    {"smtpd_tls_CApath", "", &Settings::smtpd_tls_CApath},
    {"smtpd_tls_always_issue_session_ids", "yes", &Settings::smtpd_tls_always_issue_session_ids, State::differs, "session ids are issued when sessions are kept: see smtpd_tls_session_cache_database"},
    {"smtpd_tls_ask_ccert", "no", &Settings::smtpd_tls_ask_ccert},
    {"smtpd_tls_auth_only", "no", &Settings::smtpd_tls_auth_only, State::differs, "there is no AUTH yet"},
    {"smtpd_tls_ccert_verifydepth", "9", &Settings::smtpd_tls_ccert_verifydepth},
    {"smtpd_tls_cert_file", "", &Settings::smtpd_tls_cert_file},
    {"smtpd_tls_chain_files", "", &Settings::smtpd_tls_chain_files},
    {"smtpd_tls_ciphers", "medium", &Settings::smtpd_tls_ciphers, State::done, "", "high medium low export null"},
    {"smtpd_tls_dcert_file", "", &Settings::smtpd_tls_dcert_file},
    {"smtpd_tls_dh1024_param_file", "", &Settings::smtpd_tls_dh1024_param_file},
    {"smtpd_tls_dh512_param_file", "", &Settings::smtpd_tls_dh512_param_file, State::differs, "no effect: there are no export ciphers any more"},
    {"smtpd_tls_dkey_file", "$smtpd_tls_dcert_file", &Settings::smtpd_tls_dkey_file},
    {"smtpd_tls_eccert_file", "", &Settings::smtpd_tls_eccert_file},
    {"smtpd_tls_eckey_file", "$smtpd_tls_eccert_file", &Settings::smtpd_tls_eckey_file},
    {"smtpd_tls_eecdh_grade", "auto", &Settings::smtpd_tls_eecdh_grade, State::done, "", "auto none strong ultra"},
    {"smtpd_tls_exclude_ciphers", "", &Settings::smtpd_tls_exclude_ciphers},
    {"smtpd_tls_fingerprint_digest", "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}", &Settings::smtpd_tls_fingerprint_digest},
    {"smtpd_tls_key_file", "$smtpd_tls_cert_file", &Settings::smtpd_tls_key_file},
    {"smtpd_tls_loglevel", "0", &Settings::smtpd_tls_loglevel, State::differs, "3 and 4 say no more than 2: no packet dumps"},
    {"smtpd_tls_mandatory_ciphers", "medium", &Settings::smtpd_tls_mandatory_ciphers, State::done, "", "high medium low export null"},
    {"smtpd_tls_mandatory_exclude_ciphers", "", &Settings::smtpd_tls_mandatory_exclude_ciphers},
    {"smtpd_tls_mandatory_protocols", ">=TLSv1.2", &Settings::smtpd_tls_mandatory_protocols, State::other_default, "default >=TLSv1.2, not >=TLSv1"},
    {"smtpd_tls_protocols", ">=TLSv1.2", &Settings::smtpd_tls_protocols, State::other_default, "default >=TLSv1.2, not >=TLSv1"},
    {"smtpd_tls_received_header", "no", &Settings::smtpd_tls_received_header},
    {"smtpd_tls_req_ccert", "no", &Settings::smtpd_tls_req_ccert},
    {"smtpd_tls_security_level", "", &Settings::smtpd_tls_security_level, State::done, "", "none may encrypt fingerprint verify secure"},
    {"smtpd_tls_session_cache_database", "", &Settings::smtpd_tls_session_cache_database, State::differs, "set, it keeps sessions in memory for clients without tickets; the database itself is not used"},
    {"smtpd_tls_session_cache_timeout", "3600s", &Settings::smtpd_tls_session_cache_timeout},
    {"smtpd_tls_wrappermode", "no", &Settings::smtpd_tls_wrappermode},
    {"smtpd_use_tls", "no", &Settings::smtpd_use_tls},
    {"smtputf8_enable", "${{$compatibility_level} <level {1} ? {no} : {yes}}", &Settings::smtputf8_enable, State::differs, "SMTPUTF8 is not offered yet"},
    {"soft_bounce", "no", &Settings::soft_bounce},
    {"stress", "", {}, State::done, "set by the server for eligible services; main.cf counts only for the others"},
    {"stress_clients_limit", "100000", &Settings::stress_clients_limit, State::ours, "how many clients are remembered at most, for the limits and for who is known good", "", 100},
    {"stress_duration", "1000s", &Settings::stress_duration, State::ours, "how long stress stays on after the last slot was taken; a constant in Postfix", "", 1},
    {"stress_keeps_only_emergency_checks", "", &Settings::stress_keeps_only_emergency_checks, State::ours, "optional yes/no; unset: yes for tables with #@emergency marks"},
    {"stress_on_loopback", "yes", &Settings::stress_on_loopback, State::ours, "services that listen on loopback only get stress too; Postfix gives them none"},
    {"strict_7bit_headers", "no", &Settings::strict_7bit_headers},
    {"strict_8bitmime", "no", &Settings::strict_8bitmime},
    {"strict_8bitmime_body", "no", &Settings::strict_8bitmime_body},
    {"strict_mime_encoding_domain", "no", &Settings::strict_mime_encoding_domain},
    {"strict_rfc821_envelopes", "no", &Settings::strict_rfc821_envelopes},
    {"syslog_name", "${multi_instance_name?{$multi_instance_name}:{postfix}}", &Settings::syslog_name},
    {"tls_append_default_CA", "no", &Settings::tls_append_default_CA},
    {"tls_disable_workarounds", "", &Settings::tls_disable_workarounds},
    {"tls_eecdh_auto_curves", "X25519 X448 prime256v1 secp521r1 secp384r1", &Settings::tls_eecdh_auto_curves},
    {"tls_eecdh_strong_curve", "prime256v1", &Settings::tls_eecdh_strong_curve},
    {"tls_eecdh_ultra_curve", "secp384r1", &Settings::tls_eecdh_ultra_curve},
    {"tls_export_cipherlist", "aNULL:-aNULL:HIGH:MEDIUM:LOW:EXPORT:+RC4:@STRENGTH", &Settings::tls_export_cipherlist},
    {"tls_high_cipherlist", "aNULL:-aNULL:HIGH:@STRENGTH", &Settings::tls_high_cipherlist},
    {"tls_low_cipherlist", "aNULL:-aNULL:HIGH:MEDIUM:LOW:+RC4:@STRENGTH", &Settings::tls_low_cipherlist},
    {"tls_medium_cipherlist", "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH", &Settings::tls_medium_cipherlist},
    {"tls_null_cipherlist", "eNULL:!aNULL", &Settings::tls_null_cipherlist},
    {"tls_preempt_cipherlist", "yes", &Settings::tls_preempt_cipherlist, State::other_default, "default yes, not no: the server's order of ciphers holds"},
    {"tls_server_sni_maps", "", &Settings::tls_server_sni_maps, State::differs, "values name PEM files (or are base64, as postmap -F makes them); the files are read when a client asks for the name"},
    {"tls_session_ticket_cipher", "aes-256-cbc", &Settings::tls_session_ticket_cipher},
    {"tls_ssl_options", "", &Settings::tls_ssl_options, State::differs, "the options that OpenSSL 3 has, or numbers"},
    {"undisclosed_recipients_header", "", &Settings::undisclosed_recipients_header},
    {"unknown_local_recipient_reject_code", "550", &Settings::unknown_local_recipient_reject_code},
    {"virtual_mailbox_base", "", &Settings::virtual_mailbox_base},
    {"virtual_mailbox_domains", "$virtual_mailbox_maps", &Settings::virtual_mailbox_domains},
    {"virtual_mailbox_maps", "", &Settings::virtual_mailbox_maps, State::differs, "a Maildir path (with a trailing /) only"},
    {"virtual_transport", "virtual", &Settings::virtual_transport},
});
// clang-format on

constexpr std::string_view kRaw[] = {
    "command_expansion_filter", "default_rbl_reply",      "execution_directory_expansion_filter",
    "forward_expansion_filter", "forward_path",           "postscreen_expansion_filter",
    "postscreen_reject_footer", "smtpd_expansion_filter", "smtpd_reject_footer",
};

// Read off the programs themselves: these names, or the variables behind them, are in 3.7.11's cleanup and not in its
// smtpd. What both read (line_length_limit, message_size_limit, myhostname) is kept twice: Settings::cleanup. soft_bounce
// is in both, too, but cleanup's changes no reply.
constexpr std::string_view kCleanup[] = {
    "always_add_missing_headers",
    "body_checks",
    "body_checks_size_limit",
    "cleanup_replace_stray_cr_lf",
    "detect_8bit_encoding_header",
    "disable_mime_input_processing",
    "header_address_token_limit",
    "header_checks",
    "header_size_limit",
    "hopcount_limit",
    "message_drop_headers",
    "message_reject_characters",
    "message_strip_characters",
    "milter_header_checks",
    "mime_boundary_length_limit",
    "mime_header_checks",
    "mime_nesting_limit",
    "nested_header_checks",
    "strict_7bit_headers",
    "strict_8bitmime",
    "strict_8bitmime_body",
    "strict_mime_encoding_domain",
    "undisclosed_recipients_header",
};

constexpr ServiceSuffix kDeliverySuffixes[] = {
    {"_delivery_slot_cost", "$default_delivery_slot_cost"},
    {"_delivery_slot_discount", "$default_delivery_slot_discount"},
    {"_delivery_slot_loan", "$default_delivery_slot_loan"},
    {"_destination_concurrency_failed_cohort_limit",
     "$default_destination_concurrency_failed_cohort_limit"},
    {"_destination_concurrency_limit", "$default_destination_concurrency_limit"},
    {"_destination_concurrency_negative_feedback",
     "$default_destination_concurrency_negative_feedback"},
    {"_destination_concurrency_positive_feedback",
     "$default_destination_concurrency_positive_feedback"},
    {"_destination_rate_delay", "$default_destination_rate_delay"},
    {"_destination_recipient_limit", "$default_destination_recipient_limit"},
    {"_extra_recipient_limit", "$default_extra_recipient_limit"},
    {"_initial_destination_concurrency", "$initial_destination_concurrency"},
    {"_minimum_delivery_slots", "$default_minimum_delivery_slots"},
    {"_recipient_limit", "$default_recipient_limit"},
    {"_recipient_refill_delay", "$default_recipient_refill_delay"},
    {"_recipient_refill_limit", "$default_recipient_refill_limit"},
    {"_transport_rate_delay", "$default_transport_rate_delay"},
};

}  // namespace

std::span<const Param> params() { return kParams; }

const Param* find_param(std::string_view name) {
  const auto found =
      std::lower_bound(kParams.begin(), kParams.end(), name,
                       [](const Param& param, std::string_view n) { return param.name < n; });
  return found != kParams.end() && found->name == name ? &*found : nullptr;
}

const KnownParam* find_known_param(std::string_view name) {
  const auto known = known_params();
  const auto found =
      std::lower_bound(known.begin(), known.end(), name,
                       [](const KnownParam& param, std::string_view n) { return param.name < n; });
  return found != known.end() && found->name == name ? &*found : nullptr;
}

std::optional<std::string_view> default_of(std::string_view name) {
  if (const Param* param = find_param(name)) return param->fallback;
  if (const KnownParam* known = find_known_param(name)) return known->fallback;
  return std::nullopt;
}

bool is_raw(std::string_view name) {
  return std::binary_search(std::begin(kRaw), std::end(kRaw), name);
}

bool is_cleanup_param(std::string_view name) {
  return std::binary_search(std::begin(kCleanup), std::end(kCleanup), name);
}

std::span<const ServiceSuffix> delivery_suffixes() { return kDeliverySuffixes; }

}  // namespace headgate::config
