// MailKeys: messages -> the Sections that their check tables see, cut as the server cuts them: logical headers of every
// class (as header_checks sees them by default) and body lines up to body_checks_size_limit.
//   Use       begin(), record() of each line, end(); then messages() is complete.
//   Lifetime  Sections borrow this.        Threads  one owner.        Cost  keeps all texts and the raw messages.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "bench/peers/peer.h"

namespace headgate::peers {

struct KeyLimits {
  std::size_t header_size = 102400;
  std::size_t body_checks_size = 51200;  // bytes of a message's segment; 0 = all
};

// One message's keys of one class, and where each begins in `bytes`.
class OwnedSection {
 public:
  // Nobody is asked about an empty text, as Postfix's maps_find(3) asks nobody.
  void add(std::string_view text) {
    if (!text.empty()) places_.push_back({bytes_.size(), text.size()});
    bytes_ += text;
    bytes_ += '\n';
  }

  void finish();  // after the last add()

  [[nodiscard]] Section view() const { return {bytes_, texts_}; }

 private:
  std::string bytes_;

  struct Place {
    std::size_t begin, size;
  };

  std::vector<Place> places_;
  std::vector<std::string_view> texts_;
};

struct MailMessage {
  std::string name;
  std::string raw;  // its lines with LF ends, as they came
  OwnedSection headers, body;
};

class MailKeys {
 public:
  explicit MailKeys(KeyLimits limits = {}) : limits_(limits) {}

  void begin(std::string name);
  void record(std::string_view bytes, bool continued);
  void end();

  [[nodiscard]] const std::deque<MailMessage>& messages() const { return messages_; }

  // Of bodies, beyond body_checks_size.
  [[nodiscard]] std::size_t left_out_bytes() const { return left_out_bytes_; }

 private:
  KeyLimits limits_;
  std::deque<MailMessage> messages_;
  std::size_t left_out_bytes_ = 0;
};

}  // namespace headgate::peers
