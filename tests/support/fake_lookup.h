// FakeLookup: a Lookup from a function or from a list of (substring, value), and one that always
// fails.
//   Threads   one owner.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/lookup.h"

namespace headgate::support {

class FakeLookup final : public Lookup {
 public:
  using Answer = std::function<Result<std::optional<std::string>>(std::string_view key)>;

  FakeLookup(std::string name, Answer answer)
      : name_(std::move(name)), answer_(std::move(answer)) {}

  // The first rule whose text occurs in the key answers; the rule's number is its line.
  FakeLookup(std::string name, std::vector<std::pair<std::string, std::string>> rules)
      : name_(std::move(name)), rules_(std::move(rules)) {}

  Result<std::optional<Found>> find(std::string_view key) override {
    keys.emplace_back(key);
    if (answer_) {
      auto value = answer_(key);
      if (!value) return tl::unexpected(value.error());
      if (!*value) return std::nullopt;
      return found(std::move(**value), 0);
    }
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (key.find(rules_[i].first) != std::string_view::npos)
        return found(rules_[i].second, static_cast<int>(i + 1));
    }
    return std::nullopt;
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] bool whole_key_only() const override { return true; }

  std::vector<std::string> keys;  // what was asked, in order

 private:
  [[nodiscard]] std::optional<Found> found(std::string value, int line) const {
    return Found{std::move(value), name_, line};
  }

  std::string name_;
  Answer answer_;
  std::vector<std::pair<std::string, std::string>> rules_;
};

}  // namespace headgate::support
