// Maildir: one message into one Maildir, durable or not there. And which Maildir is whose.
//   Form      the trace headers of local(8)/virtual(8), then the content byte for byte with LF line ends.
//   Threads   deliver_to_maildir() blocks on the disk: call it on the pool.
//   Errors    Code::corrupt: the queue file is damaged, nothing was delivered; Code::unavailable (no space), Code::io.
//   Safety    a mailbox name never leaves its directory: no '/', no leading dot, no control bytes.
//   Source    maildir(5), local(8), virtual(8); smtpd.md §8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/env.h"
#include "engine/base/error.h"
#include "smtpd/config/settings.h"
#include "smtpd/queue/queue_file.h"

namespace headgate::deliver {

// "time.M<microseconds>P<process>_<number>.host"
std::string unique_name(WallTime now, std::uint64_t number, std::string_view hostname);

// "Return-Path:", "X-Original-To:", "Delivered-To:".
std::string trace_headers(std::string_view sender, std::string_view recipient);

struct MaildirItem {
  std::string directory;  // made, with tmp, new and cur, when missing
  std::string name;       // unique_name()
  std::string headers;    // trace_headers()
};

// tmp/, fsync, rename into new/, fsync of the directory.
Result<void> deliver_to_maildir(const MaildirItem& item, const queue::QueueFile& file);

// The name that a local part has as a directory: without extension, lower case. Nothing when it could not be one.
std::optional<std::string> mailbox_name(std::string_view local_part,
                                        std::string_view recipient_delimiter);

// Where a local recipient's mail goes; `bounce` says that the user is unknown, `problem` why it must wait.
struct Mailbox {
  std::string directory;
  std::string problem;
  bool bounce = false;
};

Mailbox local_mailbox(const config::Settings& settings, std::string_view address);
// `result` is what virtual_mailbox_maps said.
Mailbox virtual_mailbox(const config::Settings& settings, const std::optional<std::string>& result);

}  // namespace headgate::deliver
