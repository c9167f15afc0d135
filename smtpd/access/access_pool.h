// AccessPool: equal copies of an Access for questions that may wait for another program (Access::may_wait): each copy is asked
// by one thread at a time, so that a slow table server holds up those who ask it and nobody else.
//   Ownership owns the copies; what the Opening borrows is needed for the construction.
//   Threads   ask() from any; it waits while all copies are taken: let no more than kCopies threads in.
//   Errors    as Access. What is wrong with the configuration is told by the Access that is opened beside it.
//   Cost      of each table that may wait a copy for each Access; the others are opened once, in Opening::shared, and are
//             asked by one thread at a time. Opened only where a table may wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "smtpd/access/access.h"

namespace headgate::access {

class AccessPool {
 public:
  static constexpr std::size_t kCopies = 8;

  AccessPool(const config::SettingsPtr& settings, rules::ProgramSource& programs,
             SharedTables& shared);

  Decision ask(const std::function<Decision(Access&)>& question);

 private:
  Access* take();
  void give_back(Access* copy);

  std::vector<std::unique_ptr<Access>> copies_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<Access*> free_;
};

}  // namespace headgate::access
