// How: the line is split once, the verb is found in one table, and each verb with arguments has one
// function that checks in Postfix's order, because clients and tests see which complaint comes
// first. Tested by command_test, smtp_dialogue_fuzz.
#include "smtpd/proto/command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/address.h"
#include "smtpd/proto/dsn_params.h"
#include "smtpd/proto/replies.h"

namespace headgate::proto {
namespace {

// Indexed by Verb: WHERE, counter, junk, before TLS, ends a group.
constexpr std::array<VerbRow, kVerbCount> kVerbs = {{
    {"HELO", "helo", true, true, true},
    {"EHLO", "ehlo", true, true, true},
    {"XCLIENT", "xclient", false, true, false},
    {"XFORWARD", "xforward", false, false, false},
    {"STARTTLS", "starttls", false, true, false},
    {"AUTH", "auth", false, false, false},
    {"MAIL", "mail", false, false, false},
    {"RCPT", "rcpt", false, false, false},
    {"DATA", "data", false, false, true},
    {"BDAT", "bdat", false, false, false},
    {"RSET", "rset", true, false, false},
    {"NOOP", "noop", true, true, true},
    {"VRFY", "vrfy", true, false, true},
    {"ETRN", "etrn", true, false, false},
    {"QUIT", "quit", false, true, false},
    {"HELP", "help", true, true, true},
    {"UNKNOWN", "unknown", false, true, false},
}};

tl::unexpected<Reply> no(int code, std::string dsn, std::string text) {
  return tl::unexpected<Reply>(Reply(code, std::move(dsn), std::move(text)));
}

tl::unexpected<Reply> unsupported_option(std::string_view option) {
  return no(555, "5.5.4", fmt::format("Unsupported option: {}", option));
}

// "SIZE=1" against "SIZE=": the value, or nullopt.
std::optional<std::string_view> value_of(std::string_view option, std::string_view name) {
  if (!text::starts_with_ignore_case(option, name)) return std::nullopt;
  return option.substr(name.size());
}

// MAIL's SIZE=. The limit of the type is Postfix's off_t.
std::optional<Reply> set_size(std::string_view value, Mail& mail) {
  if (!text::all_digits(value)) return Reply(501, "5.5.4", "Bad message size syntax");
  std::int64_t size = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
  if (error != std::errc() || end != value.data() + value.size())
    return Reply(552, "5.3.4", "Message size exceeds file system imposed limit");
  mail.size = static_cast<std::uint64_t>(size);
  return std::nullopt;
}

std::optional<Reply> set_dsn(std::string_view option, const ParseRules& rules, Mail& mail) {
  if (rules.dsn_disabled) return Reply(501, "5.7.1", "DSN support is disabled");
  if (const auto ret = value_of(option, "RET=")) {
    const auto parsed = parse_ret(*ret);
    if (!mail.ret.empty() || !parsed) return Reply(501, "5.5.4", "Bad RET parameter syntax");
    mail.ret = *parsed;
    return std::nullopt;
  }
  const auto parsed = parse_envid(*value_of(option, "ENVID="));
  if (!mail.envid.empty() || !parsed) return Reply(501, "5.5.4", "Bad ENVID parameter syntax");
  mail.envid = *parsed;
  return std::nullopt;
}

std::optional<Reply> mail_option(std::string_view option, const ParseRules& rules, Mail& mail) {
  if (text::equal_ignore_case(option, "BODY=8BITMIME")) {
    mail.body = Body::eight_bit_mime;
  } else if (text::equal_ignore_case(option, "BODY=7BIT")) {
    mail.body = Body::seven_bit;
  } else if (const auto size = value_of(option, "SIZE=")) {
    // The limit is checked when all options are read, as in Postfix: a bad option is told first.
    return set_size(*size, mail);
  } else if (rules.smtputf8 && text::equal_ignore_case(option, "SMTPUTF8")) {
    mail.smtputf8 = true;
  } else if (const auto who = value_of(option, "AUTH=")) {
    if (mail.has_auth) return Reply(503, "5.5.4", "Error: multiple AUTH= options");
    mail.has_auth = *who != "<>";
  } else if (value_of(option, "RET=") || value_of(option, "ENVID=")) {
    return set_dsn(option, rules, mail);
  } else {
    return Reply(555, "5.5.4", fmt::format("Unsupported option: {}", option));
  }
  return std::nullopt;
}

// strict_smtputf8.
bool undeclared(std::string_view address, bool declared, const ParseRules& rules) {
  return rules.strict_smtputf8 && !declared && !text::is_ascii(address);
}

tl::unexpected<Reply> must_declare() {
  return no(553, "5.6.7", "Must declare SMTPUTF8 to send unicode address");
}

}  // namespace

const VerbRow& row(Verb verb) { return kVerbs[static_cast<std::size_t>(verb)]; }

Request::Request(std::string_view line) : tokens_(tokenise(line)) {
  if (tokens_.empty()) return;
  for (std::size_t i = 0; i + 1 < kVerbCount; ++i) {
    if (text::equal_ignore_case(tokens_[0].text, kVerbs[i].name)) verb_ = static_cast<Verb>(i);
  }
}

std::string_view Request::word() const {
  return tokens_.empty() ? std::string_view() : std::string_view(tokens_[0].text);
}

std::string Request::given() const { return arguments(0, tokens_.size()); }

bool Request::looks_like_header() const {
  const std::string_view first = word();
  const std::size_t colon = first.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  for (const char c : first.substr(0, colon)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 33 || byte > 126) return false;
  }
  return true;
}

