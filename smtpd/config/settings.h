// Settings: every parameter this server acts on, typed, immutable after loading; a field has its parameter's name.
// Each service has two: calm (stress=) and stressed (stress=yes); switching is one pointer, nobody writes `if (stressed)`.
//   Units     chrono types for time; sizes in bytes; 0 = no limit where Postfix says so.
//   Ownership shared_ptr<const Settings> snapshots, swapped on reload.     Threads  immutable, shared freely.
//   Source    postconf(5); smtpd.md §1.3, §2.7 as recorded in docs/compat.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headgate::config {

using std::chrono::seconds;

struct Settings {
  bool stress =
      false;  // which of the two this is: for policy requests, status and logs, never for decisions

  // ---- who we are
  std::string config_directory, queue_directory, maillog_file, maillog_json_file;
  std::string default_database_type;
  std::string myhostname, mydomain, myorigin, mail_name, smtpd_banner, syslog_name;
  std::vector<std::string> inet_interfaces;
  std::string inet_protocols;
  std::vector<std::string> mynetworks, mydestination, relay_domains;
  std::vector<std::string> virtual_mailbox_domains, virtual_mailbox_maps, local_recipient_maps,
      relay_recipient_maps;
  std::string recipient_delimiter;
  bool soft_bounce = false;
  bool enable_long_queue_ids = false;

  // ---- the SMTP session
  seconds smtpd_timeout{300};
  bool smtpd_per_request_deadline = false;
  std::int64_t smtpd_min_data_rate = 500;  // bytes a second
  std::int64_t smtpd_soft_error_limit = 10, smtpd_hard_error_limit = 20,
               smtpd_junk_command_limit = 100;
  seconds smtpd_error_sleep_time{1};
  std::int64_t smtpd_recipient_limit = 1000, smtpd_recipient_overshoot_limit = 1000;
  std::int64_t line_length_limit = 2048;
  std::int64_t message_size_limit = 10240000, queue_minfree = 0;
  std::int64_t hopcount_limit = 50;
  std::int64_t smtpd_client_connection_count_limit = 50;
  std::int64_t smtpd_client_connection_rate_limit = 0, smtpd_client_message_rate_limit = 0,
               smtpd_client_recipient_rate_limit = 0, smtpd_client_new_tls_session_rate_limit = 0,
               smtpd_client_auth_rate_limit = 0;
  std::int64_t smtpd_client_ipv4_prefix_length = 32, smtpd_client_ipv6_prefix_length = 84;
  seconds anvil_rate_time_unit{60}, anvil_status_update_time{600};
  std::vector<std::string> smtpd_client_event_limit_exceptions;
  bool smtpd_helo_required = false, smtpd_delay_reject = true, disable_vrfy_command = false;
  bool smtpd_peername_lookup = true, smtpd_client_port_logging = false,
       strict_rfc821_envelopes = false;
  bool smtputf8_enable = false, strict_smtputf8 = false;
  std::string smtpd_forbid_bare_newline = "normalize";  // normalize, reject or no
  bool smtpd_forbid_unauth_pipelining = true;
  std::vector<std::string> smtpd_discard_ehlo_keywords, smtpd_noop_commands,
      smtpd_forbidden_commands;
  // $names as in main.cf, and C escapes: they are expanded for each reply.
  std::string smtpd_reject_footer, smtpd_expansion_filter;
  std::vector<std::string> smtpd_reject_footer_maps, smtpd_command_filter,
      smtpd_discard_ehlo_keyword_address_maps;
  std::vector<std::string> smtpd_authorized_xclient_hosts, smtpd_authorized_xforward_hosts,
      smtpd_forbid_bare_newline_exclusions;
  std::int64_t smtpd_forbid_bare_newline_reject_code = 550;

  // ---- TLS
  std::string
      smtpd_tls_security_level;  // "", none, may, encrypt; smtpd/session/tls_policy says what holds
  bool smtpd_use_tls = false, smtpd_enforce_tls = false, smtpd_tls_wrappermode = false,
       smtpd_tls_auth_only = false;
  std::vector<std::string> smtpd_tls_chain_files;
  std::string smtpd_tls_cert_file, smtpd_tls_key_file, smtpd_tls_dcert_file, smtpd_tls_dkey_file,
      smtpd_tls_eccert_file, smtpd_tls_eckey_file;
  std::string smtpd_tls_CAfile, smtpd_tls_CApath;
  bool tls_append_default_CA = false, smtpd_tls_ask_ccert = false, smtpd_tls_req_ccert = false;
  std::int64_t smtpd_tls_ccert_verifydepth = 9;
  std::string smtpd_tls_protocols, smtpd_tls_mandatory_protocols;
  std::string smtpd_tls_ciphers, smtpd_tls_mandatory_ciphers;
  std::vector<std::string> smtpd_tls_exclude_ciphers, smtpd_tls_mandatory_exclude_ciphers;
  std::string tls_high_cipherlist, tls_medium_cipherlist, tls_low_cipherlist, tls_export_cipherlist,
      tls_null_cipherlist;
  bool tls_preempt_cipherlist = true;
  std::string smtpd_tls_eecdh_grade, tls_eecdh_auto_curves, tls_eecdh_strong_curve,
      tls_eecdh_ultra_curve;
  std::string smtpd_tls_dh1024_param_file, smtpd_tls_dh512_param_file;
  std::string smtpd_tls_session_cache_database, tls_session_ticket_cipher;
  seconds smtpd_tls_session_cache_timeout{3600}, smtpd_starttls_timeout{300};
  bool smtpd_tls_always_issue_session_ids = true, smtpd_tls_received_header = false;
  std::string smtpd_tls_loglevel, smtpd_tls_fingerprint_digest;
  std::vector<std::string> tls_ssl_options, tls_disable_workarounds, tls_server_sni_maps;

