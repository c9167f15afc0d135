// Tested by status_report_test, tests/e2e/status_test.py and stress_command_test.py.
#include "smtpd/cli/stress_status.h"

#include <array>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "smtpd/cli/time_text.h"
#include "smtpd/session/front.h"

namespace headgate::cli {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 3> kLevels{"calm", "stressed", "severe"};

std::string mode_of(session::Front& front) {
  const session::Generation& generation = front.generation();
  if (!generation.policy.eligible) return "never";
  if (!generation.policy.switches)
    return generation.calm->settings->stress ? "forced on" : "forced off";
  switch (front.controller().mode()) {
    case stress::Mode::automatic:
      return "auto";
    case stress::Mode::on:
      return "on";
    case stress::Mode::off:
      return "off";
  }
  return "auto";
}

// What a client, or its message, goes without at this level.
std::vector<std::string> left_out_at(session::Front& front, int level) {
  std::vector<std::string> left_out;
  const session::Generation& generation = front.generation();
  if (level < stress::kStressed) return left_out;
  if (!generation.stressed->settings->stress_keeps_only_emergency_checks ||
      *generation.stressed->settings->stress_keeps_only_emergency_checks)
    left_out.emplace_back("rules without #@emergency, of tables that have some");
  if (level >= stress::kSevere && generation.stressed->settings->smtpd_peername_lookup &&
      !generation.stressed->needs_client_name)
    left_out.emplace_back("names of clients");
  return left_out;
}

std::string number(double value) {
  return value == static_cast<double>(static_cast<std::int64_t>(value))
             ? fmt::format("{:.0f}", value)
             : fmt::format("{:.1f}", value);
}

Json signal_json(const stress::SignalView& signal) {
  Json json = {{"signal", std::string(signal.name)},
               {"unit", std::string(signal.unit)},
               {"level", signal.level}};
  json["value"] = signal.value ? Json(*signal.value) : Json(nullptr);
  if (signal.thresholds.stressed > 0) json["stressed_at"] = signal.thresholds.stressed;
  if (signal.thresholds.severe > 0) json["severe_at"] = signal.thresholds.severe;
  return json;
}

std::string level_name(const Json& level) {
  const auto number = level.get<std::size_t>();
  return std::string(kLevels.at(std::min<std::size_t>(number, 2)));
}

std::string signal_text(const Json& signal) {
  std::string text = signal.at("signal").get<std::string>() + " ";
  if (signal.at("value").is_null()) return text + "not to be had";
  text += fmt::format("{} {}", number(signal.at("value").get<double>()),
                      signal.at("unit").get<std::string>());
  if (!signal.contains("stressed_at")) return text + " (no limit)";
  text += fmt::format(" (limit {}", number(signal.at("stressed_at").get<double>()));
  if (signal.contains("severe_at"))
    text += fmt::format(", severe {}", number(signal.at("severe_at").get<double>()));
  return text + "): " + level_name(signal.at("level"));
}

std::string service_text(const Json& service) {
  std::string text =
      fmt::format("  {} ({}): level {}, {}", service.at("service").get<std::string>(),
                  service.at("name").get<std::string>(), service.at("level").get<int>(),
                  level_name(service.at("level")));
  text += fmt::format("; {}; {}", service.at("mode").get<std::string>(),
                      service.at("why").get<std::string>());
  if (service.contains("ends_in_seconds"))
    text += fmt::format("; ends in {} s", service.at("ends_in_seconds").get<std::int64_t>());
  text += fmt::format("; {} waiting, {} made room\n", service.at("waiting").get<std::uint64_t>(),
                      service.at("evictions").get<std::uint64_t>());
  for (const Json& signal : service.at("signals")) text += "    " + signal_text(signal) + "\n";
  for (const Json& changed : service.at("changed"))
    text += fmt::format("    {}: {} -> {}\n", changed.at("parameter").get<std::string>(),
                        changed.at("calm").get<std::string>(),
                        changed.at("stressed").get<std::string>());
  for (const Json& left : service.at("left_out"))
    text += fmt::format("    left out: {}\n", left.get<std::string>());
  return text;
}

std::string house_text(const Json& house) {
  std::string refusals;
  for (const auto& [cause, count] : house.at("refusals").items()) {
    if (count.get<std::uint64_t>() == 0) continue;
    refusals +=
        fmt::format("{}{} {}", refusals.empty() ? "" : ", ", cause, count.get<std::uint64_t>());
  }
  const Json& clients = house.at("clients");
  std::string text = fmt::format(
      "  refused or sent away: {}\n  clients: {} known good, {} with strikes, {} counted\n",
      refusals.empty() ? "nobody" : refusals, clients.at("known_good").get<std::uint64_t>(),
      clients.at("struck").get<std::uint64_t>(), clients.at("counted").get<std::uint64_t>());
  for (const Json& change : house.at("history"))
    text += fmt::format("  {}  {}: level {} -> {}: {}\n",
                        local_time(change.at("when").get<std::int64_t>()),
                        change.at("service").get<std::string>(), change.at("from").get<int>(),
                        change.at("to").get<int>(), change.at("why").get<std::string>());
  return text;
}

std::optional<stress::Mode> mode_named(std::string_view word) {
  if (word == "on") return stress::Mode::on;
  if (word == "off") return stress::Mode::off;
  if (word == "auto") return stress::Mode::automatic;
  return std::nullopt;
}

std::string error_document(const std::string& text) {
  return Json({{"error", text}}).dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

ServiceInfo service_info(session::Front& front, Env& env, const stress::House& house) {
  const session::Generation& generation = front.generation();
  stress::Controller& controller = front.controller();
  ServiceInfo info;
  info.service = generation.policy.service;
  info.name = generation.policy.canonical;
  info.slots_in_use = front.slots().in_use();
  info.slots = front.slots().limit();
  info.level = controller.level();
  info.stressed = info.level >= stress::kStressed;
  info.why = controller.why();
  info.mode = mode_of(front);
  info.waiting = front.waiting();
  info.evictions = front.evictions();
  if (const std::optional<SteadyTime> end = controller.ends_at())
    info.ends_in_seconds = std::max<std::int64_t>(
        0, std::chrono::ceil<std::chrono::seconds>(*end - env.steady()).count());
  info.signals.push_back(controller.slots_view(front.slots()));
  for (const stress::SignalName signal : generation.policy.signals)
    info.signals.push_back(house.signals.view(signal));
  if (info.stressed)
    info.changed = config::difference(*generation.calm->settings, *generation.stressed->settings);
  info.left_out = left_out_at(front, info.level);
  return info;
}

HouseInfo house_info(const stress::House& house) {
  HouseInfo info;
  for (std::size_t i = 0; i < stress::kCauses.size(); ++i)
    info.refusals.emplace_back(stress::kCauses[i], house.tally.of(static_cast<stress::Cause>(i)));
  info.clients = house.reputation.sizes();
  info.counted = house.anvil.entries();
  info.history = house.history.all();
  return info;
}

Json stress_json(const ServiceInfo& service) {
  Json json = {{"level", service.level},         {"why", service.why},
               {"mode", service.mode},           {"waiting", service.waiting},
               {"evictions", service.evictions}, {"signals", Json::array()},
               {"changed", Json::array()},       {"left_out", service.left_out}};
  if (service.ends_in_seconds >= 0) json["ends_in_seconds"] = service.ends_in_seconds;
  for (const stress::SignalView& signal : service.signals)
    json["signals"].push_back(signal_json(signal));
  for (const config::ChangedParameter& changed : service.changed)
    json["changed"].push_back(
        {{"parameter", changed.name}, {"calm", changed.calm}, {"stressed", changed.stressed}});
  return json;
}

Json stress_json(const HouseInfo& house) {
  Json json = {{"refusals", Json::object()},
               {"clients",
                {{"known_good", house.clients.good},
                 {"struck", house.clients.struck},
                 {"counted", house.counted}}},
               {"history", Json::array()}};
  for (const auto& [cause, count] : house.refusals) json["refusals"][cause] = count;
  for (const stress::Change& change : house.history)
    json["history"].push_back({{"when", unix_time(change.when)},
                               {"service", change.service},
                               {"from", change.from},
                               {"to", change.to},
                               {"why", change.why}});
  return json;
}

std::string stress_text(const Json& document) {
  std::string text = "stress\n";
  for (const Json& service : document.at("services")) text += service_text(service);
  return text + house_text(document.at("stress"));
}

std::string answer_stress(const std::string& request, const std::vector<session::Front*>& fronts) {
  const std::vector<std::string> words = text::split_list(request);
  const std::optional<stress::Mode> mode =
      words.size() < 2 || words.size() > 3 ? std::nullopt : mode_named(words[1]);
  if (!mode) return error_document("unknown request");
  Json done = Json::array();
  for (session::Front* const front : fronts) {
    const stress::Policy& policy = front->generation().policy;
    if (words.size() == 3 && words[2] != policy.service && words[2] != policy.canonical) continue;
    if (!policy.switches) {
      if (words.size() == 3)
        return error_document(fmt::format("service {}: stress is {}", words[2], mode_of(*front)));
      continue;
    }
    front->controller().set_mode(*mode);
    done.push_back({{"service", policy.service},
                    {"name", policy.canonical},
                    {"level", front->controller().level()},
                    {"mode", mode_of(*front)},
                    {"why", front->controller().why()}});
  }
  if (done.empty())
    return error_document(words.size() == 3 ? fmt::format("no such service: {}", words[2])
                                            : "no service whose stress can be switched");
  return Json({{"services", done}}).dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace headgate::cli
