// Tested by json_log_test.
#include "smtpd/observe/json_log.h"

#include <unistd.h>

#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "smtpd/observe/maillog.h"

namespace headgate::observe {
namespace {

std::string utc(WallTime wall) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(wall);
  const auto fraction = std::chrono::duration_cast<std::chrono::microseconds>(
      wall - std::chrono::floor<std::chrono::seconds>(wall));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     fraction.count());
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
    case Level::fatal:
      return "fatal";
  }
  return "info";
}

}  // namespace

std::string json_line(const Event& event, std::string_view host, WallTime wall) {
  nlohmann::ordered_json json;
  json["time"] = utc(wall);
  json["host"] = host;
  json["program"] = program_name(event.program);
  if (event.number != 0)
    json["session"] = event.number;
  else
    json["pid"] = getpid();
  json["level"] = name_of(event.level);
  if (!event.kind.empty()) json["event"] = event.kind;
  for (const Field& field : event.fields) {
    std::visit([&](const auto& value) { json[std::string(field.name)] = value; }, field.value);
  }
  json["text"] = event.text;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<std::unique_ptr<JsonLog>> JsonLog::open(std::string path, std::string host, const Env& env) {
  TRY(file, LogFile::open(std::move(path)));
  return over(std::move(host), env, std::move(file));
}

std::unique_ptr<JsonLog> JsonLog::over(std::string host, const Env& env,
                                       std::unique_ptr<LogFile> file) {
  return std::unique_ptr<JsonLog>(new JsonLog(std::move(host), env, std::move(file)));
}

void JsonLog::write(const Event& event) {
  file_->write(json_line(event, host_, env_.wall()) + '\n', event.level != Level::info);
}

}  // namespace headgate::observe
