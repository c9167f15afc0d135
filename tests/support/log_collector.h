// LogCollector: an EventSink that keeps what was logged, as text with the level's word in front of warnings.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "engine/base/event.h"

namespace headgate::testing_support {

class LogCollector final : public EventSink {
 public:
  void write(const Event& event) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.push_back((event.level == Level::warning ? "warning: " : "") + event.text);
    events_.push_back(event);
  }

  [[nodiscard]] std::vector<Event> events() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return events_;
  }

  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

  void clear() {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.clear();
    events_.clear();
  }

  // How many lines contain `part`.
  [[nodiscard]] int count(std::string_view part) const {
    int found = 0;
    for (const std::string& line : lines()) found += line.find(part) != std::string::npos ? 1 : 0;
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::vector<Event> events_;
};

}  // namespace headgate::testing_support
