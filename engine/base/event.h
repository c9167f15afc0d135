// Event: one thing that happened. Rooms fill it; smtpd/observe writes it down: maillog its text, json_log its fields too.
// `text` is the line after "postfix/PROGRAM[NUMBER]: ", worded exactly as Postfix words it, without "warning: ".
// `kind` and `fields` say the same to programs; who makes an event asks wants_fields() first, they cost allocations.
//   Source    Postfix's log lines are an interface: pflogsumm, fail2ban and logwatch read them (architecture D12).
//   Threads   values; an EventSink must be callable from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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

// A fact of an event and its name ("client_address"): a literal, the same name wherever the same thing is meant
// (docs/logs.md).
struct Field {
  std::string_view name;
  std::variant<std::string, std::int64_t, double> value;
};

struct Event {
  Program program = Program::master;
  Level level = Level::info;
  std::uint32_t number = 0;  // stands in the brackets: the session's number; 0 = the process id
  std::string text;
  std::string_view kind =
      {};  // a literal: "connect", "reject", "delivery"; empty: the text is all there is
  std::vector<Field> fields = {};
};

class EventSink {
 public:
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;
  virtual ~EventSink() = default;
  virtual void write(const Event& event) = 0;

  // Whether anybody reads an event's kind and fields.
  [[nodiscard]] virtual bool wants_fields() const { return false; }
};

}  // namespace headgate
