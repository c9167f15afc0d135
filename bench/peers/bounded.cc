// How it works: fork, and a pipe for the result; poll(2) with the time that is left. The child ends by _exit(): it shares
// the parent's standard streams and must not flush them a second time. Tested by tests/bench/bounded_test.cc.
#include "bench/peers/bounded.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "engine/base/file.h"

namespace headgate::peers {

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void be_child(int out, const Bounds& bounds,
                           const std::function<std::string()>& work) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they map terabytes
  const rlimit memory{bounds.memory_bytes, bounds.memory_bytes};
  setrlimit(RLIMIT_AS, &memory);
#else
  static_cast<void>(bounds);
#endif
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  try {
    const std::string result = work();
    std::size_t done = 0;
    while (done < result.size()) {
      const ssize_t wrote = ::write(out, result.data() + done, result.size() - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) _exit(1);
      done += static_cast<std::size_t>(wrote);
    }
  } catch (...) {  // no memory: the parent says so
    _exit(1);
  }
  _exit(0);
}

// Ends the child if it has not ended; true when it had ended well.
bool reap(pid_t child, bool kill_it) {
  if (kill_it) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// False when the deadline came first.
bool read_until(int in, Clock::time_point deadline, const Bounds& bounds, std::string& result) {
  constexpr std::chrono::milliseconds kTick{200};
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd ready{in, POLLIN, 0};
    const int count = poll(&ready, 1, static_cast<int>(std::min(left, kTick).count()));
    if (bounds.tick) bounds.tick();
    if (count <= 0) continue;
    const ssize_t got = ::read(in, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    result.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::string> run_bounded(const Bounds& bounds, const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return fail_errno("open", "a pipe", errno);
  Fd in(ends[0]);
  Fd out(ends[1]);
  const auto deadline = Clock::now() + bounds.time;
  const pid_t child = fork();
  if (child < 0) return fail(Code::unavailable, "no process to work in");
  if (child == 0) be_child(out.get(), bounds, work);
  out = Fd();
  std::string result;
  const bool in_time = read_until(in.get(), deadline, bounds, result);
  const bool ended_well = reap(child, !in_time);
  if (!in_time) {
    return fail(Code::timeout, fmt::format("not done after {:.3g} s",
                                           static_cast<double>(bounds.time.count()) / 1000));
  }
  if (!ended_well) return fail(Code::limit, "the work ended without a result: too little memory?");
  return result;
}

}  // namespace headgate::peers
