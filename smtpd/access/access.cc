// How: each list is parsed once; a question runs its lists through one Evaluation. At RCPT: client, helo, sender (when
// delayed), relay, recipient, then the recipient tables: Postfix's order, because the first refusal is the one told.
// Tested by access_test.
#include "smtpd/access/access.h"

#include <utility>

#include <fmt/format.h>

#include "smtpd/access/basic.h"
#include "smtpd/access/evaluation.h"
#include "smtpd/access/parse.h"
#include "smtpd/access/table_checks.h"
#include "smtpd/config/interfaces.h"

namespace headgate::access {
namespace {

// What inet_interfaces stands for: "all", "loopback-only" or addresses. A name is not looked up: a mail server's own
// identity should not hang on DNS; localhost is known.
std::vector<std::string> own_addresses(const std::vector<std::string>& inet_interfaces) {
  std::vector<std::string> out;
  for (std::string_view item : inet_interfaces) {
    if (item == "all" || item == "loopback-only") {
      for (const auto& [address, ipv6, prefix] : config::interface_addresses()) {
        if (item == "all" || config::is_loopback_host(address)) out.push_back(address);
      }
    } else if (item == "localhost") {
      out.emplace_back("127.0.0.1");
      out.emplace_back("::1");
    } else {
      if (item.size() > 2 && item.front() == '[' && item.back() == ']')
        item = item.substr(1, item.size() - 2);
      if (!address_bytes(item).empty()) out.emplace_back(item);
    }
  }
  return out;
}

constexpr std::string_view kNoRelayControl =
    "in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at least one "
    "working instance of: "
    "reject_unauth_destination, defer_unauth_destination, reject, defer or defer_if_permit; all "
    "recipients are deferred";

}  // namespace

class Access::Impl {
 public:
  Impl(config::SettingsPtr the_settings, rules::ProgramSource& programs, WarningSink warn)
      : settings(std::move(the_settings)),
        warning_sink(std::move(warn)),
        mynetworks(settings->mynetworks, kind_of_clients(*settings, "mynetworks"), programs,
                   warning_sink, MatchList::Waits::no),
        recipients(settings, own_addresses(settings->inet_interfaces), programs, warning_sink),
        restrictions(settings, programs, warning_sink),
        client_list(restrictions.open(settings->smtpd_client_restrictions)),
        helo_list(restrictions.open(settings->smtpd_helo_restrictions)),
        sender_list(restrictions.open(settings->smtpd_sender_restrictions)),
        relay_list(restrictions.open(settings->smtpd_relay_restrictions)),
        recipient_list(restrictions.open(settings->smtpd_recipient_restrictions)),
        data_list(restrictions.open(settings->smtpd_data_restrictions)),
        end_of_data_list(restrictions.open(settings->smtpd_end_of_data_restrictions)),
        etrn_list(restrictions.open(settings->smtpd_etrn_restrictions)),
        relay_controlled(has_relay_control(relay_list) || has_relay_control(recipient_list)) {
    if (!relay_controlled) warning_sink({Severity::fatal, std::string(kNoRelayControl), "", 0, 0});
  }

  Evaluation evaluation(const Context& context) const {
    return {context, *settings, mynetworks, recipients, restrictions};
  }

  bool run_client(Evaluation& e) const {
    return e.run(client_list, {e.context.client(), "Client host"}, table_checks::client);
  }

  bool run_helo(Evaluation& e) const {
    return e.run(helo_list, {e.context.helo_name.value_or(""), "Helo command"}, table_checks::helo);
  }

  bool run_sender(Evaluation& e) const {
    return e.run(sender_list, {e.context.sender.value_or(""), "Sender address"},
                 table_checks::sender);
  }

  // Relay control first or second, both in full: permit ends its own list only.
  bool run_recipient(Evaluation& e) const {
    const bool relay_first = settings->smtpd_relay_before_recipient_restrictions;
    return e.run(relay_first ? relay_list : recipient_list,
                 {e.context.recipient.value_or(""), "Recipient address"},
                 table_checks::recipient) &&
           e.run_too(relay_first ? recipient_list : relay_list);
  }

  Decision recipient(const Context& context) const {
    Evaluation e = evaluation(context);
    if (!relay_controlled) {
      e.server_error(std::string(kNoRelayControl));
      return e.finish();
    }
    if (settings->smtpd_delay_reject && !(run_client(e) && run_helo(e) && run_sender(e)))
      return e.finish();
    // Who is deferred all the same is not told whether the recipient exists.
    if (run_recipient(e) && !e.defers() && settings->smtpd_reject_unlisted_recipient &&
        check_listed())
      e.run_too(listed);
    return e.finish();
  }

  [[nodiscard]] bool check_listed() const {
    for (const std::string& option : settings->receive_override_options) {
      if (option == "no_unknown_recipient_checks") return false;
    }
    return true;
  }

  config::SettingsPtr settings;
  WarningSink warning_sink;
  MatchList mynetworks;
  Recipients recipients;
  Restrictions restrictions;
  std::vector<Step> client_list, helo_list, sender_list, relay_list, recipient_list, data_list,
      end_of_data_list, etrn_list;
  const std::vector<Step> listed = Restrictions::parse({"reject_unlisted_recipient"});
  const bool relay_controlled;
};

Access::Access(config::SettingsPtr settings, rules::ProgramSource& programs, WarningSink warn)
    : impl_(std::make_unique<Impl>(std::move(settings), programs, std::move(warn))) {}

Access::~Access() = default;

Decision Access::client(const Context& context) {
  Evaluation e = impl_->evaluation(context);
  if (!impl_->settings->smtpd_delay_reject) impl_->run_client(e);
  return e.hand_over();
}

Decision Access::helo(const Context& context) {
  Evaluation e = impl_->evaluation(context);
  if (!impl_->settings->smtpd_delay_reject) impl_->run_helo(e);
  return e.hand_over();
}

Decision Access::sender(const Context& context) {
  Evaluation e = impl_->evaluation(context);
  if (!impl_->settings->smtpd_delay_reject) impl_->run_sender(e);
  return e.hand_over();
}

Decision Access::recipient(const Context& context) { return impl_->recipient(context); }

Decision Access::verify(const Context& context) { return impl_->recipient(context); }

Decision Access::data(const Context& context) {
  Evaluation e = impl_->evaluation(context);
  e.run(impl_->data_list, {"DATA", "Data command"}, nullptr);
  return e.finish();
}

Decision Access::etrn(const Context& context) {
  Evaluation e = impl_->evaluation(context);
  if (impl_->settings->smtpd_delay_reject && !(impl_->run_client(e) && impl_->run_helo(e)))
    return e.finish();
  e.run(impl_->etrn_list, {context.etrn_domain.value_or(""), "Etrn command"}, table_checks::etrn);
  return e.finish();
}

Decision Access::end_of_data(const Context& context) {
  Evaluation e = impl_->evaluation(context);
  e.run(impl_->end_of_data_list, {"END-OF-MESSAGE", "End-of-data"}, nullptr);
  return e.finish();
}

bool Access::mynetworks_have_names() const { return impl_->mynetworks.asks_names(); }

bool Access::may_wait() const {
  return impl_->restrictions.may_wait() || impl_->recipients.may_wait();
}

Result<bool> Access::in_mynetworks(std::string_view name, std::string_view address) const {
  return impl_->mynetworks.matches_client(name, address);
}

bool Access::is_own_address(std::string_view address) const {
  return impl_->recipients.is_own_address(address);
}

}  // namespace headgate::access
