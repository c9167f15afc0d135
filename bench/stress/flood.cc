// bench_flood: many hostile clients against one server for a stated time; prints what they met as JSON.
// bench/stress/README.md has the options.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <deque>
#include <iostream>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "bench/stress/attacker.h"

namespace headgate::flood {
namespace {

constexpr std::string_view kUsage =
    "usage: bench_flood --port N --clients N --seconds S [--kind "
    "idle|drip|data|errors|junk|hang-up|tls|silent]\n"
    "                   [--host A] [--source A] [--ramp S] [--retry S] [--pace S] [--to A]\n";

constexpr double kLook = 0.02;  // between two looks at the attackers' clocks
constexpr std::uint32_t kMost = 60000;

struct Options {
  Plan plan;
  std::string host = "127.0.0.1", source = "127.10.0.1", kind = "idle";
  double port = 0, clients = 500, seconds = 10, ramp = 2;
};

bool read_number(std::string_view text, double& number) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() && number >= 0;
}

bool complete(Options& options) {
  const std::optional<Kind> kind = kind_of(options.kind);
  in_addr source{};
  if (!kind || options.port < 1 || options.port > 65535 || options.clients < 1 ||
      options.clients > kMost || inet_pton(AF_INET, options.source.c_str(), &source) != 1 ||
      inet_pton(AF_INET, options.host.c_str(), &options.plan.server.sin_addr) != 1)
    return false;
  options.plan.kind = *kind;
  options.plan.first_source = ntohl(source.s_addr);
  options.plan.server.sin_family = AF_INET;
  options.plan.server.sin_port = htons(static_cast<std::uint16_t>(options.port));
  return true;
}

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  const std::map<std::string_view, std::string*> texts{{"--host", &options.host},
                                                       {"--source", &options.source},
                                                       {"--kind", &options.kind},
                                                       {"--to", &options.plan.recipient}};
  const std::map<std::string_view, double*> numbers{
      {"--port", &options.port}, {"--clients", &options.clients},  {"--seconds", &options.seconds},
      {"--ramp", &options.ramp}, {"--retry", &options.plan.retry}, {"--pace", &options.plan.pace}};
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto text = texts.find(argv[i]);
    const auto number = numbers.find(argv[i]);
    if (text != texts.end())
      *text->second = argv[i + 1];
    else if (number == numbers.end() || !read_number(argv[i + 1], *number->second))
      return std::nullopt;
  }
  if (argc % 2 == 0 || !complete(options)) return std::nullopt;
  return options;
}

double seconds_now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

// As many descriptors as the attackers need, if the system grants them.
bool make_room(double clients) {
  rlimit limit{};
  const auto wanted = static_cast<rlim_t>(clients) + 64;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  if (limit.rlim_cur >= wanted) return true;
  limit.rlim_cur = wanted;
  limit.rlim_max = std::max(limit.rlim_max, wanted);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

Counts attack(const Options& options) {
  Counts counts;
  std::deque<Attacker> attackers;  // epoll holds their addresses
  const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  const double began = seconds_now();
  const auto clients = static_cast<std::uint32_t>(options.clients);
  for (std::uint32_t i = 0; i < clients; ++i)
    attackers.emplace_back(options.plan, counts, i, began + options.ramp * i / clients);
  double looked = 0;
  for (double now = began; now - began < options.seconds; now = seconds_now()) {
    if (now - looked >= kLook) {
      looked = now;
      for (Attacker& attacker : attackers) {
        if (attacker.next() <= now) attacker.tick(epoll.get(), now);
      }
    }
    std::array<epoll_event, 512> events;
    const int count = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(kLook * 1000));
    now = seconds_now();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      static_cast<Attacker*>(event.data.ptr)->on_events(event.events, now);
    }
  }
  return counts;
}

int run_main(int argc, char** argv) {
  const std::optional<Options> options = parse(argc, argv);
  if (!options) {
    std::cerr << kUsage;
    return 64;
  }
  if (!make_room(options->clients)) {
    std::cerr << "bench_flood: fatal: RLIMIT_NOFILE is too low for so many clients\n";
    return 69;
  }
  const Counts counts = attack(*options);
  std::cout << fmt::format(
      "{{\"begun\": {}, \"greeted\": {}, \"dropped\": {}, \"refused\": {}, \"commands\": {}, "
      "\"most_open\": {}}}\n",
      counts.begun, counts.greeted, counts.dropped, counts.refused, counts.commands,
      counts.most_open);
  return 0;
}

}  // namespace
}  // namespace headgate::flood

int main(int argc, char** argv) { return headgate::flood::run_main(argc, argv); }
