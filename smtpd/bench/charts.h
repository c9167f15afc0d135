// The report's drawings, each a self-contained <svg> with axes and units.
//   Threads   pure.       Errors  "" when there is nothing to draw.
#pragma once

#include <string>

#include "smtpd/bench/report.h"

namespace headgate::bench {

std::string throughput_chart(const TableReport& table);  // MB/s by engine, with the spread
std::string growth_chart(const TableReport& table);      // ns a byte by number of rules
std::string cost_chart(const TableReport& table);  // share of Postfix's time by the worst rules
std::string mix_chart(const TableReport& table);   // patterns by strategy

// The CSS class and the title of an engine, for legends.
std::string css_of(const std::string& engine);
std::string title_of(const std::string& engine);

}  // namespace headgate::bench
