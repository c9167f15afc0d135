// How it works: occurrences are counted first, for all patterns at once. Then each pattern is asked about some texts of all,
// and about some of those that each of its clauses and rows would find; what further literals rule out there costs a little
// instead of a question. The clock is looked at after each question: one that takes PCRE2 a tenth of a second is its own
// answer. Tested by tests/compiler/back/measure_test.cc.
#include "compiler/back/measure.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "compiler/back/occurrences.h"
#include "compiler/back/scan_choice.h"
#include "engine/base/text.h"
#include "engine/match/scratch.h"

namespace headgate::back {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostClauses = 8;  // of a pattern, the cheapest by the guess
constexpr std::size_t kAnyTexts = 16;    // that a pattern is asked about
constexpr double kRuledOut = 60;         // ns, where a further literal is missing
constexpr std::chrono::microseconds kLongEnough{10}, kTooLong{4'000};  // of asking

double nanoseconds_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::nano>(Clock::now() - begun).count();
}

// A set of texts by the header names that a pattern asks for.
struct Pool {
  MailShapes mail;
  std::vector<bool> texts;
  std::vector<std::uint32_t> some;  // from all over it
};

class Measurement {
 public:
  Measurement(const std::vector<Measurable>& patterns, const rules::MailSample& sample,
              SetCompiler& compiler)
      : patterns_(patterns), sample_(sample), compiler_(compiler), occurrences_(sample) {}

  Measured run() {
    for (const std::string& text : sample_.texts) symbols_.push_back(match::symbols_of(text));
    for (const Measurable& pattern : patterns_) want(*pattern.plan);
    occurrences_.count(compiler_);
    Measured measured;
    std::map<const Pool*, const MailShapes*> mail;
    for (auto& [names, pool] : pools_) {
      measured.mail.push_back(std::move(pool.mail));
      mail[&pool] = &measured.mail.back();
    }
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
      const Wishes& wishes = wishes_[i];
      if (mail.at(wishes.pool)->empty())
        measured.figures.emplace_back();
      else
        measured.figures.emplace_back(figures(patterns_[i], wishes, *mail.at(wishes.pool)));
    }
    return measured;
  }

 private:
  struct Wishes {
    const Pool* pool = nullptr;
    std::vector<std::size_t> literals, rows;  // numbers of Occurrences
  };

