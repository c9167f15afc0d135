// OutgoingContent: a message from the queue file as the bytes of DATA, through the delivery's content checks.
//   Units     next() reads one chunk of the queue file and gives what became of it; memory is bounded by that.
//   Lifetime  borrows everything.        Threads  one at a time; next() blocks (disk, tables).
//   Errors    what the queue file says; Code::unavailable when a lookup failed (which was logged): the message must wait.
//   Source    smtp(8); content-checks §5.8.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/event.h"
#include "engine/mail/splitter.h"
#include "smtpd/config/settings.h"
#include "smtpd/deliver/delivery_checks.h"
#include "smtpd/proto/content_encoder.h"
#include "smtpd/queue/deliverer.h"

namespace headgate::deliver {

class OutgoingContent {
 public:
  // `checks` may be null. `downgrade`: the next hop takes no 8-bit content; it is made quoted-printable before the
  // checks see it.
  OutgoingContent(const queue::Delivery& delivery, const config::Settings& settings,
                  DeliveryChecks* checks, bool downgrade, EventSink& log);
  ~OutgoingContent();

  // The next bytes for the wire, the final dot at the end; nothing after that. Valid until the next call.
  Result<std::string_view> next();

  // A lookup failed, not the disk.
  [[nodiscard]] bool checks_failed() const;

 private:
  class Checked;

  void write(std::string_view bytes);

  const queue::Delivery& delivery_;
  EventSink& log_;
  queue::ContentReader content_;
  proto::ContentEncoder encoder_;
  mail::Splitter splitter_;
  checks::CheckSet no_checks_;
  std::unique_ptr<Checked> checked_;
  std::string encoded_;
  bool broke_said_ = false, ended_ = false;
};

}  // namespace headgate::deliver
