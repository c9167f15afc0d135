// The words that a result may begin with, and the nearest of them to one that is none.
//   Threads   pure.     Source    header_checks(5), access(5).
#pragma once

#include <string>
#include <string_view>

namespace headgate::checks {

bool is_check_word(std::string_view word);  // REJECT, DUNNO …: of header_checks(5)
bool is_access_word(
    std::string_view word);  // … and what only access(5) has: DEFER, 550, permit, reject_…

// The action that `word` was likely meant to be, in capitals; "" when none is near.
std::string nearest_word(std::string_view word);

// Up to the first space or tab.
std::string_view first_word(std::string_view value);

}  // namespace headgate::checks
