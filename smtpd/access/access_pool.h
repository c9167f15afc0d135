// AccessPool: equal copies of an Access for questions that may wait for another program (Access::may_wait): each copy is asked
// by one thread at a time, so that a slow table server holds up those who ask it and nobody else.
//   Ownership owns the copies; `programs` is borrowed for the construction.
//   Threads   ask() from any; it waits while all copies are taken: let no more than kCopies threads in.
//   Errors    as Access. What is wrong with the configuration is told by the Access that is opened beside it; what a table
//             says while it is asked ("connect to …") stands in the Decision's lines.
//   Cost      what the tables keep in memory, kCopies times. Opened only where a table may wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "smtpd/access/access.h"

namespace headgate::access {

class AccessPool {
 public:
  static constexpr std::size_t kCopies = 8;

  AccessPool(const config::SettingsPtr& settings, rules::ProgramSource& programs);

  Decision ask(const std::function<Decision(Access&)>& question);

 private:
  struct Copy {
    std::vector<std::string> said;  // by its tables, while it is asked
    std::unique_ptr<Access> access;
  };

  Copy* take();
  void give_back(Copy* copy);

  std::vector<std::unique_ptr<Copy>> copies_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<Copy*> free_;
};

}  // namespace headgate::access
