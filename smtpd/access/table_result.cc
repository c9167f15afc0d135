// How: one table of words, a function each; then codes and numbers, then restriction lists, as Postfix tries them.
// Tested by table_checks_test, and beside Postfix by tests/e2e/access_test.py.
#include "smtpd/access/table_result.h"

#include <string>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/mail/header.h"

namespace headgate::access {
namespace {

struct Result {
  Evaluation& evaluation;
  std::string_view table, value, datum;
  std::string_view word, text;  // value, taken apart
};

// An enhanced code about an address (X.1.N) says whose: that of a sender is not that of a recipient, and of a client or a
// name there is none.
std::string fitting_dsn(Evaluation& evaluation, std::string_view dsn) {
  constexpr std::string_view kOfSender = "078770778", kOfRecipient = "012345632";
  if (!dsn.substr(1).starts_with(".1.")) return std::string(dsn);
  const std::string_view what = evaluation.subject.what;
  const bool of_sender = what == "Sender address", of_recipient = what == "Recipient address";
  std::string fitting(dsn.substr(0, 1));
  if (of_sender || of_recipient) {
    const std::string_view detail = dsn.substr(4);
    const std::size_t number =
        detail.size() == 1 ? static_cast<std::size_t>(detail[0] - '0') : kOfSender.size();
    const std::string_view known = of_sender ? kOfSender : kOfRecipient;
    fitting += ".1.";
    fitting += number < known.size() ? known[number] : '0';
  } else {
    fitting += ".0.0";
  }
  if (fitting != dsn)
    evaluation.inform(fmt::format("mapping DSN status {} into {} status {}", dsn, what, fitting));
  return fitting;
}

struct CodeAndText {
  std::string dsn;
  std::string_view text;
};

CodeAndText split(const Result& r, std::string_view default_dsn, std::string_view default_text) {
  const std::string_view dsn = proto::leading_dsn(r.text);
  const std::string_view text = text::trim_left(r.text.substr(dsn.size()));
  return {fitting_dsn(r.evaluation, dsn.empty() ? default_dsn : dsn),
          text.empty() ? default_text : text};
}

Outcome refuse(Result& r, std::int64_t code, std::string_view default_dsn) {
  CodeAndText with = split(r, default_dsn, "Access denied");
  return r.evaluation.reject(code, std::move(with.dsn), r.evaluation.rejected(with.text));
}

Outcome permit(Result& r) {
  r.evaluation.note_permit(r.word, fmt::format("from {}", r.table));
  return Outcome::permit;
}

Outcome dunno(Result&) { return Outcome::dunno; }

Outcome reject(Result& r) {
  return refuse(r, r.evaluation.settings.access_map_reject_code, "5.7.1");
}

Outcome defer(Result& r) { return refuse(r, r.evaluation.settings.access_map_defer_code, "4.7.1"); }

Outcome defer_if_permit(Result& r) {
  CodeAndText with = split(r, "4.7.1", "Service unavailable");
  r.evaluation.defer_if_permit(r.evaluation.settings.access_map_defer_code, std::move(with.dsn),
                               with.text);
  return Outcome::dunno;
}

Outcome defer_if_reject(Result& r) {
  CodeAndText with = split(r, "4.7.1", "Service unavailable");
  r.evaluation.defer_if_reject(r.evaluation.settings.access_map_defer_code, std::move(with.dsn),
                               with.text);
  return Outcome::dunno;
}

Outcome info(Result& r) {
  r.evaluation.note("info", r.text);
  return Outcome::dunno;
}

Outcome warn(Result& r) {
  r.evaluation.note("warn", r.text);
  return Outcome::dunno;
}

// ---- What is done to the message: there must be one.

bool in_transaction(Result& r, std::string_view action) {
  if (r.evaluation.context.sender) return true;
  r.evaluation.warn(
      fmt::format("access table {}: with smtpd_delay_reject=no, action {} is always skipped in "
                  "Client host or Helo command restrictions",
                  r.table, action));
  return false;
}

bool has_message(Result& r, std::string_view action) {
  if (r.evaluation.context.where != "ETRN") return in_transaction(r, action);
  r.evaluation.warn(fmt::format(
      "access table {}: action {} is unavailable in smtpd_etrn_restrictions", r.table, action));
  return false;
}

void complain(Result& r, std::string_view what) {
  r.evaluation.warn(fmt::format("access table {} entry \"{}\" {}", r.table, r.datum, what));
}

std::string about(const Result& r, std::string_view what) {
  const Subject& subject = r.evaluation.subject;
  return fmt::format("<{}>: {} {}", subject.name, subject.what, what);
}

Outcome hold(Result& r) {
  if (!has_message(r, "HOLD") || r.evaluation.holding()) return Outcome::dunno;
  r.evaluation.note("hold", about(r, r.text.empty() ? "triggers HOLD action" : r.text));
  r.evaluation.effects().hold = true;
  return Outcome::dunno;
}

Outcome discard(Result& r) {
  if (!has_message(r, "DISCARD")) return Outcome::dunno;
  r.evaluation.note("discard", about(r, r.text.empty() ? "triggers DISCARD action" : r.text));
  r.evaluation.effects().discard = true;
  return permit(r);
}

Outcome filter(Result& r) {
  if (!has_message(r, "FILTER")) return Outcome::dunno;
  if (r.text.empty()) {
    complain(r, "has FILTER entry without value");
  } else if (r.text.find(':') == std::string_view::npos) {
    complain(r, "requires transport:destination");
  } else {
    r.evaluation.note("filter", about(r, fmt::format("triggers FILTER {}", r.text)));
    r.evaluation.effects().filter = r.text;
  }
  return Outcome::dunno;
}

bool has_target(Result& r) {
  if (r.text.find('@') != std::string_view::npos) return true;
  complain(r, "requires user@domain target");
  return false;
}

Outcome redirect(Result& r) {
  if (!has_message(r, "REDIRECT") || !has_target(r)) return Outcome::dunno;
  r.evaluation.note("redirect", about(r, fmt::format("triggers REDIRECT {}", r.text)));
  r.evaluation.effects().redirect = r.text;
  return Outcome::dunno;
}

Outcome bcc(Result& r) {
  if (!has_message(r, "BCC") || !has_target(r)) return Outcome::dunno;
  r.evaluation.note("bcc", about(r, fmt::format("triggers BCC {}", r.text)));
  r.evaluation.effects().bcc.emplace_back(r.text);
  return Outcome::dunno;
}

Outcome prepend(Result& r) {
  if (!in_transaction(r, "PREPEND")) return Outcome::dunno;
  if (r.evaluation.context.where == "END-OF-MESSAGE") {
    r.evaluation.warn(
        fmt::format("access table {}: action PREPEND must be used before "
                    "smtpd_end_of_data_restrictions",
                    r.table));
  } else if (!mail::is_header(r.text)) {
    complain(r, "requires header: text");
  } else {
    r.evaluation.effects().prepend.emplace_back(r.text);
  }
  return Outcome::dunno;
}

struct Word {
  std::string_view name;
  Outcome (*apply)(Result&);
};

constexpr Word kWords[] = {
    {"DUNNO", dunno},
    {"REJECT", reject},
    {"OK", permit},
    {"RELAY", permit},
    {"DEFER", defer},
    {"DEFER_IF_PERMIT", defer_if_permit},
    {"DEFER_IF_REJECT", defer_if_reject},
    {"WARN", warn},
    {"INFO", info},
    {"HOLD", hold},
    {"DISCARD", discard},
    {"FILTER", filter},
    {"REDIRECT", redirect},
    {"BCC", bcc},
    {"PREPEND", prepend},
};

bool is_reply_code(std::string_view word) {
  return word.size() == 3 && (word[0] == '4' || word[0] == '5') && text::all_digits(word);
}

// Tables have to be opened before rights are given up: one that names another comes too late.
Outcome run_list(Result& r) {
  const std::vector<std::string> list = text::split_list(r.value);
  if (list.empty()) {
    r.evaluation.warn(fmt::format("access table {} entry {} has empty value", r.table, r.value));
    return Outcome::permit;
  }
  if (r.value.find(':') != std::string_view::npos) {
    r.evaluation.warn(
        fmt::format("access table {} has entry with lookup table: {}", r.table, r.value));
    r.evaluation.warn("do not specify lookup tables inside SMTPD access maps");
    return r.evaluation.server_error("define a restriction class and specify its name instead.");
  }
  if (r.evaluation.too_deep())
    return r.evaluation.server_error(
        fmt::format("access table {} entry {} causes unreasonable recursion", r.table, r.value));
  return r.evaluation.run_within(Restrictions::parse(list));
}

}  // namespace

Outcome apply_result(Evaluation& evaluation, std::string_view table, std::string_view value,
                     std::string_view datum) {
  const std::string_view word = value.substr(0, value.find_first_of(" \t"));
  Result r{evaluation, table, value, datum, word, text::trim_left(value.substr(word.size()))};
  for (const Word& known : kWords) {
    if (text::equal_ignore_case(known.name, word)) return known.apply(r);
  }
  if (text::all_digits(value)) return permit(r);
  if (is_reply_code(word) && !r.text.empty()) {
    const std::int64_t code = (word[0] - '0') * 100 + (word[1] - '0') * 10 + (word[2] - '0');
    return refuse(r, code, code >= 500 ? "5.7.1" : "4.7.1");
  }
  return run_list(r);
}

}  // namespace headgate::access
