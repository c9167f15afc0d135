// headgate-compiler: compiles one table with its Hyperscan databases and publishes the image. Servers and tools start it
// (store/builder_client), so that what a compile costs, in time, memory or a crash, is never theirs; it can be run by hand.
// How it works: it limits itself first: the life of who started it, priority, address space, time, no core, and it is
// the first that the kernel ends when memory runs out. The sets of
// patterns are compiled by forked workers with limits of their own (back/forked_compiler).
// Exit status: sysexits, with the reason on standard error. Tested by tests/compiler/store/builder_test.cc.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "compiler/back/address_space.h"
#include "compiler/back/forked_compiler.h"
#include "compiler/store/publish_table.h"
#include "engine/base/env.h"
#include "engine/base/version.h"
#include "engine/match/selftest.h"

namespace headgate {

namespace {

constexpr int kUsage = 64, kBadTable = 65, kNoInput = 66, kUnavailable = 69, kIo = 74;
constexpr std::string_view kSynopsis =
    "usage: headgate-compiler build --dialect pcre|regexp --name NAME --directory DIR [--text-file "
    "FILE]\n"
    "         [--table-limit SECONDS] [--pattern-limit SECONDS] [--memory-limit BYTES] [--jobs N] "
    "[--parent PID]\n"
    "         [--mail FILE] [--without rows|spellings|rows,spellings]\n"
    "compiles the table NAME (a path, or an inline \"{ {rule} ... }\") and publishes its image in "
    "DIR\n";

struct Request {
  std::optional<rules::Dialect> dialect;
  std::string name, text_file;
  rules::ImageSettings settings;
  unsigned jobs = 0;
  pid_t parent = 0;
};

int complain(int status, std::string_view text) {
  std::fputs(fmt::format("headgate-compiler: {}\n", text).c_str(), stderr);
  return status;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > (std::uint64_t{1} << 40))
    return std::nullopt;
  return value;
}

bool take(Request& request, std::string_view option, const std::string& value) {
  if (option == "--name") return !(request.name = value).empty();
  if (option == "--directory") return !(request.settings.directory = value).empty();
  if (option == "--text-file") return !(request.text_file = value).empty();
  if (option == "--mail") return !(request.settings.choice.mail_file = value).empty();
  if (option == "--without") return !(request.settings.choice.without = value).empty();
  if (option == "--dialect") {
    if (value == "pcre") request.dialect = rules::Dialect::pcre;
    if (value == "regexp") request.dialect = rules::Dialect::regexp;
    return request.dialect.has_value();
  }
  const auto amount = number(value);
  if (!amount || *amount == 0) return false;
  const auto seconds = std::chrono::seconds(static_cast<std::int64_t>(*amount));
  if (option == "--table-limit")
    request.settings.table_limit = seconds;
  else if (option == "--pattern-limit")
    request.settings.pattern_limit = seconds;
  else if (option == "--memory-limit")
    request.settings.memory_limit = *amount;
  else if (option == "--jobs")
    request.jobs = static_cast<unsigned>(*amount);
  else if (option == "--parent")
    request.parent = static_cast<pid_t>(*amount);
  else
    return false;
  return true;
}

std::optional<Request> parse(int argc, char** argv) {
  Request request;
  if (argc < 2 || std::string_view(argv[1]) != "build" || argc % 2 != 0) return std::nullopt;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (!take(request, argv[i], argv[i + 1])) return std::nullopt;
  }
  if (!request.dialect || request.name.empty() || request.settings.directory.empty())
    return std::nullopt;
  return request;
}

void set_limit(__rlimit_resource what, std::uint64_t value) {
  const rlimit limit{value, value};
  setrlimit(what, &limit);
}

// False: whoever started this is gone already.
bool die_with(pid_t parent) {
  if (parent == 0) return true;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  return getppid() == parent;
}

back::Share share(const Request& request) {
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  const auto most = static_cast<unsigned>(std::max(1L, processors));
  return back::share_memory(request.settings.memory_limit, request.jobs != 0 ? request.jobs : most);
}

void limit_myself(const Request& request) {
  back::offer_to_oom_killer();  // its workers inherit it
  setpriority(PRIO_PROCESS, 0, 10);
  set_limit(RLIMIT_CORE, 0);
  back::limit_address_space(back::mapped_bytes() + share(request).bytes);
  set_limit(RLIMIT_CPU, static_cast<std::uint64_t>(request.settings.table_limit.count()) + 1);
}

back::ForkLimits fork_limits(const Request& request) {
  const rules::ImageSettings& settings = request.settings;
  back::ForkLimits limits;
  limits.pattern = settings.pattern_limit;
  limits.group = 10 * settings.pattern_limit;
  limits.memory_bytes = share(request).bytes;
  // What is left of the table's time is for writing the image.
  limits.deadline = std::chrono::steady_clock::now() + settings.table_limit * 9 / 10;
  limits.fair_cpu = settings.table_limit * 9 / 20;
  limits.jobs = share(request).jobs;
  return limits;
}

int build(const Request& request) {
  // Before the limits: a library that is only short of memory does not lie.
  const match::SelfTest libhs = match::run_selftest();
  limit_myself(request);
  if (!libhs.ok) return complain(kUnavailable, libhs.problem);
  auto text = request.text_file.empty() ? compiler::read_table(*request.dialect, request.name)
                                        : compiler::read_table(*request.dialect, request.text_file);
  if (!text) {
    const bool wrong = text.error().code == Code::invalid;
    return complain(wrong ? kBadTable : kNoInput, text.error().text());
  }
  if (!request.text_file.empty()) text->path = request.name;
  back::ForkedCompiler databases(fork_limits(request));
  compiler::CompileOptions options;
  options.databases = &databases;
  const SystemEnv env;
  const auto published =
      store::publish_table(*request.dialect, request.name, *text, request.settings, options, env);
  if (published) return 0;
  const bool later = published.error().code == Code::unavailable;
  return complain(later ? kUnavailable : kIo, published.error().text());
}

}  // namespace

}  // namespace headgate

int main(int argc, char** argv) {
  using namespace headgate;
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    std::fputs(fmt::format("headgate-compiler {}\n", kVersion).c_str(), stdout);
    return 0;
  }
  const auto request = parse(argc, argv);
  if (!request) {
    std::fputs(kSynopsis.data(), stderr);
    return kUsage;
  }
  if (!die_with(request->parent)) return kUnavailable;
  try {
    return build(*request);
  } catch (const std::bad_alloc&) {
    return complain(kUnavailable,
                    fmt::format("it takes more than {} MB (check_compile_memory_limit)",
                                request->settings.memory_limit >> 20));
  }
}