bool Request::says_smtputf8(std::size_t from) const {
  return std::any_of(
      tokens_.begin() + static_cast<std::ptrdiff_t>(std::min(from, tokens_.size())), tokens_.end(),
      [](const Token& token) { return text::equal_ignore_case(token.text, "SMTPUTF8"); });
}

std::string Request::arguments(std::size_t from, std::size_t to) const {
  std::string out;
  for (std::size_t i = from; i < to && i < tokens_.size(); ++i) {
    if (i > from) out += ' ';
    out += tokens_[i].text;
  }
  return out;
}

Request::Parsed Request::parse(const ParseRules& rules) const {
  if (tokens_.empty()) return tl::unexpected<Reply>(reply::bad_syntax());
  const bool alone = tokens_.size() == 1;
  switch (verb_) {
    case Verb::helo:
      return hello(false, rules.utf8_names);
    case Verb::ehlo:
      return hello(true, rules.utf8_names);
    case Verb::mail:
      return mail(rules);
    case Verb::rcpt:
      return rcpt(rules);
    case Verb::vrfy:
      return vrfy(rules);
    case Verb::etrn:
      return etrn();
    case Verb::data:
      if (!alone) return no(501, "5.5.4", "Syntax: DATA");
      return Data();
    case Verb::bdat:
      return bdat(rules);
    case Verb::rset:
      if (!alone) return no(501, "5.5.4", "Syntax: RSET");
      return Rset();
    case Verb::noop:
      return Noop();
    case Verb::quit:
      return Quit();
    case Verb::help:
      if (rules.help) return Help();
      return tl::unexpected<Reply>(reply::not_recognized());
    case Verb::starttls:
      if (!alone) return no(501, "5.5.4", "Syntax: STARTTLS");
      return Starttls();
    case Verb::auth:
      return no(503, "5.5.1", "Error: authentication not enabled");
    case Verb::xclient:
      return parse_xclient(std::span(tokens_).subspan(1));
    case Verb::xforward:
      return parse_xforward(std::span(tokens_).subspan(1));
    case Verb::unknown:
      break;
  }
  return tl::unexpected<Reply>(reply::not_recognized());
}

Request::Parsed Request::hello(bool extended, bool utf8) const {
  if (tokens_.size() < 2)
    return no(501, "", extended ? "Syntax: EHLO hostname" : "Syntax: HELO hostname");
  return Hello{neutral(arguments(1, tokens_.size()), utf8), extended};
}

Request::Parsed Request::mail(const ParseRules& rules) const {
  if (tokens_.size() < 3 || !text::equal_ignore_case(tokens_[1].text, "from:"))
    return no(501, "5.5.4", "Syntax: MAIL FROM:<address>");
  const bool utf8 = rules.smtputf8 && says_smtputf8(3);
  AddressRules address_rules;
  address_rules.allow_empty = true;
  address_rules.strict = rules.strict;
  address_rules.utf8_domain = utf8;
  const auto sender =
      tokens_[2].broken ? std::nullopt : parse_address(tokens_[2].text, address_rules);
  if (!sender) return no(501, "5.1.7", "Bad sender address syntax");
  Mail mail;
  mail.sender = *sender;
  for (std::size_t i = 3; i < tokens_.size(); ++i) {
    if (auto reply = mail_option(tokens_[i].text, rules, mail))
      return tl::unexpected<Reply>(std::move(*reply));
  }
  if (undeclared(*sender, utf8, rules)) return must_declare();
  if (rules.message_size_limit != 0 && mail.size.value_or(0) > rules.message_size_limit)
    return tl::unexpected<Reply>(reply::message_too_big_declared());
  return mail;
}

