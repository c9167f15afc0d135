// measure: how often what patterns need occurs in a sample of mail, and how long their reference engines take over the texts
// that have it: Figures for choose_scan.
//   Units     as in costs.h.        Lifetime  the Figures borrow from the Measured that they are of; moving it is fine.
//   Threads   one owner.            Errors    none: what could not be counted or timed is left to the guess.
//   Cost      a scan of the sample, and some hundred questions a pattern, kMostAsking in all.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include "compiler/back/costs.h"
#include "compiler/back/database.h"
#include "engine/match/confirm.h"
#include "engine/rules/mail_sample.h"

namespace headgate::back {

constexpr std::chrono::seconds kMostAsking{20};

struct Measurable {
  const analyse::Plan* plan = nullptr;
  const match::Confirmer* engine = nullptr;
};

struct Measured {
  std::deque<MailShapes> mail;  // all texts; headers of the names that some patterns ask for
  std::vector<std::optional<Figures>>
      figures;  // by pattern; nullopt: no text of its kind was there

  [[nodiscard]] const Figures* of(std::size_t pattern) const {
    return pattern < figures.size() && figures[pattern] ? &*figures[pattern] : nullptr;
  }
};

Measured measure(const std::vector<Measurable>& patterns, const rules::MailSample& sample,
                 SetCompiler& compiler);

}  // namespace headgate::back
