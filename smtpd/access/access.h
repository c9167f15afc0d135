// Access: may this client, name, sender, recipient pass? All restriction lists of one Settings, parsed and opened.
//   Use       with smtpd_delay_reject (the default) the session asks only recipient(), which runs client, helo and sender
//             lists first; without it, each at its command as well. The entry points check the setting themselves: call
//             all of them at their commands.
//   Ownership owns its tables; what the Opening borrows is needed for the construction.      Threads  one owner (tables hold scratch).
//   Waits     for other programs where may_wait(). Ask it on an event loop only when it was opened with Waits::apart: then
//             Decision::must_ask_apart says that the question has to be put to another one (access_pool.h).
//   Errors    fail closed: an unknown or not yet implemented restriction, an unreadable table, relay lists without a
//             working relay restriction answer 451.
//   Later     entry points that ask DNS or a policy server become Tasks.
//   Source    SMTPD_ACCESS_README; smtpd.md §4.1, §4.2, §4.7.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/diagnostic.h"
#include "engine/base/error.h"
#include "engine/rules/program_source.h"
#include "smtpd/access/opening.h"
#include "smtpd/access/restriction.h"
#include "smtpd/config/settings.h"

namespace headgate::access {

class Access {
 public:
  // Opening::warn hears of bad items now; what tables say while they are asked stands in the Decision.
  Access(config::SettingsPtr settings, const Opening& opening);
  // All alone.
  Access(config::SettingsPtr settings, rules::ProgramSource& programs, WarningSink warn);
  ~Access();

  Decision client(const Context& context);     // at connect; permits when delayed
  Decision helo(const Context& context);       // HELO, EHLO; permits when delayed
  Decision sender(const Context& context);     // MAIL; permits when delayed
  Decision recipient(const Context& context);  // RCPT; not for a bare `postmaster`
  Decision verify(const Context& context);     // VRFY: as recipient(), without a transaction
  Decision data(const Context& context);
  Decision etrn(const Context& context);  // after the client's and HELO's, when delayed
  Decision end_of_data(const Context& context);

  // A table of the questions above may wait for another program; those below never wait.
  [[nodiscard]] bool may_wait() const;

  // `name`: verified, else "unknown".
  [[nodiscard]] Result<bool> in_mynetworks(std::string_view name, std::string_view address) const;
  [[nodiscard]] bool mynetworks_have_names() const;
  [[nodiscard]] bool is_own_address(std::string_view address) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headgate::access
