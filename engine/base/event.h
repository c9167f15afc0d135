// Event: one thing that happened, as the mail log tells it. Rooms fill it; smtpd/observe/maillog writes it down.
// `text` is the line after "postfix/PROGRAM[NUMBER]: ", worded exactly as Postfix words it, without "warning: ".
//   Source    Postfix's log lines are an interface: pflogsumm, fail2ban and logwatch read them (architecture D12).
//   Threads   values; an EventSink must be callable from any thread.
#pragma once

#include <cstdint>
#include <string>

namespace headgate {

enum class Level : std::uint8_t { info, warning, error, fatal };

// The Postfix daemon whose log lines these are.
enum class Program : std::uint8_t {
  smtpd,
  cleanup,
  qmgr,
  smtp,
  local,
  virtual_,
  discard,
  error,
  bounce,
  anvil,
  master
};

struct Event {
  Program program = Program::master;
  Level level = Level::info;
  std::uint32_t number = 0;  // stands in the brackets: the session's number; 0 = the process id
  std::string text;
};

class EventSink {
 public:
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;
  virtual ~EventSink() = default;
  virtual void write(const Event& event) = 0;
};

}  // namespace headgate
