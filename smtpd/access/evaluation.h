// Evaluation: one question on its way through the restriction lists: the subject's words for replies, the flags of
// defer_if_permit and defer_if_reject, and the Decision as it grows.
//   Lifetime  on the stack of one Access call; borrows all it is given.      Threads  one owner.
//   Limits    kMaxDepth lists within lists, as tables and restriction classes name them.
//   Source    smtpd_check(3); smtpd.md §4.2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "smtpd/access/match_list.h"
#include "smtpd/access/parse.h"
#include "smtpd/access/recipients.h"
#include "smtpd/access/restriction.h"
#include "smtpd/config/settings.h"

namespace headgate::access {

// What is judged: in replies "<name>: WHAT rejected".
struct Subject {
  std::string name;
  std::string_view what;
};

class Evaluation {
 public:
  static constexpr int kMaxDepth = 100;

  Evaluation(const Context& the_context, const config::Settings& the_settings,
             const MatchList& the_mynetworks, const Recipients& the_recipients,
             const Restrictions& the_restrictions);

  // "<x@o>: Recipient address rejected": what stands before the text of a refusal.
  [[nodiscard]] std::string rejected(std::string_view text) const;

  // Runs one list of main.cf. `bare`: what a table without check_*_access before it is asked for, null = not allowed. True:
  // go on with the next list; false: a refusal stands in the decision.
  bool run(const std::vector<Step>& list, Subject about, Check bare);

  // Another list of the same stage: about the same, and DEFER_IF_REJECT of the one before softens it, too.
  bool run_too(const std::vector<Step>& list);

  // A list within a list: what a table or a class stands for.
  Outcome run_within(const std::vector<Step>& list);

  [[nodiscard]] bool too_deep() const { return depth_ >= kMaxDepth; }  // for what a table says

  // A refusal by the restriction that runs now; behind warn_if_reject only a note.
  Outcome reject(std::int64_t code, std::string dsn, std::string text);
  // Trouble of ours: never softened.
  Outcome trouble(int code, std::string dsn, std::string text, std::string warning);
  Outcome server_error(std::string warning);
  Outcome lookup_failure(const Error& error, std::string_view subject_address);

  // For an Error with must_ask_apart().
  Outcome ask_apart();

  void defer_if_permit(std::int64_t code, std::string dsn, std::string_view text);
  void defer_if_reject(std::int64_t code, std::string dsn, std::string_view text);

  void warn(std::string text);
  void inform(std::string text);
  // "hold: RCPT from …: TEXT; …"
  void note(std::string_view label, std::string_view text);
  // smtpd_log_access_permit_actions; `source` is "from type:name" or empty.
  void note_permit(std::string_view action, std::string_view source);

  Effects& effects() { return decision_.effects; }

  [[nodiscard]] bool defers() const { return defer_if_permit_.has_value(); }

  [[nodiscard]] bool discarding() const { return context.discarding || decision_.effects.discard; }

  [[nodiscard]] bool holding() const { return context.holding || decision_.effects.hold; }

  // defer_if_permit as it is now is what later questions begin with.
  void keep_deferral() { decision_.deferral = defer_if_permit_; }

  // Instead of what the lists before have left.
  void set_deferral(std::optional<proto::Reply> reply) { defer_if_permit_ = std::move(reply); }

  Decision finish();  // applies defer_if_permit

  Decision finish_permitted() { return std::move(decision_); }  // whatever was deferred

  Decision hand_over();  // leaves it to the next command's question

  const Context& context;
  const config::Settings& settings;
  const MatchList& mynetworks;
  const Recipients& recipients;
  const Restrictions& restrictions;
  Subject subject;
  const Step* step = nullptr;  // the one that runs

 private:
  void refuse(proto::Reply reply);
  Outcome run_steps(const std::vector<Step>& list);
  Outcome run_step(const Step& step);
  Outcome run_class(const Step& step);
  void note_own_permit(const Step& step);
  void warn_of_ignored(const Step& step, Outcome outcome);
  proto::Reply reply_of(std::int64_t code, std::string dsn, std::string text);

  Decision decision_;
  Check bare_ = nullptr;
  int depth_ = 0;
  bool softened_ = false;
  std::optional<proto::Reply> defer_if_permit_;
  std::optional<proto::Reply> defer_if_reject_;
};

// Judges something else for as long as it stands: a table's subject is whom it was asked about.
class OtherSubject {
 public:
  OtherSubject(Evaluation& evaluation, Subject subject)
      : evaluation_(evaluation), before_(std::exchange(evaluation.subject, std::move(subject))) {}

  OtherSubject(const OtherSubject&) = delete;
  OtherSubject& operator=(const OtherSubject&) = delete;

  ~OtherSubject() { evaluation_.subject = std::move(before_); }

 private:
  Evaluation& evaluation_;
  Subject before_;
};

}  // namespace headgate::access
