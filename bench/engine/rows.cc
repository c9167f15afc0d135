// How it works: a comparison gives both engines the same sample, as much as the slower can take, and measures them in turn;
// the ratio is taken round by round. Exact engines must agree about every text: a difference is a problem, not a figure.
#include "bench/engine/rows.h"

#include <fmt/format.h>

#include "bench/peers/cpu_clock.h"
#include "bench/peers/hyperscan_rules.h"
#include "bench/peers/ours.h"
#include "bench/peers/pcre2_rules.h"
#include "bench/peers/posix_rules.h"
#include "bench/peers/rounds.h"
#include "engine/match/selftest.h"

namespace headgate::ratios {

namespace {

using peers::Contestant;
using peers::KeyKind;
using peers::Made;
using peers::Sample;
using peers::Timed;

enum class Against : std::uint8_t {
  pcre2,
  pcre2_flat,
  jit,
  regexec,
  hyperscan_texts,
  hyperscan_whole
};

struct Comparison {
  std::string table;
  bool real = false;
  KeyKind kind = KeyKind::body;
  Against against = Against::pcre2;
};

std::string_view name_of(Against against) {
  switch (against) {
    case Against::pcre2:
      return "PCRE2 one by one";
    case Against::pcre2_flat:
      return "PCRE2 one by one, flat";
    case Against::jit:
      return "PCRE2 JIT one by one";
    case Against::regexec:
      return "regexec one by one";
    case Against::hyperscan_texts:
      return "Hyperscan text by text";
    case Against::hyperscan_whole:
      return "Hyperscan over the whole buffer";
  }
  return "";
}

Made make_peer(const rules::Program& program, Against against, const Inputs& inputs,
               const Plan& plan) {
  peers::Bounds bounds;
  bounds.time = plan.compile_limit;
  switch (against) {
    case Against::pcre2:
      return make_pcre2_rules(program, peers::Pcre2Way::interpreter, peers::Walk::grouped);
    case Against::pcre2_flat:
      return make_pcre2_rules(program, peers::Pcre2Way::interpreter, peers::Walk::flat);
    case Against::jit:
      return make_pcre2_rules(program, peers::Pcre2Way::jit, peers::Walk::grouped);
    case Against::regexec:
      return make_posix_rules(program, peers::Walk::grouped);
    case Against::hyperscan_texts:
      return make_hyperscan_rules(program, peers::HyperscanWay::text_by_text, bounds,
                                  inputs.kept());
    case Against::hyperscan_whole:
      return make_hyperscan_rules(program, peers::HyperscanWay::whole_buffer, bounds,
                                  inputs.kept());
  }
  return {};
}

// As many texts as a slow peer can take: about a second's worth.
std::uint64_t most_texts(const rules::Program& program, Against against) {
  if (against == Against::hyperscan_texts || against == Against::hyperscan_whole) return 40'000;
  constexpr std::uint64_t kTests = 4'000'000;
  return std::max<std::uint64_t>(600, kTests / std::max<std::size_t>(1, program.rules().size()));
}

double megabytes_a_second(const Sample& sample, const Timed& timed) {
  return static_cast<double>(sample.bytes) / 1e6 / peers::spread_of(timed.seconds).median;
}

Outcome no_value(std::string why) { return {{}, {}, std::move(why)}; }

std::vector<Timed> measure(const std::vector<Contestant>& contestants, const Plan& plan) {
  peers::RoundsPlan rounds;
  rounds.rounds = plan.rounds;
  return run_rounds(contestants, rounds);
}

Result<Outcome> compare(Inputs& inputs, const Plan& plan, const Comparison& what) {
  TRY(program, what.real ? inputs.real_table(what.table) : inputs.table(what.table));
  TRY(mail, what.real ? inputs.real_mail() : inputs.mail());
  const Made ours = peers::make_ours(program, what.kind);
  const Made peer = make_peer(*program, what.against, inputs, plan);
  if (peer.peer == nullptr) return no_value(peer.problem);
  const Sample sample =
      take_sample(*mail, what.kind, most_texts(*program, what.against), plan.seed);
  const auto timed =
      measure({{ours.peer.get(), {}, &sample}, {peer.peer.get(), {}, &sample}}, plan);
  Outcome outcome;
  outcome.value = peers::ratio_of(timed[1].seconds, timed[0].seconds);
  outcome.detail =
      fmt::format("{:.4g} MB/s against {:.4g} ({}); {} texts, {} hits",
                  megabytes_a_second(sample, timed[0]), megabytes_a_second(sample, timed[1]),
                  name_of(what.against), sample.texts, timed[0].hits.texts);
  if (!peer.left_out.empty())
    outcome.detail += fmt::format("; {} patterns left out there", peer.left_out.size());
  if (peer.approximate > 0)
    outcome.detail += fmt::format("; {} only as prefilter there", peer.approximate);
  if (peer.exact && timed[0].hits.digest != timed[1].hits.digest)
    outcome.problem =
        fmt::format("they disagree: {} hits and {}", timed[0].hits.texts, timed[1].hits.texts);
  return outcome;
}

// Scan time of its own databases, against all that the engine does for a message.
Result<Outcome> whole_engine(Inputs& inputs, const Plan& plan) {
  TRY(body, inputs.table("body_1000.pcre"));
  TRY(head, inputs.table("head_1000.if.pcre"));
  TRY(mail, inputs.mail());
  const Made scan_body = peers::make_own_databases(body, KeyKind::body),
             scan_head = peers::make_own_databases(head, KeyKind::header);
  if (scan_body.peer == nullptr || scan_head.peer == nullptr) return no_value("no databases");
  const Sample headers = take_sample(*mail, KeyKind::header, 0, 0);
  const Sample bodies = take_sample(*mail, KeyKind::body, 0, 0);
  const auto checks = peers::make_check_set(head, body);
  std::uint64_t failed = 0;
  const auto timed = measure({{nullptr,
                               [&] {
                                 for (const auto& message : *mail)
                                   peers::inspect_message(*checks, message.raw);
                               },
                               &bodies},
                              {nullptr,
                               [&] {
                                 peers::Hits hits;
                                 scan_sample(*scan_head.peer, headers, hits);
                                 scan_sample(*scan_body.peer, bodies, hits);
                                 failed += hits.texts;
                               },
                               &bodies}},
                             plan);
  const double bytes = static_cast<double>(headers.bytes + bodies.bytes) / 1e6;
  const double engine = peers::spread_of(timed[0].seconds).median;
  if (failed > 0) return no_value("scans failed");
  Outcome outcome;
  outcome.value = peers::ratio_of(timed[1].seconds, timed[0].seconds);
  outcome.detail = fmt::format("{:.4g} MB/s whole, {:.4g} MB/s its scans; {:.3g} us a message",
                               bytes / engine, bytes / peers::spread_of(timed[1].seconds).median,
                               engine * 1e6 / static_cast<double>(mail->size()));
  return outcome;
}

Result<Outcome> growth(Inputs& inputs, const Plan& plan, const std::string& kind) {
  TRY(few, inputs.table(kind + "_100.pcre"));
  TRY(many, inputs.table(kind + "_10000.pcre"));
  TRY(mail, inputs.mail());
  const KeyKind keys = kind == "body" ? KeyKind::body : KeyKind::header;
  const Made small = peers::make_ours(few, keys), large = peers::make_ours(many, keys);
  const Sample sample = take_sample(*mail, keys, 100'000, plan.seed);
  const auto timed =
      measure({{small.peer.get(), {}, &sample}, {large.peer.get(), {}, &sample}}, plan);
  Outcome outcome;
  outcome.value = peers::ratio_of(timed[1].seconds, timed[0].seconds);
  outcome.detail =
      fmt::format("{:.4g} MB/s with 100 rules, {:.4g} with 10,000",
                  megabytes_a_second(sample, timed[0]), megabytes_a_second(sample, timed[1]));
  return outcome;
}

Result<Outcome> warm_start(Inputs& inputs, const Plan& plan) {
  TRY_OK(inputs.table("body_10000.pcre"));  // so that there is an image
  const std::string path = inputs.path_of("body_10000.pcre");
  std::vector<double> milliseconds, selftests;
  for (std::size_t round = 0; round < plan.rounds; ++round) {
    const double begun = peers::thread_cpu_seconds();
    static_cast<void>(match::run_selftest());
    selftests.push_back((peers::thread_cpu_seconds() - begun) * 1e3);
    TRY(seconds, inputs.warm_start(path));
    milliseconds.push_back(seconds * 1e3);
  }
  return Outcome{peers::spread_of(std::move(milliseconds)),
                 fmt::format("CPU; of that libhs's self-test {:.3g} ms",
                             peers::spread_of(std::move(selftests)).median),
                 {}};
}

Result<Outcome> compile_time(Inputs& inputs, const Plan&) {
  TRY(path, inputs.real_path("rules/body_checks.pcre"));
  TRY(cost, inputs.build_cost(path));
  return Outcome{
      peers::spread_of({cost.cpu_seconds}),
      fmt::format("CPU of all its processes; {:.1f} s by the clock; once", cost.wall_seconds),
      {}};
}

std::function<Outcome(Inputs&, const Plan&)> told(
    std::function<Result<Outcome>(Inputs&, const Plan&)> run) {
  return [run = std::move(run)](Inputs& inputs, const Plan& plan) {
    auto outcome = run(inputs, plan);
    return outcome ? std::move(*outcome) : no_value(outcome.error().text());
  };
}

Row comparison(std::string name, std::string measure, double must, double aim, Comparison what) {
  return {std::move(name),
          std::move(measure),
          "x",
          must,
          aim,
          Better::more,
          told([what = std::move(what)](Inputs& inputs, const Plan& plan) {
            return compare(inputs, plan, what);
          })};
}

}  // namespace

std::vector<Row> rows() {
  using enum Against;
  constexpr KeyKind kBody = KeyKind::body, kHeader = KeyKind::header;
  std::vector<Row> all = {
      comparison("body1000", "body, 1,000 rules flat, against PCRE2 one by one as Postfix does",
                 800, 2000, {"body_1000.pcre", false, kBody, pcre2}),
      comparison("body1000if", "the same in if-groups, in both", 150, 400,
                 {"body_1000.if.pcre", false, kBody, pcre2}),
      comparison("sa", "body, SpamAssassin's table on real mail, against PCRE2 one by one", 100,
                 400, {"body_checks", true, kBody, pcre2}),
      comparison("sahs", "the same against raw Hyperscan, one database, whole buffer", 2.5, 8,
                 {"body_checks", true, kBody, hyperscan_whole}),
      {"sacompile", "the same: compile time, all rules, one core", "s", 60, 10, Better::less,
       told(compile_time)},
      comparison("body100", "body, 100 rules, against Hyperscan line by line", 2.5, 4,
                 {"body_100.pcre", false, kBody, hyperscan_texts}),
      comparison("body1000hs", "body, 1,000 rules, against raw Hyperscan over the whole buffer", 3,
                 6, {"body_1000.pcre", false, kBody, hyperscan_whole}),
      comparison("body5000hs", "body, 5,000 rules, against the same", 5, 12,
                 {"body_5000.pcre", false, kBody, hyperscan_whole}),
      comparison("head1000if",
                 "headers, 1,000 rules in if-groups, against Hyperscan header by header", 2, 5,
                 {"head_1000.if.pcre", false, kHeader, hyperscan_texts}),
      {"whole", "the whole engine, against the raw scans of its own databases", "x", 0.6, 0.85,
       Better::more, told(whole_engine)},
  };
  for (const int count : {1, 2, 5, 10}) {
    for (const std::string kind : {"body", "head"}) {
      all.push_back(comparison(
          fmt::format("few-{}{}", kind, count),
          fmt::format("{}, {} rule{}, against plain PCRE2", kind, count, count == 1 ? "" : "s"), 1,
          2,
          {fmt::format("{}_{}.pcre", kind, count), false, kind == "body" ? kBody : kHeader,
           pcre2}));
    }
  }
  for (const std::string kind : {"body", "head"}) {
    all.push_back({"growth-" + kind, kind + ": cost a byte, 10,000 rules against 100", "x", 20, 10,
                   Better::less, told([kind](Inputs& inputs, const Plan& plan) {
                     return growth(inputs, plan, kind);
                   })});
  }
  all.push_back({"warm", "start with a warm image of 10,000 rules", "ms", 100, 30, Better::less,
                 told(warm_start)});
  return all;
}

}  // namespace headgate::ratios
