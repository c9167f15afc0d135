// Tested by tests/smtpd/config/load_test.cc.
#include "smtpd/config/dictionary.h"

#include "smtpd/config/expand.h"
#include "smtpd/config/params.h"

namespace headgate::config {

const Setting* Dictionary::find(std::string_view name) const {
  for (const Layer* layer : layers_) {
    if (const auto found = layer->find(name); found != layer->end()) return &found->second;
  }
  return nullptr;
}

std::optional<std::string_view> Dictionary::value(std::string_view name) const {
  if (const Setting* setting = find(name)) return setting->value;
  return default_of(name);
}

Result<std::string> Dictionary::expand_text(std::string_view text) const {
  return expand(text, [this](std::string_view name) { return value(name); });
}

Result<std::string> Dictionary::expanded(std::string_view name) const {
  const auto unexpanded = value(name);
  if (!unexpanded) return std::string();
  auto result = expand_text(*unexpanded);
  if (!result) {
    if (const Setting* setting = find(name))
      result.error().where = place(setting->file, setting->line);
  }
  return result;
}

}  // namespace headgate::config
