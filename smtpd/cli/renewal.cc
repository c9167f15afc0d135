// Rounds never overlap: run() is the only one who begins them, and what is asked for during a round (a second SIGHUP, a
// build that ended) is remembered and is the next round. A build that ended and a reload may share one call: when that
// reload is refused, what was built is still to be taken, which the store remembers. Tested by tests/smtpd/cli/renewal_test.cc and
// tests/e2e/reload_test.py.
#include "smtpd/cli/renewal.h"

#include <exception>
#include <utility>

#include <fmt/format.h>

#include "engine/rules/program.h"
#include "smtpd/net/blocking.h"

namespace headgate::cli {

namespace {

// When what was built could not be taken, and nobody looks at the files.
constexpr std::chrono::seconds kNextTry{10};

}  // namespace

Renewal::Renewal(aio::io_context& io, House& house, std::function<Result<config::Config>()> load,
                 TableStore& store, OpeningReports& reports, EventSink& log, Env& env)
    : io_(io),
      house_(house),
      load_(std::move(load)),
      store_(store),
      reports_(reports),
      log_(log),
      env_(env),
      timer_(io) {}

Renewal::~Renewal() {
  cancelled_ = true;
  builder_.join();
  reader_.join();
}

void Renewal::say(Level level, std::string text, Program program) {
  Event event;
  event.program = program;
  event.level = level;
  event.text = std::move(text);
  log_.write(event);
}

void Renewal::start(std::chrono::seconds poll) {
  poll_ = poll;
  aio::co_spawn(io_, run(), aio::detached);
}

void Renewal::reload() {
  reload_wanted_ = true;
  wake();
}

void Renewal::wake() {
  awake_ = true;
  timer_.cancel();
}

void Renewal::stop() {
  stopping_ = true;
  cancelled_ = true;
  wake();
}

// No exception (no memory, as good as always) may end the coroutine that all later rounds hang on.
Task<void> Renewal::run() {
  while (!stopping_) {
    if (!building_) {
      building_ = true;
      aio::co_spawn(io_, build_tables(), aio::detached);
    }
    const bool time_is_over = co_await wait();
    if (stopping_) break;
    Cause cause;
    cause.reload = std::exchange(reload_wanted_, false);
    cause.look_at_files = time_is_over && poll_.count() > 0;
    bool taken = false;
    std::string failure;
    in_round_ = true;
    try {
      taken = co_await round(cause);
    } catch (const std::exception& error) {
      failure = error.what();
    }
    in_round_ = false;
    if (!failure.empty()) refuse(failure);
    if (!taken && cause.reload && store_.has_rebuilt()) awake_ = true;
  }
}

// False when somebody called.
Task<bool> Renewal::wait() {
  if (std::exchange(awake_, false)) co_return false;
  if (poll_.count() > 0) {
    timer_.expires_after(poll_);
  } else if (store_.has_rebuilt()) {
    timer_.expires_after(kNextTry);
  } else {
    timer_.expires_at(aio::steady_timer::time_point::max());
  }
  co_await timer_.async_wait(kAsTuple);
  co_return !std::exchange(awake_, false);
}

// True when what it prepared is in force.
Task<bool> Renewal::round(Cause cause) {
  const InForce now = house_.in_force();
  auto work = [this, cause, &now] { return prepare_safely(cause, now); };
  std::optional<Prepared> prepared = co_await net::run_blocking(reader_, work);
  if (!prepared || stopping_) co_return false;
  if (is_refused(*prepared)) {
    abandon();
    co_return false;
  }
  const std::chrono::seconds poll =
      prepared->config ? prepared->config->main->check_table_poll_interval : poll_;
  if (!house_.take(std::move(*prepared))) {
    abandon();
    co_return false;
  }
  poll_ = poll;
  reports_.taken();
  tell(store_.end_round());
  co_return true;
}

// All that is wrong is said, not only what comes first.
bool Renewal::is_refused(const Prepared& prepared) {
  if (!prepared.config) return false;
  bool refused = false;
  const auto say_why = [&](const std::string& what) {
    say(Level::error, fmt::format("reload: {}; the old configuration stays in force", what));
    refused = true;
  };
  for (const PreparedService& service : prepared.services) {
    if (service.generations) continue;
    say_why(
        fmt::format("service {}: {}", service.service.name, service.generations.error().text()));
  }
  if (!prepared.delivery_error.empty())
    say_why(fmt::format("delivery: {}", prepared.delivery_error));
  return refused;
}

void Renewal::abandon() {
  store_.abandon_round();
  reports_.refused();
}

void Renewal::refuse(const std::string& why) {
  abandon();
  say(Level::error, fmt::format("reload: {}; the old configuration stays in force", why));
}

std::optional<Prepared> Renewal::prepare_safely(Cause cause, const InForce& now) {
  std::string failure;
  try {
    return prepare(cause, now);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  refuse(failure);
  return std::nullopt;
}

std::optional<Prepared> Renewal::prepare(Cause cause, const InForce& now) {
  if (!cause.reload) {
    if (store_.mark_changed(cause.look_at_files).empty()) return std::nullopt;
    return prepare_tables(now, store_, reports_, log_);
  }
  Result<config::Config> fresh = load_();
  if (!fresh) {
    say(Level::error,
        fmt::format("reload: {}; the old configuration stays in force", fresh.error().text()));
    return std::nullopt;
  }
  for (const Diagnostic& diagnostic : fresh->diagnostics) say(Level::warning, diagnostic.text);
  return prepare_reload(std::move(*fresh), now, store_, reports_, log_);
}

void Renewal::tell(const std::vector<TableStore::Change>& changes) {
  for (const TableStore::Change& change : changes) {
    if (!change.problem.empty()) {
      say(Level::warning,
          fmt::format("table {}: {}; the table that was loaded before stays in force", change.name,
                      change.problem),
          Program::cleanup);
      continue;
    }
    if (change.unusable) {
      say(Level::warning,
          fmt::format("table {}: its database was built, but cannot be used; is something removing "
                      "files from check_image_directory? Its answers stay right, only slower; the "
                      "next reload tries again",
                      change.name),
          Program::cleanup);
      continue;
    }
    std::string_view what = "has changed: new messages are checked with the new rules";
    if (change.rebuilt) {
      what = change.scanned
                 ? "is matched with its database now"
                 : "has no pattern that can be scanned for: the reference engine goes on "
                   "answering alone";
    }
    say(Level::info, fmt::format("table {} {}", change.name, what), Program::cleanup);
  }
}

Result<void> Renewal::build(const TableStore::Wanted& table) {
  std::string failure;
  try {
    return store_.build(table.dialect, table.name, cancelled_);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  return fail(Code::bug, failure);
}

Task<void> Renewal::build_tables() {
  while (!stopping_) {
    const std::optional<TableStore::Wanted> table = store_.next_build();
    if (!table) break;
    std::string failure;
    try {
      co_await build_table(*table);
    } catch (const std::exception& error) {
      failure = error.what();
    }
    if (!failure.empty()) store_.built(*table, fail(Code::bug, failure));
  }
  building_ = false;
}

Task<void> Renewal::build_table(const TableStore::Wanted& table) {
  const std::string name =
      short_name(fmt::format("{}:{}", rules::name_of(table.dialect), table.name));
  say(Level::info,
      fmt::format("table {}: building a database of {} patterns; until it is there the reference "
                  "engine answers alone",
                  name, table.patterns),
      Program::cleanup);
  const SteadyTime begun = env_.steady();
  auto work = [this, &table] { return build(table); };
  const Result<void> built = co_await net::run_blocking(builder_, work);
  if (stopping_) co_return;
  store_.built(table, built);
  wake();
  const std::chrono::duration<double> seconds = env_.steady() - begun;
  if (built) {
    say(Level::info,
        fmt::format("table {}: {} patterns, built in {:.1f} s", name, table.patterns,
                    seconds.count()),
        Program::cleanup);
  } else {
    say(Level::warning,
        fmt::format("table {}: no database: {}; its answers stay right, only slower; the next "
                    "reload tries again",
                    name, reason_of(built.error(), table.name)),
        Program::cleanup);
  }
}

}  // namespace headgate::cli
