// What MASTER and the roles say to each other over a role's control channel: orders down, reports up; the first order is
// Begin, with everything that the role is given. Do not renumber: during an upgrade two versions of the program talk.
//   Threads   values.       Errors    decoding trusts nothing: Code::corrupt.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "smtpd/net/channel.h"

namespace headgate::master {

enum class Role : std::uint8_t { front = 0, queue = 1, deliver = 2, builder = 3 };

inline constexpr std::size_t kStandingRoles = 3;  // those that MASTER keeps alive

std::string_view name_of(Role role);  // "front"

enum class Order : std::uint8_t {
  begin = 1,
  go = 2,  // serve; with the descriptor, if there is one, of the state that the one before has left
  retire = 3,  // take nothing new, end when what is under way has ended
  stop = 4,    // the same, in a hurry
  cut = 5,     // break off what is under way
  log =
      6,  // the new files' descriptors: the mail log's, if number & 1, and the JSON log's, if number & 2
  reload = 7,  // QUEUE: read the settings again
  sweep = 8,   // QUEUE: a FRONT has ended badly, remove what it was writing
  built = 9,   // the end of what Report::build asked for
};

enum class Report : std::uint8_t {
  ready = 1,   // everything is open; text: the tables' errors that are in force
  failed = 2,  // number: the Code; text: why, one line a reason
  state = 3,   // FRONT's answer to retire; with the descriptor of what the next one shall know
  errors = 4,  // as with ready, since a table has changed
  build = 5,   // number: of the request; text: dialect and name of a table
  cancel = 6,  // of the build of that number
};

struct Message {
  std::uint8_t kind = 0;
  std::uint64_t number = 0;
  std::string text;
};

std::string encode(const Message& message);
Result<Message> decode_message(std::string_view bytes);

inline Message message(Order order, std::string text = {}, std::uint64_t number = 0) {
  return {static_cast<std::uint8_t>(order), number, std::move(text)};
}

inline Message message(Report report, std::string text = {}, std::uint64_t number = 0) {
  return {static_cast<std::uint8_t>(report), number, std::move(text)};
}

// Everything that a role is given. Its descriptors travel in this order: page, log, JSON log, door in, door out, control socket,
// then the listeners; one that is not there (-1) is left out.
struct Begin {
  Role role = Role::front;
  std::uint64_t generation = 0;
  std::string directory;                                       // -c
  std::vector<std::pair<std::string, std::string>> overrides;  // -o
  std::uint32_t user = 0, group = 0;                           // what to become
  bool changes_user = false;
  bool is_reload =
      false;  // a table that cannot be opened and is not in `errors` is a reason to fail
  bool writers_live = false;                                     // QUEUE: a FRONT may be at work
  std::string errors;                                            // in force before
  std::string task;                                              // BUILDER: dialect and name
  std::vector<std::pair<std::string, std::uint32_t>> listeners;  // service, how many

  struct Descriptors {
    Fd page, log, json_log, door_in, door_out, control;
    std::vector<Fd> listeners;
  } descriptors;
};

Result<void> send_begin(int channel, const Begin& begin);
Result<Begin> decode_begin(net::Packet packet);

}  // namespace headgate::master
