// A committed queue file of a test's own making, opened.
#pragma once

#include <fcntl.h>

#include <memory>
#include <string>
#include <vector>

#include "smtpd/queue/queue_file.h"

namespace headgate::testing_support {

// `content` has LF line ends and ends in one.
inline std::shared_ptr<queue::QueueFile> make_queue_file(
    const std::string& path, const std::string& content, queue::Envelope envelope,
    const std::vector<std::string>& recipients) {
  for (const std::string& address : recipients) {
    queue::Recipient recipient;
    recipient.address = address;
    envelope.recipients.push_back(recipient);
  }
  auto fd = open_file(path, O_RDWR | O_CREAT | O_TRUNC);
  if (!fd) return nullptr;
  queue::QueueFileWriter writer(std::move(*fd), path);
  writer.append(content, true);
  if (!writer.finish(envelope)) return nullptr;
  auto file = queue::QueueFile::open(path);
  if (!file) return nullptr;
  return std::make_shared<queue::QueueFile>(std::move(*file));
}

}  // namespace headgate::testing_support
