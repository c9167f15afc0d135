// fill_settings(): a Dictionary's text values as typed Settings; check_relay_safety(): what must hold before a server
// may start on them.
//   Errors    every bad value is a fatal Diagnostic with Postfix's text and the setting's place; nothing is guessed.
#pragma once

#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/error.h"
#include "smtpd/config/dictionary.h"
#include "smtpd/config/settings.h"

namespace headgate::config {

SettingsPtr fill_settings(const Dictionary& dictionary, std::vector<Diagnostic>& errors);

// An smtpd service's: what cleanup alone reads (is_cleanup_param) as `cleanup` sees it, all else as `smtpd` does, and in
// Settings::cleanup what both read as `cleanup` sees it.
SettingsPtr fill_settings(const Dictionary& smtpd, const Dictionary& cleanup,
                          std::vector<Diagnostic>& errors);

// Postfix's rule: the relay and recipient restrictions together must hold a restriction that stops strangers.
Result<void> check_relay_safety(const Settings& settings);

// A restriction of the relay or the recipient list stops strangers from relaying: itself or in a restriction class.
bool has_relay_control(const Settings& settings);

}  // namespace headgate::config
