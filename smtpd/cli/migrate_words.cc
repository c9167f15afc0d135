// Tested by tests/smtpd/cli/migrate_test.cc.
#include "smtpd/cli/migrate_words.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "tables/type_spec.h"

namespace headgate::cli {

namespace {

// Types whose name is a file, or that hold other tables.
bool is_open_inside(std::string_view type) {
  return type == "unionmap" || type == "pipemap" || type == "proxy";
}

bool is_boundary(char c) {
  return text::is_space(c) || std::string_view(",{}=!?:").find(c) != std::string_view::npos;
}

// Behind "${kind}", "$kind" or letters: where the colon of a table would be; `at` itself: nowhere.
std::size_t type_end(std::string_view line, std::size_t at) {
  if (at >= line.size() || !(text::is_alpha(line[at]) || line[at] == '$')) return at;
  while (at < line.size()) {
    if (line.substr(at).starts_with("${")) {
      const std::size_t length = tables::balanced_length(line.substr(at + 1));
      // A condition has its tables inside.
      const std::string_view name = line.substr(at + 2, length < 2 ? 0 : length - 2);
      if (name.empty() || !std::all_of(name.begin(), name.end(),
                                       [](char c) { return text::is_alnum(c) || c == '_'; }))
        break;
      at += 1 + length;
    } else if (text::is_alnum(line[at]) || line[at] == '_' || line[at] == '$' || line[at] == '-') {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

// The word before `at` is check_policy_service: what follows is a socket.
bool is_policy_service(std::string_view line, std::size_t at) {
  const std::string_view before = text::trim_right(line.substr(0, at));
  constexpr std::string_view kName = "check_policy_service";
  return before.size() >= kName.size() && before.size() < at &&
         text::equal_ignore_case(before.substr(before.size() - kName.size()), kName);
}

std::size_t word_end(std::string_view line, std::size_t at) {
  int braces = 0;  // of ${name}
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '{' && at > 0 && line[at - 1] == '$')
      ++braces;
    else if (c == '}' && braces > 0)
      --braces;
    else if (text::is_space(c) || c == ',' || c == '}' || c == '{')
      break;
  }
  return at;
}

}  // namespace

bool takes_files(std::string_view parameter) {
  return parameter == "mynetworks" || parameter == "mydestination" ||
         parameter.ends_with("_domains") || parameter.ends_with("_networks") ||
         parameter.ends_with("_exceptions") || parameter.ends_with("_hosts");
}

std::vector<TableWord> table_words(std::string_view line, bool with_files) {
  std::vector<TableWord> words;
  for (std::size_t at = 0; at < line.size();) {
    if (at > 0 && !is_boundary(line[at - 1])) {
      ++at;
      continue;
    }
    const std::string_view rest = line.substr(at);
    const bool is_path = rest.starts_with('/') || rest.starts_with("$config_directory/") ||
                         rest.starts_with("${config_directory}/");
    if (with_files && is_path && (at == 0 || line[at - 1] != ':')) {
      const std::size_t end = word_end(line, at);
      words.push_back({at, end - at, "", std::string(line.substr(at, end - at))});
      at = end;
      continue;
    }
    if (is_policy_service(line, at) && line[at] != '{' && !text::is_space(line[at])) {
      at = word_end(line, at);
      continue;
    }
    // A type: letters and the like, or $default_database_type.
    const std::size_t colon = type_end(line, at);
    if (colon == at || colon + 1 >= line.size() || line[colon] != ':') {
      at = std::max(colon, at + 1);
      continue;
    }
    const std::string_view type = line.substr(at, colon - at);
    const std::size_t name = colon + 1;
    if (line[name] == '{') {  // in braces: tables within, or lines of its own
      const std::size_t length = tables::balanced_length(line.substr(name));
      at = is_open_inside(type) || length == 0 ? name + 1 : name + length;
      continue;
    }
    if (type == "proxy") {
      at = name;
      continue;
    }
    const std::size_t end = word_end(line, name);
    if (end > name)
      words.push_back(
          {at, end - at, std::string(type), std::string(line.substr(name, end - name))});
    at = std::max(end, at + 1);
  }
  return words;
}

}  // namespace headgate::cli
