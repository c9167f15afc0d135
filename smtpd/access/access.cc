// How: each list is parsed once; a question runs its lists through one Evaluation. At RCPT: client, helo, sender (when
// delayed), relay, recipient, then the recipient tables: Postfix's order, because the first refusal is the one told.
// Tested by access_test.
#include "smtpd/access/access.h"

#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/access/basic.h"
#include "smtpd/access/evaluation.h"
#include "smtpd/access/parse.h"
#include "smtpd/access/table_checks.h"
#include "smtpd/config/fill.h"
#include "smtpd/config/interfaces.h"
#include "smtpd/proto/address.h"

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

// Who hears what the tables say: at opening and outside of questions the caller of Access, within a question its Decision.
struct Listeners {
  WarningSink caller;
  Evaluation* question = nullptr;

  void operator()(const Diagnostic& said) const {
    if (question == nullptr) return caller(said);
    question->warn(said.text);
  }
};

class Access::Impl {
 public:
  Impl(config::SettingsPtr the_settings, const Opening& opening)
      : settings(std::move(the_settings)),
        listeners{opening.warn},
        tables(listened(opening)),
        mynetworks(settings->mynetworks, kind_of_clients(*settings, "mynetworks"),
                   Opening{tables.programs, tables.warn, Waits::no, tables.shared, tables.utf8},
                   "mynetworks"),
        recipients(settings, own_addresses(settings->inet_interfaces), tables),
        restrictions(settings, tables),
        client_list(restrictions.open(settings->smtpd_client_restrictions)),
        helo_list(restrictions.open(settings->smtpd_helo_restrictions)),
        sender_list(restrictions.open(settings->smtpd_sender_restrictions)),
        relay_list(restrictions.open(settings->smtpd_relay_restrictions)),
        recipient_list(restrictions.open(settings->smtpd_recipient_restrictions)),
        data_list(restrictions.open(settings->smtpd_data_restrictions)),
        end_of_data_list(restrictions.open(settings->smtpd_end_of_data_restrictions)),
        etrn_list(restrictions.open(settings->smtpd_etrn_restrictions)),
        relay_controlled(config::has_relay_control(*settings)),
        verify_sender(verify_sender_of(*settings)) {
    if (!relay_controlled) opening.warn({Severity::fatal, std::string(kNoRelayControl), "", 0, 0});
  }

  // `ask` runs the lists.
  template <class Ask>
  Decision question(const Context& context, const Ask& ask) {
    Evaluation evaluation(context, *settings, mynetworks, recipients, restrictions);
    listeners.question = &evaluation;
    const auto leave = [this](Evaluation*) { listeners.question = nullptr; };
    const std::unique_ptr<Evaluation, decltype(leave)> listening(&evaluation, leave);
    return ask(evaluation);
  }

  bool run_client(Evaluation& e) const {
    return e.run(client_list, {e.context.client(), "Client host"}, table_checks::client);
  }

  // Who has not said HELO, or MAIL, is not judged by it.
  bool run_helo(Evaluation& e) const {
    const auto& name = e.context.helo_name;
    return !name || e.run(helo_list, {*name, "Helo command"}, table_checks::helo);
  }

  bool run_sender(Evaluation& e) const {
    const auto& sender = e.context.sender;
    return !sender || e.run(sender_list, {*sender, "Sender address"}, table_checks::sender);
  }

  // Relay control first or second, both in full: permit ends its own list only.
  bool run_recipient(Evaluation& e) const {
    const bool relay_first = settings->smtpd_relay_before_recipient_restrictions;
    return e.run(relay_first ? relay_list : recipient_list,
                 {e.context.recipient.value_or(""), "Recipient address"},
                 table_checks::recipient) &&
           e.run_too(relay_first ? recipient_list : relay_list);
  }

  // What the lists of client, HELO and sender say when they have waited for the recipient. Without a sender there is only
  // what that of the last one has left.
  bool run_delayed(Evaluation& e) const {
    if (!settings->smtpd_delay_reject) return true;
    e.set_deferral(std::nullopt);
    if (!(run_client(e) && run_helo(e) && run_sender(e))) return false;
    if (e.context.sender)
      e.keep_deferral();
    else
      e.set_deferral(e.context.deferral);
    return true;
  }

