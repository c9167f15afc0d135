// A table that could not be opened must never look like an empty one: mail that it would have refused would pass.
// Tested by tests/tables/open_test.cc.
#include <string>
#include <utility>

#include <fmt/format.h>

#include "tables/open.h"

namespace headgate::tables {

namespace {

class UnavailableTable final : public Lookup {
 public:
  UnavailableTable(std::string name, Error reason)
      : name_(std::move(name)),
        error_{Code::unavailable, fmt::format("{} is unavailable. {}", name_, reason.text()), {}} {}

  Result<std::optional<Found>> find(std::string_view) override { return tl::unexpected(error_); }

  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  std::string name_;
  Error error_;
};

}  // namespace

std::unique_ptr<Lookup> unavailable_table(std::string_view spec, Error reason) {
  return std::make_unique<UnavailableTable>(std::string(spec), std::move(reason));
}

}  // namespace headgate::tables
