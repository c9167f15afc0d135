// Tested by tests/smtpd/cli/match_test.cc and diff_test.cc.
#include "smtpd/cli/judge.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::cli {

Judge::Judge(std::string name, checks::CheckSet& set, const checks::Limits& limits,
             const Options& options, Keeper* keeper)
    : options_(options), keeper_(keeper), inspector_(set, limits, *this, *this) {
  report_.message = std::move(name);
}

MatchReport Judge::finish() {
  inspector_.end();
  report_.verdict = inspector_.verdict();
  return std::move(report_);
}

void Judge::record(std::string_view bytes, bool continued) {
  if (keeper_ != nullptr) keeper_->record(bytes, continued);
}

void Judge::on_action(const checks::ActionTaken& taken) {
  report_.steps.push_back(match_step(taken));
}

void Judge::on_quiet_action(const checks::ActionTaken& taken) {
  if (taken.kind == checks::ActionKind::ignore || options_.quiet_actions) on_action(taken);
}

void Judge::on_warning(std::string_view text) {
  options_.warn(text::printable(fmt::format("{}: {}", report_.message, text)));
}

std::shared_ptr<config::Settings> check_settings(const config::Config& config, bool emergency) {
  const auto smtpd =
      std::find_if(config.services.begin(), config.services.end(),
                   [](const config::Service& service) { return service.command == "smtpd"; });
  auto settings = std::make_shared<config::Settings>(*config.main);
  if (smtpd != config.services.end()) *settings = emergency ? *smtpd->stressed : *smtpd->calm;
  settings->milter_header_checks.clear();  // no Milter adds a header to a stored message
  return settings;
}

}  // namespace headgate::cli
