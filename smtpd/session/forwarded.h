// Forwarded: whom XFORWARD says that the next message is from. Changes what is logged about the message and stored with it.
//   Threads   values.       Source    XFORWARD_README; smtpd.md §3.3.
#pragma once

#include <optional>
#include <string>

#include "smtpd/proto/peer_attributes.h"

namespace headgate::session {

struct Forwarded {
  // Something is known of the client: the rest then reads "unknown".
  bool client = false;
  std::string name = "unknown", address = "unknown", protocol = "unknown";
  std::string helo, queue_id;  // empty: not known
  std::optional<bool> local;   // SOURCE

  // One XFORWARD more; of an attribute the last one counts.
  void add(const proto::Xforward& given);

  // "name[address]"
  [[nodiscard]] std::string name_and_address() const;

  // ", orig_queue_id=Q, orig_client=name[address]": for the line "ID: client=…".
  [[nodiscard]] std::string log_text() const;

  // Headers may be added to its mail as to a local client's; `otherwise` when XFORWARD said nothing about it.
  [[nodiscard]] bool is_local(bool otherwise) const;
};

}  // namespace headgate::session
