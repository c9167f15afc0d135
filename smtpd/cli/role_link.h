// RoleLink: a role's end of its control channel: what MASTER orders, what is reported back.
//   Lifetime  one a process; the channel is the descriptor that every role finds open.
//   Threads   next() on the loop's; report() from any.
//   Errors    when MASTER is gone the process ends at once: nobody would start its successor.
#pragma once

#include <optional>
#include <string>

#include "smtpd/cli/logs.h"
#include "smtpd/config/load.h"
#include "smtpd/master/messages.h"
#include "smtpd/master/privileges.h"

namespace headgate::cli {

// The first order; blocks until it comes.
Result<master::Begin> receive_begin();

class RoleLink {
 public:
  explicit RoleLink(Logs& logs) : logs_(logs) {}

  // On the loop of the role, once.
  void listen_on(aio::io_context& io);

  // Orders about the log are obeyed here. `descriptors`: what else came with it.
  Task<master::Message> next(std::vector<Fd>* descriptors = nullptr);

  void report(master::Report what, std::string text = {}, std::uint64_t number = 0,
              const Fd& descriptor = {}) const;

  // The role's end, without destructors: a thread inside regexec or a trial could not be joined.
  [[noreturn]] void end(int status) const;

  void settled() { logs_.gather(); }

  void flush_logs() const { logs_.flush(); }

  // Tells why the role cannot serve, and ends the process.
  [[noreturn]] void fail(const Error& error) const;

 private:
  void take_logs(const master::Message& order, std::vector<Fd>& files);

  Logs& logs_;
  std::optional<net::Channel> channel_;
};

// The paths that the role's rights speak of.
master::Places places_of(const config::Config& config);

master::User user_of(const master::Begin& begin);

// What the kernel or the container does not have; once, at the first start.
void warn_of_missing(const master::Begin& begin, const std::vector<std::string>& missing,
                     EventSink& log);

}  // namespace headgate::cli
