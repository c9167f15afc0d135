// SmtpClient: a message to the recipients of one next hop: which hosts, which addresses, one conversation, outcomes.
//   Form      a next hop is one destination ("[host]:port", "domain") or several with commas and blanks between them: the
//             next one is tried when there is nobody to talk to at the one before.
//   Units     at most kAddresses addresses and kSessions conversations a destination; memory is bounded by one chunk.
//   Lifetime  borrows everything; `checks` may be null: then smtp_header_checks and its kin are not set.
//   Threads   on the caller's executor; the queue file is read on the pool; when tables are asked, in turn with others.
//   Errors    are Outcomes, worded as smtp(8) words them.
//   Source    smtp(8), RFC 5321 §5.1, RFC 7505; smtpd.md §8.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/event.h"
#include "smtpd/config/settings.h"
#include "smtpd/deliver/connector.h"
#include "smtpd/deliver/delivery_checks.h"
#include "smtpd/deliver/route.h"
#include "smtpd/net/resolver.h"
#include "smtpd/net/turns.h"
#include "smtpd/proto/client_dialog.h"
#include "smtpd/queue/deliverer.h"

namespace headgate::deliver {

class OutgoingContent;

class SmtpClient {
 public:
  SmtpClient(aio::thread_pool& pool, net::Turns& turns, const config::Settings& settings,
             net::Resolver& resolver, Connector& connector, Env& env, EventSink& log,
             DeliveryChecks* checks)
      : pool_(pool),
        turns_(turns),
        settings_(settings),
        resolver_(resolver),
        connector_(connector),
        env_(env),
        log_(log),
        checks_(checks) {}

  Task<std::vector<queue::Outcome>> deliver(const queue::Delivery& delivery, std::string nexthop);

 private:
  struct Place {
    std::string host, address;
    std::uint16_t port = 25;

    [[nodiscard]] std::string bracketed() const { return host + "[" + address + "]"; }

    [[nodiscard]] std::string relay() const { return bracketed() + ":" + std::to_string(port); }
  };

  // The addresses to try, or the outcome when there is none.
  struct Places {
    std::vector<Place> list;
    queue::Outcome outcome;
    bool last = false;  // we are among the mail exchangers: no other destination is better
  };

  struct Attempt {
    std::vector<queue::Outcome> outcomes;
    bool settled = false;  // the next destination is not for them
  };

  Task<Attempt> try_destination(const queue::Delivery& delivery, std::string name);
  Task<Places> find_places(NextHop hop);
  Task<Result<std::vector<std::string>>> find_hosts(std::string domain, Places& places);
  Task<std::vector<queue::Outcome>> try_place(const queue::Delivery& delivery, Place place);
  Task<void> converse(net::Wire& wire, proto::ClientDialog& dialog, const queue::Delivery& delivery,
                      std::optional<Error>& own_failure);
  Task<Result<void>> send_content(net::Wire& wire, const proto::ClientDialog& dialog,
                                  const queue::Delivery& delivery,
                                  std::optional<Error>& own_failure);

  Task<Result<std::string_view>> next_of(OutgoingContent& content);
  void excuse_relayhost(std::vector<queue::Outcome>& outcomes);
  void warn(const queue::Delivery& delivery, const Error& error);
  void allow(net::Wire& wire, std::chrono::seconds budget) const;
  [[nodiscard]] std::chrono::seconds timeout_of(proto::ClientStage stage) const;
  [[nodiscard]] proto::ClientRequest request_for(const queue::Delivery& delivery,
                                                 const Place& place) const;

  aio::thread_pool& pool_;
  net::Turns& turns_;
  const config::Settings& settings_;
  net::Resolver& resolver_;
  Connector& connector_;
  Env& env_;
  EventSink& log_;
  DeliveryChecks* checks_;
};

}  // namespace headgate::deliver
