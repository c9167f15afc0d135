// How it works: the values of the parameters that may name tables are looked through for words like "type:name".
// Tested by tests/smtpd/cli/check_test.cc.
#include "smtpd/cli/configured_tables.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

#include "engine/base/text.h"
#include "smtpd/cli/rule_table.h"
#include "smtpd/config/params.h"

namespace headgate::cli {

namespace {

using config::Settings;

// The parameters whose values name lookup tables.
bool names_tables(std::string_view parameter) {
  return parameter.ends_with("_checks") || parameter.ends_with("_maps") ||
         parameter.ends_with("_restrictions") || parameter.ends_with("_domains") ||
         parameter == "mynetworks" || parameter == "mydestination" ||
         parameter == "smtpd_log_access_permit_actions";
}

// "pcre:/x" is a table; "[::1]/128", "1:2" and the socket of a policy service are not.
bool is_table(std::string_view word) {
  const auto colon = word.find(':');
  if (colon == std::string_view::npos || colon == 0 || !text::is_alpha(word.front())) return false;
  for (const char c : word.substr(0, colon)) {
    if (!text::is_alnum(c) && c != '_' && c != '-') return false;
  }
  return true;
}

void collect_tables(const std::vector<std::string>& words, std::vector<std::string>& tables) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (text::equal_ignore_case(word, "check_policy_service")) {
      ++i;
      continue;
    }
    if (word.starts_with('{') && word.ends_with('}')) {
      collect_tables(text::split_list(word.substr(1, word.size() - 2)), tables);
      continue;
    }
    if (word.starts_with('!')) word.remove_prefix(1);
    if (is_table(word)) tables.emplace_back(word);
  }
}

class Collector {
 public:
  void take(const Settings& settings, bool with_cleanups = true) {
    for (const config::Param& param : config::params()) {
      const auto* field = std::get_if<std::vector<std::string> Settings::*>(&param.field);
      if (field == nullptr || !names_tables(param.name)) continue;
      if (!with_cleanups && config::is_cleanup_param(param.name)) continue;
      take_words(param.name, settings.*(*field));
    }
    for (const auto& [name, restrictions] : settings.restriction_classes)
      take_words(name, restrictions);
  }

  std::vector<ConfiguredTable> found() { return std::move(found_); }

 private:
  void take_words(std::string_view parameter, const std::vector<std::string>& words) {
    std::vector<std::string> tables;
    collect_tables(words, tables);
    for (std::string& table : tables) {
      const bool folds = !parameter.ends_with("_checks") && !is_rule_table(table);
      if (seen_.insert({table, folds}).second)
        found_.push_back({std::string(parameter), std::move(table), folds});
    }
  }

  std::set<std::pair<std::string, bool>> seen_;  // with whether it folds
  std::vector<ConfiguredTable> found_;
};

}  // namespace

std::vector<ConfiguredTable> configured_tables(const config::Config& config) {
  const auto is_smtpd = [](const config::Service& service) { return service.command == "smtpd"; };
  Collector collector;
  // The content checks of main.cf are opened by those services alone whose cleanup service does not set others.
  collector.take(*config.main,
                 std::none_of(config.services.begin(), config.services.end(), is_smtpd));
  for (const config::Service& service : config.services) {
    if (!is_smtpd(service)) continue;
    collector.take(*service.calm);
    collector.take(*service.stressed);
  }
  return collector.found();
}

}  // namespace headgate::cli
