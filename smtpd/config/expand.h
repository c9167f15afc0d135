// expand(): $name, ${name?{a}:{b}}, ${{a} == {b} ? {c} : {d}} and their relatives, as main.cf values have them.
//   Grammar   smtpd.md §1.2. An unbraced arm swallows everything up to the closer: ${x?yes:no} yields "yes:no".
//   Errors    Code::invalid with Postfix's warning as text ("truncated macro reference: \"${x\""). An undefined name is
//             empty and no error.
//   Lifetime  borrows everything for the call.        Threads  pure.
//   Source    postconf(5), mac_expand(3) of Postfix.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace headgate::config {

// The unexpanded value of a parameter, or nothing when it is not defined.
using ParameterLookup = std::function<std::optional<std::string_view>(std::string_view name)>;

// Expands `text` and, recursively, the values it names.
Result<std::string> expand(std::string_view text, const ParameterLookup& lookup);

// Calls `visit` with each name that `text` mentions, in every arm, taken or not; values are not followed.
Result<void> visit_names(std::string_view text, const std::function<void(std::string_view)>& visit);

}  // namespace headgate::config