  // ---- who may pass
  std::vector<std::string> smtpd_client_restrictions, smtpd_helo_restrictions,
      smtpd_sender_restrictions;
  std::vector<std::string> smtpd_relay_restrictions, smtpd_recipient_restrictions,
      smtpd_data_restrictions;
  std::vector<std::string> smtpd_end_of_data_restrictions, smtpd_etrn_restrictions;
  bool smtpd_relay_before_recipient_restrictions = true, smtpd_reject_unlisted_recipient = true;
  std::int64_t access_map_reject_code = 554, access_map_defer_code = 450, reject_code = 554,
               defer_code = 450, relay_domains_reject_code = 554;
  std::int64_t unknown_local_recipient_reject_code = 550, non_fqdn_reject_code = 504,
               invalid_hostname_reject_code = 501;
  // Names of parameters of the operator's own; what they are set to is in the map.
  std::vector<std::string> smtpd_restriction_classes;
  std::map<std::string, std::vector<std::string>, std::less<>> restriction_classes;
  std::vector<std::string> parent_domain_matches_subdomains, smtpd_log_access_permit_actions;
  std::string smtpd_null_access_lookup_key = "<>";
  bool owner_request_special = true;
  // Whom bounces of bounces, and probes of addresses, are from.
  std::string double_bounce_sender = "double-bounce", address_verify_sender = "double-bounce";

  // ---- content checks
  std::vector<std::string> header_checks, mime_header_checks, nested_header_checks, body_checks;
  std::int64_t header_size_limit = 102400, body_checks_size_limit = 51200, mime_nesting_limit = 100;
  std::int64_t mime_boundary_length_limit = 2048;
  bool disable_mime_input_processing = false, cleanup_replace_stray_cr_lf = true;
  std::vector<std::string> message_drop_headers, receive_override_options;
  bool always_add_missing_headers = false, detect_8bit_encoding_header = true;
  std::vector<std::string> local_header_rewrite_clients;
  std::string content_filter, undisclosed_recipients_header;
  std::string message_reject_characters, message_strip_characters;  // C escapes as in main.cf
  bool strict_7bit_headers = false, strict_8bitmime = false, strict_8bitmime_body = false,
       strict_mime_encoding_domain = false;
  std::int64_t header_address_token_limit = 10240;
  std::vector<std::string> milter_header_checks;
  std::vector<std::string> smtp_header_checks, smtp_mime_header_checks, smtp_nested_header_checks,
      smtp_body_checks;
  // Ours: where compiled tables are kept, what compiling one may cost, and how often the files are looked at (0 = never).
  std::string check_image_directory;
  seconds check_compile_time_limit{300}, check_pattern_time_limit{2}, check_table_poll_interval{1};
  std::int64_t check_compile_memory_limit = 2147483648;
  // Ours. Unset: a table with #@emergency marks keeps only the marked rules under stress, a table without stays whole.
  std::optional<bool> stress_keeps_only_emergency_checks;

  // What smtpd and cleanup both read, as the cleanup service has it; the fields of these names above are smtpd's.
  struct Cleanup {
    std::int64_t line_length_limit = 2048, message_size_limit = 10240000;
    std::string myhostname;
  } cleanup;

  // ---- queue and delivery
  std::string relayhost, default_transport, local_transport, relay_transport, virtual_transport;
  std::string mail_spool_directory, home_mailbox, virtual_mailbox_base, smtp_bind_address,
      smtp_helo_name;
  seconds queue_run_delay{300}, minimal_backoff_time{300}, maximal_backoff_time{4000};
  seconds maximal_queue_lifetime{432000}, bounce_queue_lifetime{432000};
  std::int64_t qmgr_message_active_limit = 20000, default_destination_concurrency_limit = 20;
  seconds smtp_connect_timeout{30}, smtp_helo_timeout{300}, smtp_mail_timeout{300},
      smtp_rcpt_timeout{300};
  seconds smtp_data_init_timeout{120}, smtp_data_xfer_timeout{180}, smtp_data_done_timeout{600},
      smtp_quit_timeout{300};
  seconds smtp_rset_timeout{20};
  std::int64_t smtp_line_length_limit = 998;
  bool disable_mime_output_conversion = false;
  bool disable_dns_lookups = false;

  // ---- the server
  std::string mail_owner;
  seconds service_throttle_time{60};
  std::int64_t default_process_limit = 100;
  std::int64_t smtpd_event_loops = 0;  // ours: threads that sessions run on; 0: one a core
  seconds max_idle{100};
  // Ours: how long stress stays on after the last slot was taken (Postfix's constant), and whether services that listen
  // on loopback only get stress too (Postfix gives them none).
  seconds stress_duration{1000};
  bool stress_on_loopback = true;
  // Ours: who makes room when all slots are taken, and for whom.
  bool stress_evicts_idle_sessions = true;
  seconds stress_idle_grace{1}, stress_known_good_time{86400}, stress_content_timeout{3};
  std::int64_t stress_reserved_slots = 2, stress_waiting_limit = 50000;
  // Ours: what else than full slots is stress.
  std::vector<std::string> stress_signals;
  seconds stress_commit_latency_limit{2};
  std::int64_t stress_loop_lag_limit = 500, stress_memory_limit = 85,
               stress_memory_pressure_limit = 20, stress_rss_limit = 0;
  // Ours: how many clients are remembered at most.
  std::int64_t stress_clients_limit = 100000;
};

using SettingsPtr = std::shared_ptr<const Settings>;

}  // namespace headgate::config
