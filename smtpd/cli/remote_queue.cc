// Tested by tests/e2e/roles_test.py and, in the split, by every test that accepts mail.
#include "smtpd/cli/remote_queue.h"

namespace headgate::cli {

void CommitDesk::commit(std::span<queue::Commit* const> all) {
  spool_.commit(all);
  std::string lines;
  std::vector<int> files;
  const auto tell_of_active = [&] {
    if (!files.empty()) tell(lines, files);
    lines.clear();
    files.clear();
  };
  for (const queue::Commit* one : all) {
    if (!one->result || one->state == queue::State::hold) continue;
    if (one->state == queue::State::incoming) {
      tell(one->writer.id(), {});
    } else if (one->file == nullptr) {  // it could not be read back
      page_->wakes_lost += 1;
    } else {
      if (files.size() == kMostTogether) tell_of_active();
      if (!lines.empty()) lines += '\n';
      lines += one->writer.id();
      files.push_back(one->file->descriptor());
    }
  }
  tell_of_active();
}

void CommitDesk::tell(std::string_view lines, std::span<const int> files) {
  if (!net::send_packet(wakes_, lines, files)) page_->wakes_lost += 1;
}

}  // namespace headgate::cli
