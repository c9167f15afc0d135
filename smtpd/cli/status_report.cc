// Tested by tests/smtpd/cli/status_report_test.cc.
#include "smtpd/cli/status_report.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "smtpd/cli/time_text.h"

namespace headgate::cli {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kShownAction = 60;

Json table_json(const TableInfo& table, bool with_rules) {
  Json json = {{"table", table.name}, {"loaded", unix_time(table.loaded)}};
  if (!table.problem.empty()) json["problem"] = table.problem;
  if (!table.is_program) return json;
  json["rules"] = table.rules;
  json["emergency_rules"] = table.emergency_rules;
  json["patterns"] = {{"literal", table.literal},      {"bytes", table.bytes},
                      {"name", table.name_dispatched}, {"native", table.native},
                      {"prefilter", table.prefilter},  {"confirm_only", table.confirm_only}};
  json["databases"] = table.databases;
  json["database_bytes"] = table.database_bytes;
  if (!table.without_database.empty()) json["without_database"] = table.without_database;
  if (!with_rules) return json;
  json["counts"] = Json::array();
  for (const rules::RuleCount& count : table.counts) {
    json["counts"].push_back({{"line", count.line},
                              {"hits", count.hits},
                              {"bytes", count.bytes},
                              {"last_hit", count.last_hit},
                              {"action", count.value}});
  }
  return json;
}

std::string duration(std::int64_t seconds) {
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds / 3600 % 24);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 10240) return fmt::format("{} bytes", bytes);
  if (bytes < 10U << 20U) return fmt::format("{} KiB", bytes >> 10U);
  return fmt::format("{} MiB", bytes >> 20U);
}

// Columns as wide as their widest cell; numbers to the right.
class Columns {
 public:
  explicit Columns(std::string_view alignment) : alignment_(alignment), width_(alignment.size()) {}

  void add(std::vector<std::string> row) {
    for (std::size_t i = 0; i < row.size(); ++i) width_[i] = std::max(width_[i], row[i].size());
    rows_.push_back(std::move(row));
  }

  [[nodiscard]] std::string text() const {
    std::string text;
    for (const std::vector<std::string>& row : rows_) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) {
        line += "  ";
        line += alignment_[i] == '>' ? fmt::format("{:>{}}", row[i], width_[i])
                                     : fmt::format("{:<{}}", row[i], width_[i]);
      }
      text += std::string(text::trim_right(line)) + '\n';
    }
    return text;
  }

 private:
  std::string_view alignment_;
  std::vector<std::size_t> width_;
  std::vector<std::vector<std::string>> rows_;
};

std::string services_text(const Json& services) {
  Columns columns("<<>><");
  columns.add({"service", "port", "in use", "slots", "stress"});
  for (const Json& service : services) {
    const auto slots = service.at("slots").get<std::int64_t>();
    columns.add({service.at("service").get<std::string>(), service.at("name").get<std::string>(),
                 std::to_string(service.at("slots_in_use").get<std::int64_t>()),
                 slots == 0 ? "any" : std::to_string(slots),
                 service.at("stress").get<std::string>()});
  }
  return columns.text();
}

std::string roles_text(const Json& document) {
  Columns columns("<>>>>");
  columns.add({"role", "process", "generation", "restarts", "up"});
  for (const Json& role : document.at("roles")) {
    const auto number = [&role](const char* name) { return role.at(name).get<std::int64_t>(); };
    columns.add({role.at("role").get<std::string>(),
                 number("pid") == 0 ? "none" : std::to_string(number("pid")),
                 std::to_string(number("generation")), std::to_string(number("restarts")),
                 duration(number("uptime_seconds"))});
  }
  const Json& queue = document.at("queue");
  return columns.text() + fmt::format("\n  queue: {} active, {} waiting\n",
                                      queue.at("active").get<std::int64_t>(),
                                      queue.at("waiting").get<std::int64_t>());
}

