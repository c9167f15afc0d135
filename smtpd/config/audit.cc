// How it works: a name is used when a value mentions it, in any arm, taken or not: a setting that only the stressed half
// of ${stress?…} needs is no typing error. Templates (is_raw) are not looked into.
// Tested by tests/smtpd/config/load_test.cc and, against the installed postconf, by postconf_test.py.
#include <set>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/config/expand.h"
#include "smtpd/config/params.h"
#include "smtpd/config/source.h"

namespace headgate::config {

namespace {

using Names = std::set<std::string, std::less<>>;

// A value that does not parse mentions nothing; it fails, with its place, where it is used.
void collect(std::string_view value, Names& names) {
  (void)visit_names(value, [&](std::string_view name) { names.emplace(name); });
}

Names mentioned_in(const Layer& layer) {
  Names names;
  for (const auto& [name, setting] : layer) {
    if (!is_raw(name)) collect(setting.value, names);
  }
  return names;
}

Names mentioned_in_defaults() {
  Names names;
  for (const Param& param : params()) {
    if (!is_raw(param.name)) collect(param.fallback, names);
  }
  for (const KnownParam& param : known_params()) {
    if (!is_raw(param.name)) collect(param.fallback, names);
  }
  return names;
}

class Audit {
 public:
  explicit Audit(const Source& source) : source_(source) {}

  NameAudit run() {
    const Names in_main = mentioned_in(source_.main);
    Names used = in_main;
    used.merge(mentioned_in_defaults());
    used.merge(mentioned_in(source_.overrides));
    used.merge(restriction_classes());
    Names used_by_services, in_services;
    for (const MasterEntry& entry : source_.entries) {
      const Layer layer = entry.layer();
      const Names in_entry = mentioned_in(layer);
      audit_entry(layer, in_entry, used);
      used_by_services.insert(in_entry.begin(), in_entry.end());
      for (const auto& [name, setting] : layer) in_services.insert(name);
    }
    Names needed = in_main;
    needed.merge(restriction_classes());
    for (const std::string& name : needed) {
      if (defined(name) || in_services.contains(name)) continue;
      undefined(source_.main_file, name);
    }
    for (const auto& [name, setting] : source_.main) {
      if (is_built_in(source_, name) || used.contains(name) || used_by_services.contains(name))
        continue;
      audit_.unused.insert(name);
      unused(source_.main_file, name, setting, audit_.unused_main);
    }
    return std::move(audit_);
  }

 private:
  // Each class wants a definition under its own name.
  [[nodiscard]] Names restriction_classes() const {
    const std::string classes =
        source_.dictionary().expanded("smtpd_restriction_classes").value_or(std::string());
    Names names;
    for (std::string& name : text::split_list(classes)) names.insert(std::move(name));
    return names;
  }

  void audit_entry(const Layer& layer, const Names& mentioned, const Names& used) {
    for (const std::string& name : mentioned) {
      if (defined(name) || layer.contains(name) || name == "service_name") continue;
      undefined(source_.master_file, name);
    }
    for (const auto& [name, setting] : layer) {
      if (is_built_in(source_, name) || mentioned.contains(name) || used.contains(name)) continue;
      unused(source_.master_file, name, setting, audit_.unused_services);
    }
  }

  [[nodiscard]] bool defined(const std::string& name) const {
    return is_built_in(source_, name) || source_.main.contains(name) ||
           source_.overrides.contains(name) || mentioned_by_default(name);
  }

  // Legacy names ($smtpd_per_record_deadline) live only in the defaults of their successors.
  [[nodiscard]] bool mentioned_by_default(const std::string& name) const {
    static const Names kNames = mentioned_in_defaults();
    return kNames.contains(name);
  }

  void undefined(const std::string& file, const std::string& name) {
    add({Severity::warning, fmt::format("{}: undefined parameter: {}", file, name), file},
        audit_.undefined);
  }

  static void unused(const std::string& file, const std::string& name, const Setting& setting,
                     std::vector<Diagnostic>& list) {
    add({Severity::warning, fmt::format("{}: unused parameter: {}={}", file, name, setting.value),
         setting.file, setting.line},
        list);
  }

  // Several services may make the same mistake; it is told once.
  static void add(Diagnostic diagnostic, std::vector<Diagnostic>& list) {
    for (const Diagnostic& earlier : list) {
      if (earlier.text == diagnostic.text) return;
    }
    list.push_back(std::move(diagnostic));
  }

  const Source& source_;
  NameAudit audit_;
};

}  // namespace

std::vector<Diagnostic> NameAudit::all() const {
  std::vector<Diagnostic> list = undefined;
  list.insert(list.end(), unused_main.begin(), unused_main.end());
  list.insert(list.end(), unused_services.begin(), unused_services.end());
  return list;
}

NameAudit audit_names(const Source& source) { return Audit(source).run(); }

}  // namespace headgate::config
