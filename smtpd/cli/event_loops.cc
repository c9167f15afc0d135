// Tested by event_loops_test and tests/e2e/event_loops_test.py.
#include "smtpd/cli/event_loops.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "smtpd/cli/cpu_quota.h"

namespace headgate::cli {
namespace {

constexpr std::size_t kMost = 64, kMostByDefault = 8;

// That this process may use: by its affinity, and by the time that its control group gets.
std::size_t cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::size_t cores = std::thread::hardware_concurrency();
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    cores = static_cast<std::size_t>(CPU_COUNT(&allowed));
  const std::optional<double> quota = cpu_quota();
  if (!quota || *quota >= static_cast<double>(cores)) return cores;
  return static_cast<std::size_t>(std::ceil(*quota));
}

// Of any thread of this process.
std::function<std::chrono::nanoseconds()> cpu_time_of(pthread_t thread) {
  clockid_t clock{};
  if (::pthread_getcpuclockid(thread, &clock) != 0)
    return [] { return std::chrono::nanoseconds(0); };
  return [clock] {
    timespec time{};
    if (::clock_gettime(clock, &time) != 0) return std::chrono::nanoseconds(0);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
}

}  // namespace

struct EventLoops::Worker {
  Worker(std::size_t number, session::Services& home, aio::thread_pool& disk,
         const MakeDoor& make_door)
      : loop(io.get_executor(), disk),
        door(make_door(io.get_executor())),
        services(home.spool, *door, loop, home.env, home.log, home.stress),
        thread([this, number] { run(number); }) {}

  ~Worker() {
    io.stop();
    thread.join();
  }

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // The name is for top -H: 15 bytes at the most.
  void run(std::size_t number) {
    ::pthread_setname_np(::pthread_self(), fmt::format("smtpd loop {}", number).c_str());
    io.run();
  }

  aio::io_context io{1};
  aio::executor_work_guard<aio::io_context::executor_type> stays = aio::make_work_guard(io);
  session::AsioLoop loop;
  std::unique_ptr<session::QueueDoor> door;
  session::Services services;
  // The probe that is under way was sent then, 0 = none is; the worst answer since it was last taken. Nanoseconds.
  std::atomic<std::int64_t> sent = 0, worst = 0;
  std::thread thread;
};

EventLoops::EventLoops(aio::any_io_executor home, session::Services& services, std::size_t more,
                       aio::thread_pool& disk, const MakeDoor& make_door)
    : env_(services.env) {
  std::vector<session::SessionLoops::Loop> loops;
  loops.reserve(more + 1);  // a loop for each worker that there is
  loops.push_back({std::move(home), services, cpu_time_of(::pthread_self())});
  try {
    for (std::size_t i = 0; i < more; ++i) {
      workers_.push_back(std::make_unique<Worker>(i + 2, services, disk, make_door));
      Worker& worker = *workers_.back();
      loops.push_back(
          {worker.io.get_executor(), worker.services, cpu_time_of(worker.thread.native_handle())});
    }
  } catch (const std::exception& error) {
    Event event;
    event.level = Level::warning;
    event.text =
        fmt::format("{} event loops instead of {}: {}", loops.size(), more + 1, error.what());
    services.log.write(event);
  }
  sessions_ = std::make_unique<session::SessionLoops>(services.env, std::move(loops));
}

EventLoops::~EventLoops() = default;

std::chrono::nanoseconds EventLoops::lag() {
  std::int64_t worst = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = *workers_[i];
    const std::int64_t now = env_.steady().time_since_epoch().count();
    worst = std::max(worst, worker.worst.exchange(0));
    const std::int64_t sent = worker.sent;
    if (sent != 0) {
      worst = std::max(worst, now - sent);
    } else if (sessions_->sessions(i + 1) != 0) {
      worker.sent = now;
      aio::post(worker.io, [this, &worker, now] {
        const std::int64_t answered = env_.steady().time_since_epoch().count();
        worker.worst = std::max<std::int64_t>(worker.worst, answered - now);
        worker.sent = 0;
      });
    }
  }
  return std::chrono::nanoseconds(worst);
}

std::size_t event_loops(std::int64_t wanted) {
  if (wanted > 0) return std::min(static_cast<std::size_t>(wanted), kMost);
  return std::clamp<std::size_t>(cores(), 1, kMostByDefault);
}

}  // namespace headgate::cli
