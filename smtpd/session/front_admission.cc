// Who gets a slot. While none is free newcomers are accepted all the same, up to stress_waiting_limit, and wait here
// without a greeting: only who is accepted has an address, and the most deserving shall not queue behind a flood. One who
// waits is let in when a slot is free, or when a session that deserves it less can be sent away (stress/seats). With
// stress_evicts_idle_sessions = no nobody is: newcomers wait in the kernel's backlog, as with Postfix.
// The more newcomers wait the shorter is the idle time that a session of their own standing is granted, so that nobody
// who is no suspect waits much longer than stress_idle_grace.
// Tested by front_test (loopback) and tests/e2e/eviction_test.py.
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "smtpd/proto/replies.h"
#include "smtpd/session/front.h"

namespace headgate::session {
namespace {

using std::chrono::milliseconds;
using stress::Standing;

constexpr std::chrono::seconds kAcceptRetry{1};
constexpr milliseconds kFullRoomPause{10};  // after each batch that comes into a full waiting room
constexpr int kFullRoomBatch = 32;
constexpr milliseconds kLeastIdle{10};
constexpr int kInMail = 5;  // times the idle time of others
constexpr std::chrono::seconds kTurnedAwayInterval{60};

bool hung_up(aio::ip::tcp::socket& socket) {
  char byte = 0;
  const ssize_t got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

}  // namespace

// The descriptors of the process are for all services: their sessions have connections and queue files, the server has its
// tables, and who waits elsewhere has his; with unlimited slots half of them are kept.
std::int64_t Front::waiting_limit() const {
  constexpr std::int64_t kOfASession = 3, kOfTheServer = 300;
  const std::int64_t wanted = generation_->calm->settings->stress_waiting_limit;
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return wanted;
  const auto all = static_cast<std::int64_t>(std::min<rlim_t>(descriptors.rlim_cur, INT32_MAX));
  const stress::Crowd& crowd = services_.stress.crowd;
  const std::int64_t kept =
      slots_.limit() == 0 ? all / 2 : kOfASession * crowd.slots + kOfTheServer;
  const std::int64_t elsewhere = crowd.waiting - in_crowd_.waiting;
  return std::min(wanted, std::max<std::int64_t>(all - std::min(kept, all / 2) - elsewhere, 1));
}

void Front::count_in_crowd() {
  stress::Crowd& crowd = services_.stress.crowd;
  const Counted now{static_cast<std::int64_t>(waiting_.size()), slots_.limit()};
  crowd.waiting += now.waiting - in_crowd_.waiting;
  crowd.slots += now.slots - in_crowd_.slots;
  in_crowd_ = now;
  someone_waits_ = now.waiting != 0;
}

Task<void> Front::wait_for_room() {
  while (!stopping_) {
    const config::Settings& settings = *generation_->calm->settings;
    if (!settings.stress_evicts_idle_sessions) {
      if (!slots_.full() && waiting_.size() == 0) co_return;
      [[maybe_unused]] const auto [cancelled] = co_await slot_free_.async_wait(kAsTuple);
      continue;
    }
    if (std::cmp_less(waiting_.size(), waiting_limit())) co_return;
    if (++accepted_in_a_full_room_ % kFullRoomBatch == 0)
      co_await services_.loop.pause(kFullRoomPause);
    co_return;
  }
}

// No memory: what could not be done now is done at the next occasion; a listener or the waiting room never stops for it.
template <class Work>
bool Front::survive(const Work& work) {
  try {
    work();
    return true;
  } catch (const std::exception& error) {
    try {
      say(Level::error, error.what());
    } catch (const std::exception&) {  // nor for its log line
    }
    return false;
  }
}

Task<void> Front::accept_from(net::Listener& listener) {
  while (!stopping_) {
    co_await wait_for_room();
    if (stopping_) break;
    Result<aio::ip::tcp::socket> socket = co_await listener.accept();
    if (socket) {
      survive([&] { arrive(std::move(*socket)); });
      continue;
    }
    if (socket.error().code == Code::cancelled) break;
    say(Level::warning, socket.error().text());
    co_await services_.loop.pause(kAcceptRetry);
  }
  coroutine_ended();
}

// Also where another listener has taken the last slot since wait_for_room().
void Front::arrive(aio::ip::tcp::socket socket) {
  aio::error_code gone;
  const aio::ip::tcp::endpoint peer = socket.remote_endpoint(gone);
  if (gone || stopping_) return;
  Newcomer newcomer{std::move(socket), net::to_text(peer.address())};
  const Result<bool> trusted =
      generation_->calm->access->in_mynetworks("unknown", newcomer.address);
  newcomer.trusted = trusted && *trusted;
  newcomer.came = services_.env.steady();
  newcomer.standing =
      seats_.standing(newcomer.address, newcomer.trusted, waiting_.count(newcomer.address));
  if (waiting_.size() == 0 && make_room(newcomer)) return begin(std::move(newcomer));
  const config::Settings& settings = *generation_->calm->settings;
  const std::int64_t most = settings.stress_evicts_idle_sessions ? waiting_limit() : INT64_MAX;
  std::optional<Newcomer> displaced =
      waiting_.add(std::move(newcomer), static_cast<std::size_t>(most), crowd());
  count_in_crowd();
  if (displaced) turn_away_unserved(std::move(*displaced));
  admit_soon();
}

milliseconds Front::idle_limit(Standing standing) const {
  const milliseconds grace = generation_->calm->settings->stress_idle_grace;
  const auto waiting = static_cast<std::int64_t>(waiting_.size_of(standing));
  const std::int64_t slots = std::max<std::int64_t>(slots_.limit(), 1);
  if (standing == Standing::suspect || 4 * waiting <= slots) return grace;
  return std::max(kLeastIdle, grace * slots / (4 * waiting));
}

// Who has come before this has waited so long that the first-come order serves nobody any more.
SteadyTime Front::crowd() const {
  return services_.env.steady() - generation_->calm->settings->stress_idle_grace;
}

// A transaction is worth more patience.
milliseconds Front::in_mail(milliseconds idle) const {
  return std::min<milliseconds>(kInMail * idle, generation_->calm->settings->stress_idle_grace);
}

// True when the newcomer has a slot now.
bool Front::make_room(const Newcomer& newcomer) {
  if (slots_.take()) return true;
  const config::Settings& settings = *generation_->calm->settings;
  if (!settings.stress_evicts_idle_sessions) return false;
  const milliseconds idle = idle_limit(newcomer.standing);
  if (seats_.evict(newcomer.standing, idle, in_mail(idle))) return true;
  return newcomer.standing == Standing::good && slots_.take_beyond(settings.stress_reserved_slots);
}

void Front::admit_soon() { admit_at_.cancel(); }

void Front::admit_waiting() {
  admit_at_.expires_at(aio::steady_timer::time_point::max());
  const std::size_t before = waiting_.size();
  const SteadyTime since = crowd();  // one for all of it: who is looked at is who is taken
  while (!stopping_ && waiting_.size() != 0) {
    if (hung_up(waiting_.first(since).socket)) {
      static_cast<void>(waiting_.take_first(since));
      services_.stress.tally.add(stress::Cause::gave_up);
      continue;
    }
    if (!make_room(waiting_.first(since))) break;
    begin(waiting_.take_first(since));
  }
  count_in_crowd();
  if (waiting_.size() != before || before != 0) controller_.waiting(slots_, waiting_.size());
  settle();
  if (waiting_.size() == 0 || stopping_) return;
  const Standing standing = waiting_.first(since).standing;
  const milliseconds idle = idle_limit(standing);
  const auto chance = seats_.next_chance(standing, idle, in_mail(idle));
  if (!chance) return;
  const auto until = std::chrono::ceil<milliseconds>(*chance - services_.env.steady());
  admit_at_.expires_after(std::max(until, kLeastIdle / 2));
}

Task<void> Front::keep_admitting() {
  while (!stopping_) {
    if (!survive([this] { admit_waiting(); })) admit_at_.expires_after(kAcceptRetry);
    [[maybe_unused]] const auto [cancelled] = co_await admit_at_.async_wait(kAsTuple);
  }
  coroutine_ended();
}

void Front::begin(Newcomer newcomer) {
  survive([this] {
    controller_.taken(slots_);
    settle();
    stress_ends_.cancel();
  });
  ++coroutines_;
  sessions_[loops_.choose()]->begin(std::move(newcomer), loops_.next_number());
}

// 421 without a session: what does not fit into the socket's empty buffer is lost.
void Front::turn_away_unserved(Newcomer newcomer) {
  services_.stress.tally.add(stress::Cause::turned_away);
  aio::error_code ignored;
  newcomer.socket.non_blocking(true, ignored);
  const std::string bytes =
      proto::reply::all_ports_busy(generation_->calm->settings->myhostname).bytes();
  newcomer.socket.write_some(aio::buffer(bytes), ignored);
  const SteadyTime now = services_.env.steady();
  if (turned_away_told_ && now - *turned_away_told_ < kTurnedAwayInterval) return;
  turned_away_told_ = now;
  say(Level::warning,
      fmt::format("stress: service \"{}\" ({}): {} clients wait for a slot "
                  "(stress_waiting_limit = {}); others are told 421, {} so far",
                  generation_->policy.service, generation_->policy.canonical, waiting_.size(),
                  waiting_limit(), services_.stress.tally.of(stress::Cause::turned_away)));
}

void Front::one_waits() {
  if (someone_waits_) aio::dispatch(executor_, [this] { admit_soon(); });
}

// Home may find that this was the last, and end the Front, before dispatch() has come back here.
void Front::ended(std::size_t loop, bool slot_is_mine) {
  const aio::any_io_executor home = executor_;
  aio::dispatch(home, [this, loop, slot_is_mine] {
    loops_.ended(loop);
    if (slot_is_mine) release_slot();
    coroutine_ended();
  });
}

void Front::coroutine_ended() {
  if (--coroutines_ == 0) over_.cancel();
}

// One that was sent away gave its slot to who came for it.
void Front::release_slot() {
  slots_.release();
  controller_.released(slots_);
  slot_free_.cancel();
  admit_soon();
  await_end_of_stress();
}

}  // namespace headgate::session
