// A Confirmer that answers as told and counts the questions.
#pragma once

#include <string>

#include "engine/match/confirm.h"

namespace headgate::rules {

class FakeConfirmer final : public match::Confirmer {
 public:
  explicit FakeConfirmer(match::Answer answer) : answer_(answer) {}

  match::Outcome test(std::string_view subject, match::Scratch&,
                      std::vector<match::Group>* groups) const override {
    ++asked;
    if (groups != nullptr) *groups = {{0, subject.size()}, {0, 1}};
    return {answer_, answer_ == match::Answer::failed ? "it broke" : ""};
  }

  [[nodiscard]] std::size_t group_count() const override { return 1; }

  mutable int asked = 0;

 private:
  match::Answer answer_;
};

}  // namespace headgate::rules
