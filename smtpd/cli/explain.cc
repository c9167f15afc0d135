// headgate explain: why a text gets its answer from a pcre: or regexp: table.
// TEXT is one lookup key as it is. Without it keys come from standard input: a line each, or with -h a logical header each
// (lines that start with white space continue it), as cleanup would look them up.
// Why a pattern is scanned for is answered with the image that the server of a configuration (-c) uses.
// Tested by tests/smtpd/cli/rules_test.cc.
#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/rules/evaluate.h"
#include "engine/rules/explain.h"
#include "engine/rules/program.h"
#include "engine/rules/truth.h"
#include "smtpd/cli/images.h"
#include "smtpd/cli/rule_table.h"

namespace headgate::cli {

namespace {

constexpr std::string_view kUsage = "usage: headgate explain TABLE [-h|-b] [TEXT]";

struct Request {
  std::string table;
  std::optional<std::string> key;
  bool headers = false;
  bool wrong = false;
};

Request parse(const std::vector<std::string>& arguments) {
  Request request;
  for (const std::string& argument : arguments) {
    if (argument == "-h")
      request.headers = true;
    else if (argument == "-b" || argument == "--")
      continue;
    else if (request.table.empty())
      request.table = argument;
    else if (!request.key)
      request.key = argument;
    else
      request.wrong = true;
  }
  request.wrong = request.wrong || request.table.empty();
  return request;
}

std::vector<std::string> read_keys(std::istream& in, bool headers) {
  std::vector<std::string> keys;
  std::string line;
  while (std::getline(in, line)) {
    const bool continues =
        headers && !keys.empty() && !line.empty() && (line[0] == ' ' || line[0] == '\t');
    if (continues)
      keys.back() += "\n" + line;
    else
      keys.push_back(line);
  }
  for (std::string& key : keys) key.resize(std::min(key.find('\0'), key.size()));
  return keys;
}

}  // namespace

int run_explain(Invocation& invocation) {
  const Request request = parse(invocation.arguments);
  if (request.wrong) return fatal(invocation, kExitUsage, kUsage);
  const auto config = load_with_images(invocation);
  if (!config) return config.error();
  const auto table = open_rule_table(invocation, request.table);
  if (!table) return fatal(invocation, exit_code_of(table.error()), table.error().text());
  const rules::Program& program = *table->full;
  rules::Truth truth(program, rules::Path::scan);
  const auto keys =
      request.key ? std::vector{*request.key} : read_keys(invocation.in, request.headers);
  for (const std::string& key : keys) {
    rules::Trace trace;
    const auto warn = [&invocation](const Diagnostic& diagnostic) {
      warning(invocation, diagnostic.text);
    };
    rules::evaluate(program, truth, key, warn, &trace);
    invocation.out << fmt::format("\"{}\"\n", text::printable(key))
                   << rules::explain(program, trace, key);
  }
  return kExitOk;
}

}  // namespace headgate::cli
