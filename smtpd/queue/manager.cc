// A message is in one of four places: in the scheduler (waiting), in active_ (taken up: its file is
// in active/), in hold/ (nobody's business here), or gone. take_up() moves it from the first to the
// second (a new one mostly starts there: take()), conclude() from there on. Jobs (one message to one destination) wait in Destinations;
// whoever finishes one starts the next. Tested by tests/smtpd/queue/manager_test.cc and
// tests/crash.
#include "smtpd/queue/manager.h"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include "smtpd/net/blocking.h"
#include "smtpd/queue/manager_parts.h"

namespace headgate::queue {

namespace {

constexpr std::size_t kRecipientsPerDelivery = 50;  // default_destination_recipient_limit
constexpr std::size_t kDeliveriesUnderWay = 100;    // default_process_limit of the delivery agents

constexpr std::size_t kBatches = 2;  // of moves
// Nobody waits for a removal: those of so long go together.
constexpr std::chrono::milliseconds kRemovalsLinger{10};

}  // namespace

Manager::Manager(aio::any_io_executor executor, aio::thread_pool& pool, DiskSpool& spool,
                 config::SettingsPtr settings, Deliverer& deliverer, EventSink& log, Env& env)
    : executor_(std::move(executor)),
      pool_(pool),
      errands_(executor_, pool, kBatches),
      removals_(executor_, pool, 1, kRemovalsLinger),
      spool_(spool),
      settings_(std::move(settings)),
      deliverer_(deliverer),
      log_(log),
      env_(env),
      destinations_(limit(settings_->default_destination_concurrency_limit), kDeliveriesUnderWay),
      timer_(executor_) {}

Manager::~Manager() = default;

void Manager::use(config::SettingsPtr settings) {
  settings_ = std::move(settings);
  destinations_.limit_each(limit(settings_->default_destination_concurrency_limit));
  pump();
  nudge();
}

void Manager::flush() {
  aio::post(executor_, [this] {
    scheduler_.make_all_due(env_.steady());
    destinations_.spare_none();
    nudge();
  });
}

void Manager::stop() {
  aio::post(executor_, [this] {
    stopping_ = true;
    nudge();
  });
}

Task<void> Manager::run() {
  co_await scan(Extent::all);
  SteadyTime scanned = env_.steady();
  while (!stopping_) {
    while (std::exchange(look_wanted_, false)) co_await scan(Extent::fresh);
    start_due();
    const SteadyTime next_scan = scanned + settings_->queue_run_delay;
    // A full active queue waits for an end, not for the clock: ends nudge.
    SteadyTime until = next_scan;
    if (const auto due = scheduler_.next_due(); due && *due > env_.steady())
      until = std::min(until, *due);
    timer_.expires_after(until - env_.steady());
    co_await timer_.async_wait(kAsTuple);
    if (!stopping_ && env_.steady() >= next_scan) {
      co_await scan(Extent::all);
      scanned = env_.steady();
    }
  }
  while (coroutines_ > 0) {
    timer_.expires_after(std::chrono::hours(1));
    co_await timer_.async_wait(kAsTuple);
  }
}

void Manager::start_due() {
  while (!stopping_ && !is_full()) {
    std::optional<ScheduledMessage> message = scheduler_.take_due(env_.steady());
    if (!message) return;
    auto taken = std::make_shared<Active>();
    taken->id = message->id;
    taken->state = message->state;
    active_.emplace(message->id, taken);
    spawn(take_up(std::move(taken)));
  }
}

// A coroutine that ends by an exception (no memory) leaves its message where it is: the next start
// finds it.
void Manager::spawn(Task<void> task) {
  ++coroutines_;
  aio::co_spawn(executor_, std::move(task), [this](std::exception_ptr thrown) {
    --coroutines_;
    if (thrown) say(Level::error, "delivery was broken off; its message waits for the next start");
    nudge();
  });
}

// Its file is in active/ and open.
void Manager::begin(const ActivePtr& message) {
  message->since = env_.wall();
  const Envelope& envelope = message->file->envelope();
  std::vector<Field> fields;
  if (log_.wants_fields()) {
    fields = {{"sender", envelope.sender},
              {"size_bytes", static_cast<std::int64_t>(envelope.size_bytes)},
              {"recipients", static_cast<std::int64_t>(envelope.recipients.size())}};
  }
  say_of(message->id, "active",
         fmt::format("from=<{}>, size={}, nrcpt={} (queue active)", envelope.sender,
                     envelope.size_bytes, envelope.recipients.size()),
         std::move(fields));
  spawn(route(message));
}

// No job begins before the last recipient's destination is known: the end of all jobs is the message's end.
Task<void> Manager::route(ActivePtr message) {
  const QueueFilePtr file = message->file;
  const std::vector<Recipient>& all = file->envelope().recipients;
  std::map<std::string, std::vector<std::size_t>> groups;
  std::size_t next = 0;
  while (next < all.size()) {
    std::vector<std::size_t> some;
    for (; next < all.size() && some.size() < kRecipientsPerDelivery; ++next)
      if (!all[next].done) some.push_back(next);
    if (some.empty()) break;
    Result<std::vector<std::string>> destinations =
        co_await deliverer_.destinations(message->id, file, some);
    if (!destinations) {
      co_await put_off(message, std::move(destinations.error()));
      co_return;
    }
    destinations->resize(some.size());
    for (std::size_t i = 0; i < some.size(); ++i) groups[(*destinations)[i]].push_back(some[i]);
  }
  for (const auto& [destination, recipients] : groups) add_jobs(message, destination, recipients);
  if (message->jobs_left == 0) {
    co_await conclude(message);
    co_return;
  }
  pump();
}

void Manager::add_jobs(const ActivePtr& message, const std::string& destination,
                       const std::vector<std::size_t>& recipients) {
  for (std::size_t begin = 0; begin < recipients.size(); begin += kRecipientsPerDelivery) {
    const std::size_t end = std::min(begin + kRecipientsPerDelivery, recipients.size());
    std::vector<std::size_t> some(recipients.begin() + static_cast<std::ptrdiff_t>(begin),
                                  recipients.begin() + static_cast<std::ptrdiff_t>(end));
    Delivery delivery(message->id, destination, message->file, std::move(some), message->since);
    destinations_.add(destination, std::make_shared<Job>(message, std::move(delivery)));
    ++message->jobs_left;
  }
}

void Manager::pump() {
  while (auto job = destinations_.next()) spawn(work_off(std::move(*job)));
}

Task<void> Manager::work_off(std::shared_ptr<Job> job) {
  const Delivery& delivery = job->delivery;
  std::vector<Outcome> outcomes = spared(delivery);
  if (outcomes.empty())
    outcomes = co_await deliverer_.deliver(delivery);
  else
    deliverer_.log(delivery, outcomes);
  outcomes.resize(
      delivery.recipients.size());  // a deliverer that forgot somebody has not delivered to him

  for (const Outcome& outcome : outcomes) {
    if (!outcome.site_failed) continue;
    const SteadyTime now = env_.steady();
    destinations_.spare(delivery.destination, now, now + settings_->minimal_backoff_time,
                        outcome.text);
  }
  destinations_.done(delivery.destination);
  pump();

  if (settles(*job, outcomes)) {
    co_await remove(job->message, job);
    co_return;
  }
  Active& message = *job->message;
  auto strike = [&] { return mark(message, delivery.recipients, outcomes); };
  const Result<void> struck = co_await net::run_blocking(pool_, strike);
  if (!struck) say(Level::error, fmt::format("{}: {}", message.id, struck.error().text()));
  if (--message.jobs_left == 0) co_await conclude(job->message);
}

// The message's last delivery took everybody: the file goes at once, nothing is struck in it before.
bool Manager::settles(const Job& job, const std::vector<Outcome>& outcomes) {
  const Active& message = *job.message;
  if (message.jobs_left != 1 || message.corrupt) return false;
  const auto taken = [](const Outcome& o) { return o.status == Status::sent && !o.corrupt; };
  if (!std::all_of(outcomes.begin(), outcomes.end(), taken)) return false;
  const auto& all = message.file->envelope().recipients;
  const auto done = [](const Recipient& r) { return r.done && !r.failed; };
  const auto before = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), done));
  return before + job.delivery.recipients.size() == all.size();
}

