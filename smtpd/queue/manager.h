// Manager: the QUEUE role's loop. Takes up what is due, gives it to the Deliverer, strikes, defers,
// removes. Order is the promise: delivered durably, then struck, then unlinked; a crash between two
// steps costs a duplicate, never a message. Mail that failed for good is kept in hold/ with a
// warning (bounces are not written yet).
//   Lifetime  borrows everything; all of it, and the pool's joined threads, must outlive the run.
//   Threads   wake(), take(), look(), flush() and stop() from any thread; everything else happens on the executor
//   (one thread or strand). Errors    a message that cannot be handled now is tried again later,
//   with a log line; nothing is dropped. Source    qmgr(8); smtpd.md §8.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/event.h"
#include "smtpd/config/settings.h"
#include "smtpd/net/batcher.h"
#include "smtpd/queue/deliverer.h"
#include "smtpd/queue/destinations.h"
#include "smtpd/queue/scheduler.h"
#include "smtpd/queue/spool.h"

namespace headgate::queue {

class Manager {
 public:
  Manager(aio::any_io_executor executor, aio::thread_pool& pool, DiskSpool& spool,
          config::SettingsPtr settings, Deliverer& deliverer, EventSink& log, Env& env);
  ~Manager();

  // Door 2: a message was committed into incoming/.
  void wake(std::string id);
  // The same for one that was committed into active/ because there was room. It is taken up as it is, unless it has been
  // found there before; without a `file`, a little later from the disk.
  void take(std::string id, std::shared_ptr<QueueFile> file);
  // Whether a new message may go into active/ at once: the limit is not reached, and nobody else waits for his turn.
  [[nodiscard]] bool has_room() const;
  // A reload; on the executor. What is under way goes on as it began.
  void use(config::SettingsPtr settings);
  // Looks into incoming/ and active/ for messages whose wake() or take() was lost.
  void look();
  // Everything deferred is due now.
  void flush();
  // run() returns once the deliveries under way have ended.
  void stop();
  // Scans incoming/, active/ and deferred/, then serves until stop(). Call once, on the executor.
  Task<void> run();

  // Messages waiting or under way; on the executor only.
  [[nodiscard]] std::size_t waiting() const { return scheduler_.size(); }

  [[nodiscard]] std::size_t active() const { return active_.size(); }

 private:
  struct Active;  // a message that was taken up: its file and what is still outstanding
  using ActivePtr = std::shared_ptr<Active>;
  struct Job;

  enum class Extent { fresh, all };  // fresh: not the deferred

  Task<void> scan(Extent extent);
  Task<void> take_up(ActivePtr message);
  Task<void> put_off(ActivePtr message, Error error);
  Task<void> work_off(std::shared_ptr<Job> job);
  Task<void> conclude(ActivePtr message);
  Task<void> remove(ActivePtr message, std::shared_ptr<Job> last);
  Task<void> defer(ActivePtr message);
  Task<void> keep_in_hold(ActivePtr message, std::string reason);

  [[nodiscard]] bool is_full() const;
  void start_due();
  void begin(const ActivePtr& message);
  void spawn(Task<void> task);
  Task<void> route(ActivePtr message);
  void add_jobs(const ActivePtr& message, const std::string& destination,
                const std::vector<std::size_t>& recipients);
  void pump();
  Result<void> mark(Active& message, const std::vector<std::size_t>& recipients,
                    const std::vector<Outcome>& outcomes);
  [[nodiscard]] std::vector<Outcome> spared(const Delivery& delivery);
  [[nodiscard]] static bool settles(const Job& job, const std::vector<Outcome>& outcomes);
  void forget(const std::string& id);
  void nudge();
  void say(Level level, std::string text);
  void say_of(const std::string& id, std::string_view kind, std::string text,
              std::vector<Field> fields);

  aio::any_io_executor executor_;
  aio::thread_pool& pool_;
  net::Errands errands_, removals_;
  DiskSpool& spool_;
  config::SettingsPtr settings_;
  Deliverer& deliverer_;
  EventSink& log_;
  Env& env_;
  Scheduler scheduler_;
  Destinations<std::shared_ptr<Job>> destinations_;
  std::map<std::string, ActivePtr> active_;
  aio::steady_timer timer_;
  bool stopping_ = false, look_wanted_ = false;
  std::size_t coroutines_ = 0;
};

}  // namespace headgate::queue