  // Headers of other names never get as far as a pattern's literals. Among body lines names mean nothing.
  const Pool& pool_of(const analyse::Plan& plan) {
    const auto names = sample_.body_lines ? std::vector<std::string>() : plan.needs.header_names;
    const auto [at, is_new] = pools_.try_emplace(names);
    Pool& pool = at->second;
    if (!is_new) return pool;
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; i < sample_.texts.size(); ++i) {
      const std::string& text = sample_.texts[i];
      const bool counts =
          names.empty() || std::binary_search(names.begin(), names.end(),
                                              text::lower(text.substr(0, text.find(':'))));
      pool.texts.push_back(counts);
      if (!counts) continue;
      pool.mail.add(symbols_[i], text.size());
      all.push_back(i);
    }
    pool.mail.finish();
    const std::size_t step = std::max<std::size_t>(1, all.size() / kAnyTexts);
    for (std::size_t i = 0; i < all.size() && pool.some.size() < kAnyTexts; i += step)
      pool.some.push_back(all[i]);
    return pool;
  }

  void want(const analyse::Plan& plan) {
    Wishes wishes;
    const Pool& pool = pool_of(plan);
    wishes.pool = &pool;
    const std::size_t clauses = std::min(plan.needs.literals.size(), kMostClauses);
    for (std::size_t i = 0; i < clauses; ++i)
      wishes.literals.push_back(occurrences_.want(plan.needs.literals[i].any_of, &pool.texts));
    if (sample_.body_lines) {
      for (const analyse::ByteRow& row : plan.rows) wishes.rows.push_back(occurrences_.want(row));
    }
    wishes_.push_back(std::move(wishes));
  }

  Figures figures(const Measurable& pattern, const Wishes& wishes, const MailShapes& mail) {
    Figures figures{&mail, kAsk, {}, {}};
    for (const std::size_t number : wishes.literals) figures.literals.push_back(seen(number));
    for (const std::size_t number : wishes.rows) figures.rows.push_back(seen(number));
    figures.ask = time(*pattern.engine, wishes.pool->some, {}, kAsk);
    for (std::size_t i = 0; i < wishes.literals.size(); ++i) {
      const auto also = further_needs(*pattern.plan, pattern.plan->needs.literals[i],
                                      Costs(*pattern.plan, &figures));
      figures.literals[i].ask =
          time(*pattern.engine, occurrences_.of(wishes.literals[i]).some, also, figures.ask);
    }
    for (std::size_t i = 0; i < wishes.rows.size(); ++i) {
      figures.rows[i].ask =
          time(*pattern.engine, occurrences_.of(wishes.rows[i]).some, {}, figures.ask);
    }
    return figures;
  }

  [[nodiscard]] Seen seen(std::size_t number) const {
    const Occurrence& found = occurrences_.of(number);
    return {found.known, found.texts, kAsk};
  }

  static bool lacks(std::string_view text, const std::vector<rules::FurtherNeed>& also) {
    const std::string folded = text::lower(text);
    return std::any_of(also.begin(), also.end(), [&](const rules::FurtherNeed& need) {
      return !rules::is_doubted(text.size(), need.trusted_bytes) &&
             std::none_of(need.any_of.begin(), need.any_of.end(), [&](const std::string& literal) {
               return folded.find(literal) != std::string::npos;
             });
    });
  }

  // A question about one of the texts, on average; `otherwise` when there is none, or no time.
  double time(const match::Confirmer& engine, const std::vector<std::uint32_t>& texts,
              const std::vector<rules::FurtherNeed>& also, double otherwise) {
    if (texts.empty() || nanoseconds_since(begun_) > kMost) return otherwise;
    std::vector<std::string_view> asked;
    for (const std::uint32_t text : texts) {
      if (also.empty() || !lacks(sample_.texts[text], also)) asked.push_back(sample_.texts[text]);
    }
    const double ruled_out = kRuledOut * static_cast<double>(texts.size() - asked.size()) /
                             static_cast<double>(texts.size());
    if (asked.empty()) return ruled_out;
    pass(engine, asked);  // warms up
    const double ask = pass(engine, asked);
    return ruled_out + ask * static_cast<double>(asked.size()) / static_cast<double>(texts.size());
  }

  double pass(const match::Confirmer& engine, const std::vector<std::string_view>& texts) {
    const auto begun = Clock::now();
    std::size_t questions = 0;
    double taken = 0;
    do {
      for (const std::string_view text : texts) {
        static_cast<void>(engine.test(text, scratch_, &groups_));
        ++questions;
        taken = nanoseconds_since(begun);
        if (taken > std::chrono::duration<double, std::nano>(kTooLong).count()) break;
      }
      taken = nanoseconds_since(begun);
    } while (taken < std::chrono::duration<double, std::nano>(kLongEnough).count());
    return taken / static_cast<double>(questions);
  }

  static constexpr double kMost = std::chrono::duration<double, std::nano>(kMostAsking).count();

  const std::vector<Measurable>& patterns_;
  const rules::MailSample& sample_;
  SetCompiler& compiler_;
  Occurrences occurrences_;
  std::vector<match::Symbols> symbols_;
  std::map<std::vector<std::string>, Pool> pools_;
  std::vector<Wishes> wishes_;
  match::Scratch scratch_;
  std::vector<match::Group> groups_;
  const Clock::time_point begun_ = Clock::now();
};

}  // namespace

Measured measure(const std::vector<Measurable>& patterns, const rules::MailSample& sample,
                 SetCompiler& compiler) {
  return Measurement(patterns, sample, compiler).run();
}

}  // namespace headgate::back
