// Door 3 across processes: RemoteDeliverer is QUEUE's end of it, Desk DELIVER's; between them a net::Channel that outlives both.
// A request carries the message's descriptor and one end of a fresh pair (a line), over which the answer comes back: when DELIVER
// dies that end closes, and QUEUE knows of nobody who has this message. No bookkeeping, nothing lost. A line whose answer has
// come takes the next request; it ends with either side.
//   Lifetime  both borrow what they are given; a Desk goes only when idle() says so.
//   Threads   the executor's.
//   Errors    RemoteDeliverer: a delivery whose answer did not come is deferred; who has it already may get it twice. A
//             request that is no such thing is logged and dropped, which defers it.
//   Limits    kMostRoutes requests for destinations at a time, in order of their coming.
//   Source    architecture §1; docs/roles.md.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "smtpd/deliver/agent.h"
#include "smtpd/deliver/route.h"
#include "smtpd/net/channel.h"
#include "smtpd/queue/deliverer.h"

namespace headgate::deliver {

// What is asked. Do not change: two versions of the program talk to each other during an upgrade.
enum class Errand : std::uint8_t { destinations = 1, deliver = 2 };

struct Request {
  Errand errand = Errand::deliver;
  std::string id, destination;
  std::vector<std::size_t> recipients;
  WallTime active_since{};
};

// The bytes of requests and answers. Reading them trusts nothing: counts and lengths are bounded, Code::corrupt else.
std::string encode_request(const Request& request);
Result<Request> decode_request(std::string_view bytes);
std::string encode_outcomes(const std::vector<queue::Outcome>& outcomes);
Result<std::vector<queue::Outcome>> decode_outcomes(std::string_view bytes);
std::string encode_destinations(const std::vector<std::string>& destinations);
Result<std::vector<std::string>> decode_destinations(std::string_view bytes);

class RemoteDeliverer final : public queue::Deliverer {
 public:
  static constexpr std::size_t kMostRoutes = 50, kMostIdleLines = 16;

  // `door`: the sending end, borrowed. Where no table has a say in it the destinations are found here.
  RemoteDeliverer(aio::any_io_executor executor, int door, config::SettingsPtr settings,
                  TransportCommands commands, EventSink& log, Env& env)
      : executor_(std::move(executor)), door_(door), log_(log), env_(env) {
    use(std::move(settings), std::move(commands));
  }

  // A reload.
  void use(config::SettingsPtr settings, TransportCommands commands) {
    routing_ = Routing::by_names(std::move(settings));
    commands_ = std::move(commands);
  }

  Task<Result<std::vector<std::string>>> destinations(
      const std::string& id, const queue::QueueFilePtr& file,
      const std::vector<std::size_t>& recipients) override;
  Task<std::vector<queue::Outcome>> deliver(const queue::Delivery& delivery) override;
  void log(const queue::Delivery& delivery, const std::vector<queue::Outcome>& outcomes) override;

 private:
  using Line = std::unique_ptr<net::Channel>;

  Task<Result<std::string>> ask(const Request& request, const queue::QueueFilePtr& file);
  Task<Result<Line>> call(const std::string& request, const Fd& content);
  Line call_again(const std::string& request, const Fd& content);
  Task<void> wait_for_turn();
  void end_turn();

  aio::any_io_executor executor_;
  int door_;
  std::unique_ptr<Routing> routing_;
  TransportCommands commands_;
  EventSink& log_;
  Env& env_;
  std::vector<Line> idle_lines_;
  std::size_t routes_ = 0;
  std::deque<std::shared_ptr<aio::steady_timer>> waiting_;
};

class Desk {
 public:
  // `door`: the receiving end. `worker` does the work.
  Desk(const aio::any_io_executor& executor, Fd door, queue::Deliverer& worker, EventSink& log);

  Task<void> serve();  // until close(), or until nobody can ask any more
  void close();        // takes nothing more; what is under way goes on

  [[nodiscard]] bool idle() const { return packets_ == 0; }

 private:
  Task<void> hold_line(net::Packet packet);
  Task<bool> work_off(const std::string& bytes, Fd content, const net::Channel& line);
  void say(std::string text);

  aio::any_io_executor executor_;
  net::Channel door_;
  queue::Deliverer& worker_;
  EventSink& log_;
  std::set<const net::Channel*> lines_;
  std::size_t packets_ = 0;  // of the door, and their lines
  bool closing_ = false;
};

}  // namespace headgate::deliver
