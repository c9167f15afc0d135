// Sentences and lines of text about a Report: what the terminal shows, and what the page says above its drawings.
//   Threads   pure.
#pragma once

#include <string>
#include <vector>

#include "smtpd/bench/report.h"

namespace headgate::bench {

std::string as_text(const Report& report);

// "headgate: 8.3 MB/s of body lines, 13 times as fast as Postfix's way (0.65 MB/s)."
std::string headline(const TableReport& table);

// MB/s of Postfix's way; 0 when it was not measured.
double postfix_rate(const TableReport& table);

// "312 rules (lines 4 to 315) begin alike: put them between `if /^Subject:/` and `endif`: …"
std::string advice_text(const Advice& advice);
bool is_worth_it(const Advice& advice);

// What there is to say about an engine's figure: "4 patterns left out", "a sample of 4,072 texts".
std::string remarks(const EngineRun& run);

// The tests that cost Postfix most, first.
std::vector<RuleRow> dearest(const TableReport& table, std::size_t most);

// Those that cost headgate most; only such as cost it anything.
std::vector<RuleRow> dearest_here(const TableReport& table, std::size_t most);

std::string bytes_text(std::size_t bytes);    // "1.4 MB"
std::string seconds_text(double seconds);     // "230 ms"
std::string texts_name(peers::KeyKind kind);  // "headers", "body lines"

}  // namespace headgate::bench
