// MessageRun: one message through an Inspector with fake tables, and everything that came out of it as text.
//   Threads   one owner.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/checks/inspector.h"
#include "engine/mail/splitter.h"
#include "tests/support/fake_lookup.h"

namespace headgate::checks {

using Rules = std::vector<std::pair<std::string, std::string>>;

class MessageRun final : public Sink, public ActionObserver {
 public:
  // mime and nested follow header until they get rules of their own, as in Postfix.
  support::FakeLookup* add(KeyClass key_class, Rules rules) {
    return add(key_class, std::make_unique<support::FakeLookup>(
                              "fake:" + std::string(parameter_name(key_class)), std::move(rules)));
  }

  support::FakeLookup* add(KeyClass key_class, std::unique_ptr<support::FakeLookup> table) {
    if (key_class == KeyClass::mime && checks.mime == checks.header)
      checks.mime = std::make_shared<TableList>();
    if (key_class == KeyClass::nested && checks.nested == checks.header)
      checks.nested = std::make_shared<TableList>();
    auto* raw = table.get();
    checks.of(key_class).tables.push_back(std::move(table));
    return raw;  // lives as long as the CheckSet
  }

  const Verdict& run(std::string_view message) {
    Inspector inspector(checks, limits, *this, *this);
    mail::Splitter splitter(line_length_limit);
    splitter.feed(message, inspector);
    splitter.end(inspector);
    inspector.end();
    verdict = inspector.verdict();
    return verdict;
  }

  void record(std::string_view bytes, bool continued) override {
    kept += bytes;
    if (!continued) kept += '\n';
    longest_record = std::max(longest_record, bytes.size());
  }

  void primary_header_found(mail::KnownHeader header) override {
    if (header == mail::KnownHeader::received) ++received_found;
  }

  void known_header(mail::KnownHeader, std::string_view text, bool primary) override {
    if (primary) primary_headers.emplace_back(text);
  }

  void end_of_primary_headers() override {
    ++ends_of_headers;
    if (mark_end_of_headers) kept += "<here>\n";
  }

  void on_action(const ActionTaken& action) override {
    const std::string line =
        limits.agent == Agent::smtp ? delivery_log_text(action) : action_log_text(action, "O", "");
    log.push_back(line.substr(0, 300) + fmt::format(" [{}:{}]", action.table, action.line));
  }

  void on_warning(std::string_view text) override {
    log.push_back(fmt::format("warning: {}", text));
  }

  void on_mime_error(mail::MimeError error, std::string_view found) override {
    log.push_back(mime_error_log_text(error, found, "O", "s", "r"));
  }

  void on_message_warning(std::string_view text) override {
    log.push_back(fmt::format("warning: ID: {}", text));
  }

  CheckSet checks;
  Limits limits;
  std::size_t line_length_limit = 2048;
  bool mark_end_of_headers = false;

  Verdict verdict;
  std::string kept;  // the message as it would be queued
  std::vector<std::string> log;
  std::vector<std::string> primary_headers;
  int received_found = 0;
  int ends_of_headers = 0;
  std::size_t longest_record = 0;
};

}  // namespace headgate::checks
