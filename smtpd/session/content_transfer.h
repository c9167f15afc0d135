// content_transfer: what DATA and BDAT share: a message's content, from the queue file that is made for it to the reply.
//   Lifetime  borrows the Dialogue; an Intake belongs to the caller.     Threads  the coroutine of the conversation.
//   Errors    a Result that failed: the wire, or a bug; what is wrong with the message is the reply's to say.
//   Source    smtpd(8); smtpd.md §3.3, §3.6.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "smtpd/session/intake.h"
#include "smtpd/session/verbs.h"

namespace headgate::session {

using IntakePtr = std::shared_ptr<Intake>;

// The queue file, and who fills it; logs "ID: client=…". A reply instead when there is no room.
Task<std::optional<proto::Reply>> open_intake(Dialogue& dialogue, proto::Framing framing,
                                              IntakePtr& intake);

// From now on a smtpd_min_data_rate of input earns time.
void set_content_deadline(Dialogue& dialogue);

// At level 2, when the client is not known as good.
bool must_hurry(const Dialogue& dialogue);

// What has come of the content, as Wire::read_some(). An interruption is no end: it is stress, whose deadlines hold from then
// on, or a stop of the server, which waits for the message.
Task<Result<std::string_view>> read_content(Dialogue& dialogue);

// Nobody has to be asked between the last byte and Intake::end(): both are one step.
bool may_end_at_once(const Dialogue& dialogue);

// A step of the intake, apart from the loop when it asks tables. Tables that do not move are waited for as long as a client.
Task<Result<void>> step(Dialogue& dialogue, Intake& intake, std::function<void()> work);

// After the last byte. `ended`: Intake::end() was called.
Task<proto::Reply> conclude(Dialogue& dialogue, Intake& intake, bool ended);

}  // namespace headgate::session