Result<void> Manager::mark(Active& message, const std::vector<std::size_t>& recipients,
                           const std::vector<Outcome>& outcomes) {
  const std::lock_guard lock(message.marking);
  bool changed = false;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Outcome& outcome = outcomes[i];
    if (outcome.corrupt) message.corrupt = true;
    if (outcome.status == Status::deferred) continue;
    const bool failed = outcome.status == Status::bounced;
    if (failed) message.failure = outcome.text;
    TRY_OK(
        message.file->mark(recipients[i], failed ? RecipientState::failed : RecipientState::done));
    changed = true;
  }
  return changed ? message.file->sync() : Result<void>();
}

std::vector<Outcome> Manager::spared(const Delivery& delivery) {
  const auto reason = destinations_.spared(delivery.destination, env_.steady());
  if (!reason) return {};
  Outcome outcome;
  outcome.dsn = "4.4.1";
  outcome.text = "delivery temporarily suspended: " + *reason;
  return std::vector<Outcome>(delivery.recipients.size(), outcome);
}

void Manager::forget(const std::string& id) {
  active_.erase(id);
  nudge();
}

// run() looks again at what is due.
void Manager::nudge() { timer_.cancel(); }

void Manager::say(Level level, std::string text) {
  Event event;
  event.program = Program::qmgr;
  event.level = level;
  event.text = std::move(text);
  log_.write(event);
}

// "ID: text", and what a program wants to know of it.
void Manager::say_of(const std::string& id, std::string_view kind, std::string text,
                     std::vector<Field> fields) {
  Event event;
  event.program = Program::qmgr;
  event.text = fmt::format("{}: {}", id, text);
  if (log_.wants_fields()) {
    event.kind = kind;
    event.fields = std::move(fields);
    event.fields.push_back({"queue_id", id});
  }
  log_.write(event);
}

}  // namespace headgate::queue
