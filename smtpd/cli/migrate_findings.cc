// Tested by tests/smtpd/cli/migrate_directory_test.cc.
#include "smtpd/cli/migrate_findings.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "smtpd/config/params.h"

namespace headgate::cli {

namespace {

struct KnownService {
  std::string_view command, text;
};

// What stands in a master.cf as Debian ships it, and what becomes of it.
constexpr auto kServices = std::to_array<KnownService>({
    {"anvil", "the limits on clients are kept by the server itself"},
    {"bounce", "there are no bounces yet: a message that cannot be delivered goes to hold"},
    {"cleanup", "the server does its work; -o settings of the entry are followed"},
    {"discard", "not needed"},
    {"error", "not needed"},
    {"flush", "there is no ETRN flush; the queue manager retries by itself"},
    {"local", "the server delivers to Maildirs; no aliases, no .forward"},
    {"pickup", "mail of local programs must come by SMTP"},
    {"postlogd", "maillog_file is written by the server itself"},
    {"proxymap", "not needed: tables are shared by the server's threads"},
    {"qmgr", "the server does its work"},
    {"scache", "not needed"},
    {"showq", "`headgate status` shows the server"},
    {"smtp",
     "the server does its work, with main.cf's settings: -o settings of the entry are not "
     "followed"},
    {"tlsmgr", "the server does its work"},
    {"trivial-rewrite", "the server does its work; addresses are not completed"},
    {"verify", "address probes are not made"},
    {"virtual", "the server delivers to Maildirs"},
});

MigrationFinding parameter(const config::Source& source, const std::string& name,
                           const config::Setting& setting, bool is_unused) {
  MigrationFinding finding;
  finding.where = config::place(setting.file, setting.line);
  finding.what = name;
  const config::Param* param = config::find_param(name);
  if (param != nullptr && param->state == config::State::differs) {
    finding.kind = FindingKind::differs;
    finding.text = param->note;
  } else if (param != nullptr ? param->state == config::State::later
                              : config::is_built_in(source, name)) {
    finding.kind = FindingKind::unused;
  } else if (is_unused) {
    finding.kind = FindingKind::unknown;
    finding.text = "nothing reads it: a typing error, or something of another program's";
  }
  return finding;
}

MigrationFinding service(const config::MasterEntry& entry) {
  MigrationFinding finding;
  finding.where = config::place(entry.file, entry.line);
  finding.what = fmt::format("{}/{} {}", entry.name(), entry.type(), entry.command);
  if (entry.command == "smtpd" && entry.type() != "unix") return finding;
  const auto known = std::find_if(kServices.begin(), kServices.end(), [&](const KnownService& row) {
    return row.command == entry.command;
  });
  if (known != kServices.end() && entry.type() != "inet") {
    finding.kind =
        known->text.starts_with("the server does its work") || known->text.starts_with("not needed")
            ? FindingKind::carried
            : FindingKind::differs;
    finding.text = known->text;
    return finding;
  }
  finding.kind = FindingKind::unsupported;
  finding.text = entry.type() == "inet"
                     ? fmt::format("{} is not served: leave that port to Postfix", entry.command)
                     : fmt::format(
                           "there is no {}: mail for this transport must leave by SMTP to whatever "
                           "runs it",
                           entry.command);
  return finding;
}

// Where local mail goes to, if that is a file and no Maildir.
std::optional<MigrationFinding> mailboxes(const config::Source& source) {
  for (const char* name : {"home_mailbox", "mail_spool_directory"}) {
    const auto setting = source.main.find(name);
    const bool is_set = setting != source.main.end() && !setting->second.value.empty();
    if (is_set && setting->second.value.ends_with('/')) return std::nullopt;
    if (!is_set && name == std::string_view("home_mailbox")) continue;
    return MigrationFinding{
        FindingKind::unsupported,
        is_set ? config::place(setting->second.file, setting->second.line) : "not set", name,
        "mailboxes of local users are files: here they are Maildirs, and local mail is deferred "
        "until home_mailbox (or mail_spool_directory) ends in /"};
  }
  return std::nullopt;
}

}  // namespace

std::string_view title_of(FindingKind kind) {
  switch (kind) {
    case FindingKind::carried:
      return "Carries over as it is";
    case FindingKind::changed:
      return "Written differently";
    case FindingKind::differs:
      return "Differs from Postfix";
    case FindingKind::unused:
      return "Known, changes nothing here yet";
    case FindingKind::unsupported:
      return "Not supported: something to do";
    case FindingKind::unknown:
      return "Unknown";
    case FindingKind::failed:
      break;
  }
  return "Could not be carried over";
}

std::vector<MigrationFinding> findings_of(const config::Source& source) {
  std::vector<MigrationFinding> findings;
  const config::NameAudit audit = config::audit_names(source);
  for (const auto& [name, setting] : source.main)
    findings.push_back(parameter(source, name, setting, audit.unused.contains(name)));
  // What is not set and has another default here.
  for (const config::Param& param : config::params()) {
    if (param.state != config::State::other_default || source.main.contains(param.name) ||
        param.name == "queue_directory")  // see below
      continue;
    findings.push_back(
        {FindingKind::differs, "not set", std::string(param.name), std::string(param.note)});
  }
  const auto queue = source.main.find("queue_directory");
  findings.push_back({FindingKind::unsupported,
                      queue == source.main.end()
                          ? std::string("not set")
                          : config::place(queue->second.file, queue->second.line),
                      "queue_directory",
                      "is Postfix's own: give headgate another one before it is started, its queue "
                      "has another format"});
  if (auto finding = mailboxes(source)) findings.push_back(std::move(*finding));
  for (const config::MasterEntry& entry : source.entries) {
    findings.push_back(service(entry));
    for (const config::NameValue& setting : entry.overrides) {
      const config::Param* param = config::find_param(setting.name);
      if (param == nullptr || param->state != config::State::differs) continue;
      findings.push_back({FindingKind::differs, config::place(entry.file, entry.line),
                          "-o " + setting.name, std::string(param->note)});
    }
  }
  for (const auto* list : {&audit.undefined, &audit.unused_services})
    for (const Diagnostic& diagnostic : *list)
      findings.push_back({FindingKind::unknown, diagnostic.file, "", diagnostic.text});
  return findings;
}

}  // namespace headgate::cli
