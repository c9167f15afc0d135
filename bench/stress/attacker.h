// Attacker: one hostile client: what it says, when it is silent, when it comes back.
//   idle       EHLO, then nothing          drip       a line without an end, a byte a second        data    DATA, then a byte a second
//   errors     an unknown command each time it is answered                          junk    NOOP each time
//   hang_up    closes once it is greeted   tls        STARTTLS, then no handshake    silent  not even EHLO
//   Units     seconds of the steady clock.         Threads   one owner.
//   Errors    counted: a server that refuses or drops is what a flood is for.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/file.h"

namespace headgate::flood {

enum class Kind : std::uint8_t { idle, drip, data, errors, junk, hang_up, tls, silent };

std::optional<Kind> kind_of(std::string_view name);

struct Plan {
  sockaddr_in server{};
  std::uint32_t first_source = 0x7f0a0001;  // client i comes from this address + i: 127.10.0.1, …
  Kind kind = Kind::idle;
  std::string recipient = "user@dest.example";
  double retry = 1;  // after it was dropped
  double pace = 1;   // between the bytes of drip and data, between the commands of errors and junk
};

struct Counts {
  std::uint64_t begun = 0, greeted = 0, dropped = 0, refused = 0, commands = 0, bytes = 0;
  std::uint64_t open = 0, most_open = 0;
};

class Attacker {
 public:
  Attacker(const Plan& plan, Counts& counts, std::uint32_t number, double begin)
      : plan_(plan), counts_(counts), number_(number), next_(begin) {}

  // When tick() has something to do.
  [[nodiscard]] double next() const { return next_; }

  void tick(int epoll, double now);
  void on_events(unsigned events, double now);

 private:
  enum class Step : std::uint8_t { away, greeting, hello, mail, rcpt, start, engaged };

  void connect(int epoll, double now);
  void on_reply(char kind, double now);
  void engage(double now);
  void say(std::string_view text);
  void leave(double now);

  const Plan& plan_;
  Counts& counts_;
  std::uint32_t number_;
  double next_;
  Fd socket_;
  Step step_ = Step::away;
  bool line_began_ = false, continues_ = false;  // of the reply that is being read
  char kind_ = '5';
  int column_ = 0;
};

}  // namespace headgate::flood
