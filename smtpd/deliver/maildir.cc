// A reader of the Maildir sees only new/, and what is in new/ was fsynced before: so neither a reader nor a power cut
// can meet half a message. The queue strikes the recipient only after new/ itself was fsynced.
// Tested by tests/smtpd/deliver/maildir_test.cc.
#include "smtpd/deliver/maildir.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "smtpd/proto/address.h"

namespace headgate::deliver {

namespace {

constexpr std::size_t kMailboxNameBytes = 200;

// mkdir -p; what is new is made durable in its parent.
Result<void> make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0700) == 0) {
      const std::size_t parent = part.rfind('/');
      TRY_OK(sync_directory(parent == std::string::npos ? "."
                            : parent == 0               ? "/"
                                                        : part.substr(0, parent)));
    } else if (errno != EEXIST) {
      return fail_errno("create directory", part, errno);
    }
    if (slash == std::string::npos) return {};
  }
}

Result<void> make_maildir(const std::string& directory) {
  for (const char* part : {"/tmp", "/new", "/cur"}) TRY_OK(make_directories(directory + part));
  return {};
}

Result<void> write_message(int fd, const std::string& path, const MaildirItem& item,
                           const queue::QueueFile& file) {
  std::string pending = item.headers;
  queue::ContentReader content = file.content();
  for (;;) {
    TRY(chunk, content.next());
    if (chunk.empty()) break;
    pending.append(chunk);
    TRY_OK(write_all(fd, pending, path));
    pending.clear();
  }
  TRY_OK(write_all(fd, pending, path));
  if (::fsync(fd) != 0) return fail_errno("fsync", path, errno);
  return {};
}

// Never over another message. File systems that do not know RENAME_NOREPLACE get the unique name's word for it.
Result<void> publish(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if ((errno == EINVAL || errno == ENOSYS) && ::rename(from.c_str(), to.c_str()) == 0) return {};
  return fail_errno("rename", from, errno);
}

std::string without_trailing_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

bool climbs(std::string_view path) {
  const auto parts = text::split(path, "/");
  return std::any_of(parts.begin(), parts.end(),
                     [](std::string_view part) { return part == ".."; });
}

}  // namespace

std::string unique_name(WallTime now, std::uint64_t number, std::string_view hostname) {
  const auto us =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  std::string host;
  for (const char c : hostname) host += c == '/' ? "\\057" : c == ':' ? "\\072" : std::string(1, c);
  return fmt::format("{}.M{}P{}_{}.{}", us / 1000000, us % 1000000, ::getpid(), number, host);
}

std::string trace_headers(std::string_view sender, std::string_view recipient) {
  return fmt::format("Return-Path: <{}>\nX-Original-To: {}\nDelivered-To: {}\n",
                     text::printable(proto::quote_address(sender)),
                     text::printable(proto::quote_address(recipient)),
                     text::printable(proto::quote_address(recipient)));
}

Result<void> deliver_to_maildir(const MaildirItem& item, const queue::QueueFile& file) {
  TRY_OK(make_maildir(item.directory));
  const std::string temporary = item.directory + "/tmp/" + item.name;
  const std::string place = item.directory + "/new";
  TRY(fd, open_file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  const auto finish = [&]() -> Result<void> {
    TRY_OK(write_message(fd.get(), temporary, item, file));
    return publish(temporary, place + "/" + item.name);
  };
  if (auto finished = finish(); !finished) {
    ::unlink(temporary.c_str());
    return finished;
  }
  return sync_directory(place);
}

std::optional<std::string> mailbox_name(std::string_view local_part,
                                        std::string_view recipient_delimiter) {
  if (!recipient_delimiter.empty()) {
    const std::size_t cut = local_part.find_first_of(recipient_delimiter);
    // user+ext is user's; a local part that begins with the delimiter has no user before it.
    if (cut != 0 && cut != std::string_view::npos) local_part = local_part.substr(0, cut);
  }
  std::string name = text::lower(local_part);
  const bool safe = !name.empty() && name.size() <= kMailboxNameBytes && name.front() != '.' &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      const auto byte = static_cast<unsigned char>(c);
                      return byte > ' ' && byte != 127 && c != '/';
                    });
  if (!safe || name.find("..") != std::string::npos) return std::nullopt;
  return name;
}

Mailbox local_mailbox(const config::Settings& settings, std::string_view address) {
  Mailbox mailbox;
  const auto user = mailbox_name(proto::local_part(address), settings.recipient_delimiter);
  if (!user) {
    mailbox.bounce = true;
    mailbox.problem = "unknown user";
    return mailbox;
  }
  // home_mailbox takes precedence, as in local(8).
  if (settings.home_mailbox.empty()) {
    if (!settings.mail_spool_directory.empty() && settings.mail_spool_directory.back() == '/')
      mailbox.directory = without_trailing_slash(settings.mail_spool_directory) + "/" + *user;
    else
      mailbox.problem =
          "mbox delivery is not supported: let mail_spool_directory or home_mailbox end in /";
    return mailbox;
  }
  if (settings.home_mailbox.back() != '/' || climbs(settings.home_mailbox)) {
    mailbox.problem = "mbox delivery is not supported: let home_mailbox end in /";
    return mailbox;
  }
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16384);
  const int error = ::getpwnam_r(user->c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) {
    mailbox.problem = "user database is unavailable";
  } else if (found == nullptr) {
    mailbox.bounce = true;
    mailbox.problem = fmt::format("unknown user: \"{}\"", *user);
  } else if (entry.pw_uid != ::geteuid()) {
    // Writing into a directory that somebody else controls, with rights that he lacks, is how servers are taken over.
    mailbox.problem = fmt::format(
        "the server may not write into the home of \"{}\": use mail_spool_directory", *user);
  } else {
    mailbox.directory =
        without_trailing_slash(fmt::format("{}/{}", entry.pw_dir, settings.home_mailbox));
  }
  return mailbox;
}

Mailbox virtual_mailbox(const config::Settings& settings,
                        const std::optional<std::string>& result) {
  Mailbox mailbox;
  if (!result) {
    mailbox.bounce = true;
    mailbox.problem = "unknown user";
  } else if (result->empty() || result->back() != '/') {
    mailbox.problem =
        "mbox delivery is not supported: let the result of virtual_mailbox_maps end in /";
  } else if (settings.virtual_mailbox_base.empty() || climbs(*result)) {
    mailbox.problem = "virtual_mailbox_base is not set, or the mailbox lies outside of it";
  } else {
    mailbox.directory = without_trailing_slash(settings.virtual_mailbox_base + "/" + *result);
  }
  return mailbox;
}

}  // namespace headgate::deliver
