// The configuration that headgate carries inside for a start without a configuration directory: it listens on loopback
// only and delivers everything to a Maildir below the working directory; nothing ever leaves the machine.
//   Form      the text of a main.cf and a master.cf, read by the same parsers as an admin's.
#pragma once

#include <string_view>

namespace headgate::config {

inline constexpr std::string_view kEmbeddedMain =
    "compatibility_level = 3.6\n"
    "queue_directory = ./headgate-spool\n"
    "mail_owner =\n"
    "\n"
    "# Loopback clients only; no destination is refused to them, because every destination is the "
    "Maildir.\n"
    "inet_interfaces = loopback-only\n"
    "mynetworks = 127.0.0.0/8\n"
    "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n"
    "local_recipient_maps =\n"
    "\n"
    "# Every transport is the virtual delivery agent; every address has the mailbox ./Maildir/.\n"
    "default_transport = virtual\n"
    "local_transport = virtual\n"
    "relay_transport = virtual\n"
    "virtual_mailbox_base = .\n"
    "virtual_mailbox_maps = static:Maildir/\n";

inline constexpr std::string_view kEmbeddedMaster =
    "# service      type private unpriv chroot wakeup maxproc command\n"
    "127.0.0.1:2525 inet n       -      n      -      20      smtpd\n";

}  // namespace headgate::config