Request::Parsed Request::rcpt(const ParseRules& rules) const {
  if (tokens_.size() < 3 || !text::equal_ignore_case(tokens_[1].text, "to:"))
    return no(501, "5.5.4", "Syntax: RCPT TO:<address>");
  AddressRules address_rules;
  address_rules.strict = rules.strict;
  address_rules.utf8_domain = rules.utf8_transaction;
  const auto recipient =
      tokens_[2].broken ? std::nullopt : parse_address(tokens_[2].text, address_rules);
  if (!recipient) return no(501, "5.1.3", "Bad recipient address syntax");
  Rcpt rcpt;
  rcpt.recipient = *recipient;
  rcpt.given = tokens_[2].text;
  rcpt.postmaster = text::equal_ignore_case(*recipient, "postmaster");
  for (std::size_t i = 3; i < tokens_.size(); ++i) {
    const std::string_view option = tokens_[i].text;
    const auto notify = value_of(option, "NOTIFY=");
    const auto orcpt = value_of(option, "ORCPT=");
    if (!notify && !orcpt) return unsupported_option(option);
    if (rules.dsn_disabled) return no(501, "5.7.1", "DSN support is disabled");
    std::string& field = notify ? rcpt.notify : rcpt.orcpt;
    const auto value = notify ? parse_notify(*notify) : parse_orcpt(*orcpt);
    if (!field.empty() || !value)
      return no(
          501, "5.5.4",
          notify ? "Error: Bad NOTIFY parameter syntax" : "Error: Bad ORCPT parameter syntax");
    field = *value;
  }
  if (undeclared(*recipient, rules.utf8_transaction, rules)) return must_declare();
  return rcpt;
}

// 521 closes: the octets of a chunk whose length nobody knows are not commands (a smuggling hole otherwise).
Request::Parsed Request::bdat(const ParseRules& rules) const {
  if (rules.chunking_disabled) return no(521, "5.5.1", "Error: command not implemented");
  const auto malformed = no(521, "5.5.4", "Syntax: BDAT count [LAST]");
  if (tokens_.size() < 2 || tokens_.size() > 3) return malformed;
  Bdat bdat;
  const std::string& count = tokens_[1].text;
  std::int64_t size = 0;  // Postfix's off_t
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), size);
  if (!text::all_digits(count) || error != std::errc() || end != count.data() + count.size())
    return malformed;
  bdat.size_bytes = static_cast<std::uint64_t>(size);
  bdat.last = tokens_.size() == 3;
  if (bdat.last && !text::equal_ignore_case(tokens_[2].text, "LAST")) return malformed;
  return bdat;
}

Request::Parsed Request::vrfy(const ParseRules& rules) const {
  if (rules.vrfy_disabled) return no(502, "5.5.1", "VRFY command is disabled");
  std::size_t end = tokens_.size();
  const bool utf8 = rules.smtputf8 && end > 2 && says_smtputf8(end - 1);
  if (utf8) --end;
  if (end < 2)
    return no(501, "5.5.4",
              rules.smtputf8 ? "Syntax: VRFY address [SMTPUTF8]" : "Syntax: VRFY address");
  Vrfy vrfy;
  vrfy.argument = arguments(1, end);
  AddressRules address_rules;
  address_rules.utf8_domain = utf8;
  bool broken = false;
  for (std::size_t i = 1; i < end; ++i) broken = broken || tokens_[i].broken;
  const auto address = broken ? std::nullopt : parse_address(vrfy.argument, address_rules);
  if (!address) return no(501, "5.1.3", "Bad recipient address syntax");
  if (undeclared(*address, utf8, rules)) return must_declare();
  vrfy.address = *address;
  return vrfy;
}

Request::Parsed Request::etrn() const {
  if (tokens_.size() != 2) return no(500, "", "Syntax: ETRN domain");
  std::string_view domain = tokens_[1].text;
  if (!domain.empty() && (domain[0] == '@' || domain[0] == '#')) domain.remove_prefix(1);
  if (!valid_hostname(domain) && !valid_address_literal(domain))
    return no(501, "", "Error: invalid parameter syntax");
  return Etrn{std::string(domain)};
}

}  // namespace headgate::proto
