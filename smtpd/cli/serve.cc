// `headgate serve`: arguments, configuration, log; then the Server. It stays in the foreground.
//   --one-process      all roles in this process, and not a process a role (docs/roles.md)
//   --ready-fd N       writes "ADDRESS:PORT\n" a listener to descriptor N and closes it when clients are accepted
//   --port-file FILE   the same into FILE (atomically); both for tests, which listen on port 0
// Tested by tests/e2e/lifecycle_test.py.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/match/selftest.h"
#include "smtpd/cli/command.h"
#include "smtpd/cli/logs.h"
#include "smtpd/cli/server.h"
#include "smtpd/cli/split.h"

namespace headgate::cli {
namespace {

struct ServeOptions {
  int ready_fd = -1;
  std::string port_file;
  bool one_process = false;
};

std::optional<ServeOptions> parse_options(Invocation& invocation) {
  ServeOptions options;
  const std::vector<std::string>& arguments = invocation.arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool has_value = i + 1 < arguments.size();
    if (arguments[i] == "--one-process") {
      options.one_process = true;
    } else if (arguments[i] == "--port-file" && has_value) {
      options.port_file = arguments[++i];
    } else if (arguments[i] == "--ready-fd" && has_value && text::all_digits(arguments[i + 1]) &&
               arguments[i + 1].size() < 6) {
      options.ready_fd = std::stoi(arguments[++i]);
    } else {
      fatal(invocation, kExitUsage, fmt::format("serve: bad argument: {}", arguments[i]));
      return std::nullopt;
    }
  }
  return options;
}

int exit_code(const Error& error) {
  switch (error.code) {
    case Code::unavailable:
      return kExitUnavailable;
    case Code::invalid:
      return kExitBadConfiguration;
    case Code::not_found:
      return kExitNoInput;
    default:
      break;
  }
  const bool denied = error.what.find("Permission denied") != std::string::npos;
  return denied ? kExitNoPermission : kExitIo;
}

std::string listener_text(const net::Endpoint& endpoint) {
  const bool v6 = endpoint.address.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + endpoint.address + "]" : endpoint.address;
  return fmt::format("{}:{}", host, endpoint.port);
}

// The line for people, and the one for scripts.
void announce(Invocation& invocation, const ServeOptions& options,
              const std::vector<net::Endpoint>& endpoints, const config::Config& config) {
  std::string listeners, lines;
  for (const net::Endpoint& endpoint : endpoints) {
    listeners += (listeners.empty() ? "" : ", ") + listener_text(endpoint);
    lines += listener_text(endpoint) + "\n";
  }
  invocation.err
      << fmt::format("headgate: listening on {} (spool {}, configuration {}); stop with Ctrl-C\n",
                     listeners, config.main->queue_directory,
                     config.embedded ? "embedded" : config.directory)
      << std::flush;
  if (!options.port_file.empty()) {
    const Result<void> written = write_file_atomically(options.port_file, lines);
    if (!written) warning(invocation, written.error().text());
  }
  if (options.ready_fd >= 0) {
    const Fd ready(options.ready_fd);
    const Result<void> written = write_all(ready.get(), lines, "--ready-fd");
    if (!written) warning(invocation, written.error().text());
  }
}

void report_selftest(Invocation& invocation) {
  const match::SelfTest test = match::run_selftest();
  if (test.ok) return;
  warning(invocation,
          fmt::format("{}; tables are matched by PCRE2 and regexec alone, which is slow",
                      test.problem));
}

// argv for an upgrade: what is at this program's path by then.
std::vector<std::string> command_of(const Invocation& invocation) {
  std::string program(4096, '\0');
  const ssize_t size = ::readlink("/proc/self/exe", program.data(), program.size());
  program.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  constexpr std::string_view kReplaced = " (deleted)";
  if (program.ends_with(kReplaced)) program.resize(program.size() - kReplaced.size());
  std::vector<std::string> command{program, "serve"};
  if (!invocation.config_directory.empty())
    command.insert(command.end(), {"-c", invocation.config_directory});
  for (const auto& [name, value] : invocation.overrides)
    command.insert(command.end(), {"-o", name + '=' + value});
  return command;
}

// By the one process.
int serve_alone(Invocation& invocation, const ServeOptions& options, config::Config config,
                Logs& logs, Env& env) {
  const config::LoadOptions wish{invocation.config_directory, invocation.overrides};
  const config::Config shown = config;
  Server server(
      std::move(config), [wish] { return config::load(wish); }, invocation.programs, logs.sink(),
      env);
  const Result<void> opened = server.open();
  if (!opened) return fatal(invocation, exit_code(opened.error()), opened.error().text());
  const auto reopen_log = [&logs, &invocation] {
    const Result<void> reopened = logs.reopen();
    if (!reopened) warning(invocation, reopened.error().text());
  };
  const bool ended =
      server.run(reopen_log, [&] { announce(invocation, options, server.listening_on(), shown); });
  if (!ended)
    _exit(
        kExitOk);  // a thread inside regexec or a trial cannot be joined; the log and the queue are written without buffers
  return kExitOk;
}

}  // namespace

int run_serve(Invocation& invocation) {
  const std::optional<ServeOptions> options = parse_options(invocation);
  if (!options) return kExitUsage;
  std::signal(SIGPIPE, SIG_IGN);
  const config::LoadOptions wish{invocation.config_directory, invocation.overrides};
  Result<config::Config> config = config::load(wish);
  if (!config) return fatal(invocation, kExitBadConfiguration, config.error().text());
  for (const Diagnostic& diagnostic : config->diagnostics) warning(invocation, diagnostic.text);

  SystemEnv env;
  Result<Logs> logs =
      options->one_process ? Logs::open(*config->main, env) : Logs::open_plain(*config->main, env);
  if (!logs) return fatal(invocation, exit_code(logs.error()), logs.error().text());
  report_selftest(invocation);

  if (options->one_process)
    return serve_alone(invocation, *options, std::move(*config), *logs, env);
  if (options->ready_fd >= 0) ::fcntl(options->ready_fd, F_SETFD, FD_CLOEXEC);
  const config::Config shown = *config;
  const auto tell = [&](const std::vector<net::Endpoint>& endpoints) {
    announce(invocation, *options, endpoints, shown);
  };
  const Result<void> served =
      serve_split(std::move(*config), wish, command_of(invocation), tell, *logs, env);
  if (!served) return fatal(invocation, exit_code(served.error()), served.error().text());
  return kExitOk;
}

}  // namespace headgate::cli