std::string table_text(const Json& table) {
  std::string text = fmt::format("{}\n  loaded {}", table.at("table").get<std::string>(),
                                 local_time(table.at("loaded").get<std::int64_t>()));
  if (table.contains("rules")) {
    const Json& patterns = table.at("patterns");
    text += fmt::format("; {} rules", table.at("rules").get<std::size_t>());
    if (const auto marked = table.at("emergency_rules").get<std::size_t>(); marked != 0)
      text += fmt::format(" ({} under stress)", marked);
    std::string mix;
    for (const auto* kind : {"literal", "bytes", "name", "native", "prefilter", "confirm_only"}) {
      const auto count = patterns.at(kind).get<std::size_t>();
      if (count == 0) continue;
      const std::string_view name =
          kind == std::string_view("confirm_only") ? "confirm-only" : kind;
      mix += fmt::format("{}{} {}", mix.empty() ? "" : ", ", count, name);
    }
    if (!mix.empty()) text += "; patterns: " + mix;
    text += '\n';
    const auto databases = table.at("databases").get<std::size_t>();
    if (databases != 0) {
      text += fmt::format("  {} database{}, {}", databases, databases == 1 ? "" : "s",
                          size_text(table.at("database_bytes").get<std::uint64_t>()));
    } else {
      text += fmt::format("  matching without a database because {}",
                          table.value("without_database", std::string("no pattern needs one")));
    }
  }
  text += '\n';
  if (table.contains("problem")) {
    const bool never = table.at("loaded").get<std::int64_t>() == 0;
    text += fmt::format("  {}: {}\n", never ? "each lookup fails" : "the last good one; its file",
                        table.at("problem").get<std::string>());
  }
  return text;
}

struct RuleRow {
  std::string table;
  Json count;
};

std::string rules_text(const Json& tables, RuleOrder order) {
  std::vector<RuleRow> rows;
  for (const Json& table : tables) {
    if (!table.contains("counts")) continue;
    for (const Json& count : table.at("counts"))
      rows.push_back({table.at("table").get<std::string>(), count});
  }
  const auto hits = [](const RuleRow& row) { return row.count.at("hits").get<std::uint64_t>(); };
  if (order == RuleOrder::by_hits) {
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const RuleRow& a, const RuleRow& b) { return hits(a) > hits(b); });
  }
  Columns columns("<>>>><");
  columns.add({"table", "line", "hits", "bytes", "last hit", "action"});
  for (const RuleRow& row : rows) {
    std::string action = row.count.at("action").get<std::string>();
    if (action.size() > kShownAction) action = action.substr(0, kShownAction - 3) + "...";
    columns.add(
        {row.table, std::to_string(row.count.at("line").get<int>()), std::to_string(hits(row)),
         std::to_string(row.count.at("bytes").get<std::uint64_t>()),
         local_time(row.count.at("last_hit").get<std::int64_t>()), text::printable(action)});
  }
  return columns.text();
}

std::string loops_text(const Json& loops) {
  if (loops.size() < 2) return {};
  std::string sessions;
  for (const Json& count : loops)
    sessions += fmt::format("{}{}", sessions.empty() ? "" : ", ", count.get<std::size_t>());
  return fmt::format("\n  sessions on each event loop: {}\n", sessions);
}

std::string document_text(const Json& document, RuleOrder rules) {
  std::string text =
      fmt::format("headgate {}, process {}, up {}\n\n", document.at("version").get<std::string>(),
                  document.at("pid").get<std::int64_t>(),
                  duration(document.at("uptime_seconds").get<std::int64_t>()));
  if (document.contains("roles")) text += roles_text(document) + '\n';
  text += services_text(document.at("services")) +
          loops_text(document.value("event_loops", Json::array())) + '\n' + stress_text(document);
  for (const Json& table : document.at("tables")) text += '\n' + table_text(table);
  if (rules != RuleOrder::none) text += '\n' + rules_text(document.at("tables"), rules);
  return text;
}

}  // namespace

std::string status_json(const ServerStatus& status) {
  Json document = {{"version", status.version},
                   {"pid", status.pid},
                   {"uptime_seconds", status.uptime_seconds},
                   {"services", Json::array()},
                   {"tables", Json::array()}};
  for (const ServiceInfo& service : status.services) {
    Json row = {{"service", service.service},
                {"name", service.name},
                {"slots_in_use", service.slots_in_use},
                {"slots", service.slots},
                {"stress", service.stressed ? "stressed" : "calm"}};
    row.update(stress_json(service));
    document["services"].push_back(std::move(row));
  }
  document["stress"] = stress_json(status.house);
  for (const RoleInfo& role : status.roles) {
    document["roles"].push_back({{"role", role.role},
                                 {"pid", role.pid},
                                 {"generation", role.generation},
                                 {"restarts", role.restarts},
                                 {"uptime_seconds", role.uptime_seconds}});
  }
  document["event_loops"] = status.loops;
  document["queue"] = {{"waiting", status.queue_waiting}, {"active", status.queue_active}};
  for (const TableInfo& table : status.tables)
    document["tables"].push_back(table_json(table, status.with_rules));
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Result<std::string> status_text(const std::string& document, RuleOrder rules) {
  try {
    return document_text(Json::parse(document), rules);
  } catch (const Json::exception&) {
    return fail(Code::corrupt, "the server's answer is not what this version expects");
  }
}

}  // namespace headgate::cli