  // address_verify_sender: probes come from it, and whoever they ask may ask for it in turn.
  static std::string verify_sender_of(const config::Settings& settings) {
    std::string sender = settings.address_verify_sender;
    if (!sender.empty() && !proto::has_domain(sender)) sender += '@' + settings.myorigin;
    return sender;
  }

  [[nodiscard]] bool is_verify_sender(std::string_view address) const {
    return !verify_sender.empty() && text::equal_ignore_case(verify_sender, address);
  }

  Decision recipient(Evaluation& e) const {
    if (!relay_controlled) {
      e.server_error(std::string(kNoRelayControl));
      return e.finish();
    }
    // Who is deferred all the same is not told whether the recipient exists.
    if (run_delayed(e) && run_recipient(e) && !e.defers() &&
        settings->smtpd_reject_unlisted_recipient)
      e.run_too(listed);
    return e.finish();
  }

  Decision etrn(Evaluation& e) const {
    if (settings->smtpd_delay_reject && !(run_client(e) && run_helo(e))) return e.finish();
    e.run(etrn_list, {e.context.etrn_domain.value_or(""), "Etrn command"}, table_checks::etrn);
    return e.finish();
  }

  Opening listened(const Opening& opening) {
    Opening own = opening;
    own.warn = [this](const Diagnostic& said) { listeners(said); };
    own.utf8 = settings->smtputf8_enable;
    return own;
  }

  config::SettingsPtr settings;
  Listeners listeners;
  Opening tables;
  MatchList mynetworks;
  Recipients recipients;
  Restrictions restrictions;
  std::vector<Step> client_list, helo_list, sender_list, relay_list, recipient_list, data_list,
      end_of_data_list, etrn_list;
  const std::vector<Step> listed = Restrictions::parse({"reject_unlisted_recipient"});
  const bool relay_controlled;
  const std::string verify_sender;
};

Access::Access(config::SettingsPtr settings, const Opening& opening)
    : impl_(std::make_unique<Impl>(std::move(settings), opening)) {}

Access::Access(config::SettingsPtr settings, rules::ProgramSource& programs, WarningSink warn)
    : Access(std::move(settings), Opening{programs, std::move(warn)}) {}

Access::~Access() = default;

Decision Access::client(const Context& context) {
  return impl_->question(context, [this](Evaluation& e) {
    if (!impl_->settings->smtpd_delay_reject) impl_->run_client(e);
    return e.hand_over();
  });
}

Decision Access::helo(const Context& context) {
  return impl_->question(context, [this](Evaluation& e) {
    if (!impl_->settings->smtpd_delay_reject) impl_->run_helo(e);
    return e.hand_over();
  });
}

Decision Access::sender(const Context& context) {
  return impl_->question(context, [this](Evaluation& e) {
    if (!impl_->settings->smtpd_delay_reject) impl_->run_sender(e);
    return e.hand_over();
  });
}

Decision Access::recipient(const Context& context) {
  return impl_->question(context, [this](Evaluation& e) {
    const auto& recipient = e.context.recipient;
    const bool free = recipient && impl_->is_verify_sender(*recipient);
    return free ? e.finish_permitted() : impl_->recipient(e);
  });
}

Decision Access::verify(const Context& context) {
  return impl_->question(context, [this](Evaluation& e) { return impl_->recipient(e); });
}

Decision Access::data(const Context& context) {
  return impl_->question(context, [this](Evaluation& e) {
    e.run(impl_->data_list, {"DATA", "Data command"}, nullptr);
    return e.finish();
  });
}

Decision Access::etrn(const Context& context) {
  return impl_->question(context, [this](Evaluation& e) { return impl_->etrn(e); });
}

Decision Access::end_of_data(const Context& context) {
  return impl_->question(context, [this](Evaluation& e) {
    e.run(impl_->end_of_data_list, {"END-OF-MESSAGE", "End-of-data"}, nullptr);
    return e.finish();
  });
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
