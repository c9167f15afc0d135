// stress_status: the dial in the document of `headgate status` and in its text, and the requests "stress status",
// "stress on|off|auto [SERVICE]".
//   Form      of each service: "level", "why", "mode" (auto, on, off, or forced by master.cf), "waiting", "evictions",
//             "ends_in_seconds", "signals": [{"signal", "value", "unit", "stressed_at", "severe_at", "level"}], "changed":
//             [{"parameter", "calm", "stressed"}] while it is stressed, "left_out": [text]. Of the server: "refusals" by
//             cause, "clients" known good, struck and counted, "history": [{"when", "service", "from", "to", "why"}].
//   Errors    a request for a service that is not served, or whose stress master.cf forces: "error".
//   Threads   the loop's.        Source    docs/stress.md.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/base/error.h"
#include "smtpd/config/difference.h"
#include "smtpd/stress/house.h"

namespace headgate::session {
class Front;
}

namespace headgate::cli {

struct ServiceInfo {
  std::string service;                       // as in master.cf
  std::string name;                          // canonical: "25"
  std::int64_t slots_in_use = 0, slots = 0;  // 0 slots: unlimited
  bool stressed = false;
  int level = 0;
  std::string why{}, mode{};
  std::size_t waiting = 0;
  std::uint64_t evictions = 0;
  std::int64_t ends_in_seconds = -1;  // not known
  std::vector<stress::SignalView> signals{};
  std::vector<config::ChangedParameter> changed{};
  std::vector<std::string> left_out{};
};

struct HouseInfo {
  std::vector<std::pair<std::string, std::uint64_t>> refusals;
  stress::Reputation::Sizes clients;
  std::size_t counted = 0;
  std::vector<stress::Change> history;
};

ServiceInfo service_info(session::Front& front, Env& env, const stress::House& house);
HouseInfo house_info(const stress::House& house);

nlohmann::json stress_json(const ServiceInfo& service);
nlohmann::json stress_json(const HouseInfo& house);

// For people; `document` is that of `headgate status`.
std::string stress_text(const nlohmann::json& document);

// "stress on smtp" done: the answer, a document {"services": […]} or {"error": text}.
std::string answer_stress(const std::string& request, const std::vector<session::Front*>& fronts);

}  // namespace headgate::cli
