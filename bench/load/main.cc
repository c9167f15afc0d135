// bench_load: loads one SMTP server and prints what it measured as JSON. bench/load/README.md has the options.
#include <charconv>
#include <iostream>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "bench/load/client.h"
#include "bench/load/messages.h"
#include "bench/load/schedule.h"

namespace headgate::load {
namespace {

constexpr std::string_view kUsage =
    "usage: bench_load --port N [--host A] [--count N] [--sessions N] [--per-session N]\n"
    "                  [--rate R [--poisson]] [--seed N] [--patience S] [--limit S]\n"
    "                  [--messages MBOX|FILE|FOLDER | --size BYTES] [--from A] [--to A]\n"
    "                  [--source A [--sources N]]\n"
    "Without --rate the loop is closed: --sessions clients, each as fast as it is answered.\n"
    "With it the loop is open: R connections a second, at most --sessions at once.\n";

struct Options {
  Plan plan;
  std::string messages;
  double size = 20000, rate = 0, seed = 1, port = 0, count = 100, sessions = 10, per_session = 1,
         sources = 1;
  bool poisson = false;
};

bool read_number(std::string_view text, double& number) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() && number >= 0;
}

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  const std::map<std::string_view, std::string*> texts{{"--host", &options.plan.host},
                                                       {"--messages", &options.messages},
                                                       {"--from", &options.plan.sender},
                                                       {"--to", &options.plan.recipient},
                                                       {"--source", &options.plan.source}};
  const std::map<std::string_view, double*> numbers{
      {"--port", &options.port},         {"--count", &options.count},
      {"--sessions", &options.sessions}, {"--per-session", &options.per_session},
      {"--rate", &options.rate},         {"--seed", &options.seed},
      {"--size", &options.size},         {"--patience", &options.plan.patience},
      {"--limit", &options.plan.limit},  {"--sources", &options.sources}};
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
    const auto text = texts.find(name);
    const auto number = numbers.find(name);
    if (name == "--poisson") {
      options.poisson = true;
      continue;
    }
    if (text == texts.end() && number == numbers.end()) return std::nullopt;
    if (text != texts.end())
      *text->second = value;
    else if (!read_number(value, *number->second))
      return std::nullopt;
    ++i;
  }
  if (options.port < 1 || options.port > 65535 || options.sessions < 1 || options.per_session < 1 ||
      options.count < 1 || options.sources < 1 || options.sources > 65536)
    return std::nullopt;
  options.plan.port = static_cast<std::uint16_t>(options.port);
  options.plan.count = static_cast<std::size_t>(options.count);
  options.plan.sessions = static_cast<std::size_t>(options.sessions);
  options.plan.per_session = static_cast<std::size_t>(options.per_session);
  options.plan.sources = static_cast<std::uint32_t>(options.sources);
  return options;
}

Result<std::string> measure(Options& options) {
  const auto seed = static_cast<std::uint64_t>(options.seed);
  std::vector<std::string> messages;
  if (options.messages.empty()) {
    messages = generate_messages(100, static_cast<std::size_t>(options.size), seed);
  } else {
    TRY(found, read_messages(options.messages));
    messages = std::move(found);
  }
  shuffle(messages, seed);
  const Arrivals arrivals = options.poisson ? Arrivals::poisson : Arrivals::constant;
  if (options.rate > 0)
    options.plan.begin = schedule(arrivals, options.rate, options.plan.count, seed);
  TRY(figures, run(options.plan, messages));
  return to_json(figures);
}

int run_main(int argc, char** argv) {
  std::optional<Options> options = parse(argc, argv);
  if (!options) {
    std::cerr << kUsage;
    return 64;
  }
  const Result<std::string> json = measure(*options);
  if (!json) {
    std::cerr << "bench_load: fatal: " << json.error().text() << '\n';
    return 69;
  }
  std::cout << *json;
  return 0;
}

}  // namespace
}  // namespace headgate::load

int main(int argc, char** argv) { return headgate::load::run_main(argc, argv); }
