// Session: one connection of the load client: what it says next, and when each step was answered.
//   Lifetime  borrows the plan, the messages and the figures.      Threads  one owner.
//   Errors    end() is told to the figures, once for each message that was not accepted.
#pragma once

#include <sys/epoll.h>

#include <string>
#include <string_view>
#include <vector>

#include "bench/load/client.h"
#include "engine/base/file.h"

namespace headgate::load {

// Seconds of the steady clock.
double now();

class Session {
 public:
  Session(const Plan& plan, const std::vector<std::string>& messages, Figures& figures)
      : plan_(plan), messages_(messages), figures_(figures) {}

  // `first`: the number of its first message; `due`: when each of its `count` messages should begin (only the first has
  // its own time: the others begin when the one before has ended).
  Result<void> open(int epoll, std::size_t first, std::size_t count, double due, double run_began);

  void on_events(unsigned events);

  // A session that had no answer for so long fails.
  void look_at_clock(double time);

  void fail(const std::string& why);

  [[nodiscard]] bool is_open() const { return socket_.valid(); }

 private:
  enum class Step { greeting, hello, mail, rcpt, data, content, quit };

  void read();
  void write();
  void watch();
  void say(std::string_view text);
  void on_reply(std::string_view line);
  void begin_mail(double time);
  void message_ended(std::string_view line);
  void close();

  const Plan& plan_;
  const std::vector<std::string>& messages_;
  Figures& figures_;
  Fd socket_;
  int epoll_ = -1;
  unsigned watched_ = 0;
  Step step_ = Step::greeting;
  std::string in_, command_;
  std::string_view out_;  // what is still to be written: of command_ or of a message
  std::size_t number_ = 0, left_ = 0;
  double opened_ = 0, due_ = 0, mail_began_ = 0, heard_ = 0, run_began_ = 0;
};

}  // namespace headgate::load
