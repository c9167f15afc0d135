// Evaluation: one question on its way through the restriction lists: the subject's words for replies, the flags of
// defer_if_permit and defer_if_reject, and the Decision as it grows.
//   Lifetime  on the stack of one Access call; borrows all it is given.      Threads  one owner.
//   Source    smtpd_check(3); smtpd.md §4.2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/access/match_list.h"
#include "smtpd/access/parse.h"
#include "smtpd/access/recipients.h"
#include "smtpd/access/restriction.h"
#include "smtpd/config/settings.h"

namespace headgate::access {

class Evaluation {
 public:
  Evaluation(const Context& the_context, const config::Settings& the_settings,
             const MatchList& the_mynetworks, const Recipients& the_recipients)
      : context(the_context),
        settings(the_settings),
        mynetworks(the_mynetworks),
        recipients(the_recipients) {}

  // "<x@o>: Recipient address rejected": what stands before the text of a refusal.
  void subject(std::string name, std::string_view what);
  [[nodiscard]] std::string rejected(std::string_view text) const;

  // Runs one list. True: go on with the next list; false: a refusal stands in the decision.
  bool run(const std::vector<Step>& list);

  // A refusal by the restriction that runs now; behind warn_if_reject only a note.
  Outcome reject(std::int64_t code, std::string dsn, std::string text);
  // Trouble of ours: never softened.
  Outcome trouble(int code, std::string dsn, std::string text, std::string warning);
  Outcome lookup_failure(const Error& error, std::string_view subject_address);

  void defer_if_permit(std::string text);
  void defer_if_reject(std::string text);

  Decision finish();  // applies defer_if_permit

  const Context& context;
  const config::Settings& settings;
  const MatchList& mynetworks;
  const Recipients& recipients;
  std::string reply_name;
  std::string reply_what;

 private:
  void refuse(proto::Reply reply);

  Decision decision_;
  bool softened_ = false;
  std::optional<proto::Reply> defer_if_permit_;
  std::optional<proto::Reply> defer_if_reject_;
};

}  // namespace headgate::access
