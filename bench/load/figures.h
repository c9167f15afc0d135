// Figures: what a load measured, and its JSON.
//   Units     seconds; percentiles by nearest rank.
//   Threads   one owner.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace headgate::load {

struct Figures {
  std::vector<double> transaction;   // from the intended beginning to the reply after the dot
  std::vector<double> conversation;  // from MAIL to the reply after the dot
  std::vector<double> greeting;      // from the connection's beginning to 220
  std::map<std::string, std::size_t>
      replies;  // how each transaction ended: "250", "451 after RCPT", "connection lost" …
  std::size_t accepted = 0, failed = 0;
  std::size_t most_sessions = 0;  // at once
  double seconds = 0;             // to the last reply after a dot
  double behind = 0;              // the most that a connection was opened after its time
};

// The smallest value that at least `percent` of the values do not exceed; 0 of none. Sorts.
double percentile(std::vector<double>& values, double percent);

std::string to_json(Figures& figures);

}  // namespace headgate::load
