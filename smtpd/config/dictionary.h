// Dictionary: a name's value as one service sees it: the first layer that sets it, else the default.
//   Lifetime  borrows its layers, which must outlive it.        Threads  read only.
//   Errors    Code::invalid, `what` is the expansion's or the type's complaint, `where` the place of the setting.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/config/main_cf.h"

namespace headgate::config {

class Dictionary {
 public:
  // First layer first: -o of the service, stress, the command line, main.cf, the computed defaults.
  explicit Dictionary(std::vector<const Layer*> layers) : layers_(std::move(layers)) {}

  // The setting itself, null when only a default applies.
  [[nodiscard]] const Setting* find(std::string_view name) const;

  // Unexpanded; nothing when nobody defines it.
  [[nodiscard]] std::optional<std::string_view> value(std::string_view name) const;

  [[nodiscard]] Result<std::string> expanded(std::string_view name) const;
  [[nodiscard]] Result<std::string> expand_text(std::string_view text) const;

 private:
  std::vector<const Layer*> layers_;
};

}  // namespace headgate::config
