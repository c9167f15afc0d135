// Front: one inet service: its listeners, its slots, its stress, its sessions. When all slots are taken newcomers wait,
// and the least deserving idle session makes room for them (front_admission.cc).
//   Lifetime  borrows SessionLoops and PeerNames. Destroy it only when finished() says so.
//   Threads   everything on the home loop; the sessions are on any of the loops (loop_sessions.h).
//   Errors    listen() fails as net::Listener::open does; later trouble is logged and waited out.
//   Source    master(8), smtpd(8); smtpd.md §2.3, §2.6, §3.1; architecture.md §5.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "smtpd/net/listener.h"
#include "smtpd/net/peer_name.h"
#include "smtpd/session/loop_sessions.h"
#include "smtpd/session/session_loops.h"
#include "smtpd/session/waiting_room.h"
#include "smtpd/stress/controller.h"
#include "smtpd/stress/seats.h"

namespace headgate::session {

class Front : private Admission {
 public:
  Front(SessionLoops& loops, const Generations& generations, net::PeerNames& names);
  ~Front() override;
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  Result<void> listen(const std::vector<aio::ip::tcp::endpoint>& endpoints);
  Result<void> adopt(std::vector<Fd> sockets);  // that MASTER has bound
  [[nodiscard]] std::vector<net::Endpoint> listening_on() const;

  void start();

  // Makes room for another listener, and takes the same endpoints again when that did not come: each that can be had, the
  // Error tells of the others. Sessions go on.
  void stop_listening();
  Result<void> listen_again();

  void reload(const Generations& generations);  // for new sessions and messages; the stress goes on
  void drain();  // no new clients; idle sessions end now, the others at their message's end
  void cut();    // close what is still open

  // Nobody is being served or waits; for who has stopped listening.
  [[nodiscard]] bool quiet() const { return slots_.in_use() == 0 && waiting_.size() == 0; }

  [[nodiscard]] bool finished() const { return coroutines_ == 0; }

  Task<void> until_finished();  // after drain()

  [[nodiscard]] const stress::Slots& slots() const { return slots_; }

  [[nodiscard]] std::uint64_t evictions() const { return seats_.evictions(); }

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  // Looks at the signals, and at what they change.
  void settle();

  [[nodiscard]] bool stressed() { return controller_.stressed(); }

  [[nodiscard]] stress::Controller& controller() override { return controller_; }

  [[nodiscard]] const Generation& generation() const { return *generation_; }

 private:
  // Admission
  [[nodiscard]] bool stopping() const override { return stopping_; }

  stress::Seats& seats() override { return seats_; }

  void one_waits() override;
  void ended(std::size_t loop, bool slot_is_mine) override;

  Result<void> open_listener(const aio::ip::tcp::endpoint& endpoint);
  // front_admission.cc
  Task<void> accept_from(net::Listener& listener);
  Task<void> wait_for_room();
  void arrive(aio::ip::tcp::socket socket);
  [[nodiscard]] std::chrono::milliseconds idle_limit(stress::Standing standing) const;
  [[nodiscard]] std::chrono::milliseconds in_mail(std::chrono::milliseconds idle) const;
  bool make_room(const Newcomer& newcomer);
  [[nodiscard]] SteadyTime crowd() const;
  [[nodiscard]] std::int64_t waiting_limit() const;
  void count_in_crowd();
  void admit_soon();
  void admit_waiting();
  Task<void> keep_admitting();
  void begin(Newcomer newcomer);
  void turn_away_unserved(Newcomer newcomer);
  void release_slot();
  void set_many();
  void await_end_of_stress();
  template <class Work>
  bool survive(const Work& work);
  void coroutine_ended();
  void say(Level level, std::string text);

  SessionLoops& loops_;
  aio::any_io_executor executor_;
  Services& services_;
  GenerationPtr generation_;  // home's
  stress::Slots slots_;
  stress::Seats seats_;
  WaitingRoom waiting_;
  stress::Controller controller_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::vector<std::unique_ptr<net::Listener>> closed_;  // their accept loops may not have ended
  std::vector<aio::ip::tcp::endpoint>
      endpoints_;  // where listeners_ are or shall be again, with the ports that the kernel picked
  std::vector<std::shared_ptr<LoopSessions>> sessions_;  // one a loop
  stress::Level level_seen_ = stress::kCalm;
  int accepted_in_a_full_room_ = 0;

  struct Counted {
    std::int64_t waiting = 0, slots = 0;
  } in_crowd_;  // what this service has in Services' crowd

  aio::steady_timer slot_free_, admit_at_, stress_ends_, over_;
  std::size_t coroutines_ = 0;
  bool admitting_ = false;
  std::atomic<bool> stopping_ = false, someone_waits_ = false;
  std::optional<SteadyTime> turned_away_told_;
};

}  // namespace headgate::session
