// Destinations: how many deliveries may be under way to one place, and whose turn is next. Pure.
// Round robin over the destinations that have work, so that one large queue does not starve the
// others; a destination where nobody answered is spared until its time is over.
//   Threads   one owner.     Cost  next() is O(destinations that are full), else O(log n).
//   Source    default_destination_concurrency_limit; "dead destinations skipped for
//   minimal_backoff" (smtpd.md §8).
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/env.h"

namespace headgate::queue {

template <class Job>
class Destinations {
 public:
  // `each`: per destination; `total`: over all. 0 = no limit.
  Destinations(std::size_t each, std::size_t total) : each_(each), total_(total) {}

  void limit_each(std::size_t each) { each_ = each; }

  void add(const std::string& key, Job job) {
    Place& place = places_[key];
    place.waiting.push_back(std::move(job));
    if (place.waiting.size() == 1) ring_.push_back(key);
  }

  // The next job that may start; its slot is taken until done().
  std::optional<Job> next() {
    if (total_ != 0 && under_way_ >= total_) return std::nullopt;
    for (std::size_t tries = ring_.size(); tries > 0; --tries) {
      std::string key = std::move(ring_.front());
      ring_.pop_front();
      Place& place = places_[key];
      if (each_ != 0 && place.under_way >= each_) {
        ring_.push_back(std::move(key));
        continue;
      }
      Job job = std::move(place.waiting.front());
      place.waiting.pop_front();
      ++place.under_way;
      ++under_way_;
      if (!place.waiting.empty()) ring_.push_back(std::move(key));
      return job;
    }
    return std::nullopt;
  }

  void done(const std::string& key) {
    const auto it = places_.find(key);
    if (it == places_.end() || it->second.under_way == 0) return;
    --it->second.under_way;
    --under_way_;
    if (it->second.under_way == 0 && it->second.waiting.empty() && it->second.reason.empty())
      places_.erase(it);
  }

  // Nobody there: until then, deliveries need not even try.
  void spare(const std::string& key, SteadyTime now, SteadyTime until, std::string reason) {
    std::erase_if(places_, [now](const auto& entry) {
      return entry.second.waiting.empty() && entry.second.under_way == 0 &&
             entry.second.spared_until <= now;
    });
    Place& place = places_[key];
    place.spared_until = until;
    place.reason = reason.empty() ? "destination unavailable" : std::move(reason);
  }

  // The reason, while the destination is spared.
  std::optional<std::string> spared(const std::string& key, SteadyTime now) {
    const auto it = places_.find(key);
    if (it == places_.end() || it->second.reason.empty()) return std::nullopt;
    if (now < it->second.spared_until) return it->second.reason;
    it->second.reason.clear();
    return std::nullopt;
  }

  void spare_none() {
    for (auto& [key, place] : places_) place.reason.clear();
  }

  [[nodiscard]] std::size_t under_way() const { return under_way_; }

 private:
  struct Place {
    std::deque<Job> waiting;
    std::size_t under_way = 0;
    SteadyTime spared_until{};
    std::string reason;  // not empty: spared
  };

  std::size_t each_, total_;
  std::size_t under_way_ = 0;
  std::map<std::string, Place> places_;
  std::deque<std::string> ring_;  // the keys that have waiting jobs, next turn first
};

}  // namespace headgate::queue
