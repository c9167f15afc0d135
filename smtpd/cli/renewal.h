// Renewal: when the server takes something new: at SIGHUP, when a table's file has changed, when a table's databases are
// built. Reading, compiling and opening happen on a thread of its own, one round after another; the loop waits for none
// of it and swaps in what is ready. Builds run on a second thread, one table after another.
//   Lifetime  borrows all it is given. run() is a coroutine of the loop and ends after stop().
//   Threads   the loop's; the destructor joins the threads.
//   Errors    logged; what was in force stays. A reload is taken as a whole or not at all.
//   Source    master(8), reload; smtpd.md §1.4.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "engine/base/env.h"
#include "engine/base/event.h"
#include "smtpd/cli/generation.h"
#include "smtpd/cli/prepare.h"
#include "smtpd/cli/table_store.h"
#include "smtpd/net/aio.h"

namespace headgate::cli {

class Renewal {
 public:
  // The server as Renewal sees it; called on the loop.
  class House {
   public:
    House() = default;
    House(const House&) = delete;
    House& operator=(const House&) = delete;
    virtual ~House() = default;
    [[nodiscard]] virtual InForce in_force() const = 0;
    // False: a reload that could not be taken, for a reason that was logged; all is as before.
    virtual bool take(Prepared prepared) = 0;
  };

  // `load` reads the configuration again.
  Renewal(aio::io_context& io, House& house, std::function<Result<config::Config>()> load,
          TableStore& store, OpeningReports& reports, EventSink& log, Env& env);
  ~Renewal();

  // `poll`: how often the tables' files are looked at; 0 = never.
  void start(std::chrono::seconds poll);
  void reload();
  void stop();  // cancels a build

  // Whether a table is being read or built. After stop() a builder ends soon; the trials of a table's patterns, up to
  // seconds each, cannot be ended from outside.
  [[nodiscard]] bool busy() const { return in_round_ || building_; }

 private:
  // What a round is about.
  struct Cause {
    bool reload = false, look_at_files = false;
  };

  Task<void> run();
  Task<bool> wait();
  Task<bool> round(Cause cause);
  Task<void> build_tables();
  Task<void> build_table(const TableStore::Wanted& table);
  Result<void> build(const TableStore::Wanted& table);
  std::optional<Prepared> prepare(Cause cause, const InForce& now);
  std::optional<Prepared> prepare_safely(Cause cause, const InForce& now);
  bool is_refused(const Prepared& prepared);
  void refuse(const std::string& why);
  void abandon();
  void tell(const std::vector<TableStore::Change>& changes);
  void wake();
  void say(Level level, std::string text, Program program = Program::master);

  aio::io_context& io_;
  House& house_;
  std::function<Result<config::Config>()> load_;
  TableStore& store_;
  OpeningReports& reports_;
  EventSink& log_;
  Env& env_;
  aio::steady_timer timer_;
  aio::thread_pool reader_{1}, builder_{1};
  std::chrono::seconds poll_{0};
  std::atomic<bool> cancelled_{false};
  bool reload_wanted_ = false, awake_ = false, building_ = false, in_round_ = false,
       stopping_ = false;
};

}  // namespace headgate::cli
