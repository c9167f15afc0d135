// Times are Env::steady()'s: the clock of the machine, the same in every process. Tested by front_state_test.
#include "smtpd/cli/front_state.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "smtpd/net/fields.h"

namespace headgate::cli {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kMostText = 4096;
constexpr std::size_t kMostBytes = std::size_t{256} << 20;

using net::FieldReader;
using net::FieldWriter;

void put(FieldWriter& to, SteadyTime time) {
  to.u64(static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

Result<SteadyTime> time_of(FieldReader& from) {
  TRY(count, from.u64());
  return SteadyTime(SteadyTime::duration(static_cast<SteadyTime::rep>(count)));
}

// `one` writes an item; many of them after their number.
template <class Items, class Write>
void put_all(FieldWriter& to, const Items& items, const Write& one) {
  to.u64(items.size());
  for (const auto& item : items) one(item);
}

// An item is a byte at least: a number that promises more than there is means nothing.
template <class Read>
Result<void> take_all(FieldReader& from, const Read& one) {
  TRY(count, from.u64());
  if (count > from.left()) return fail(Code::corrupt, "more items than bytes");
  for (std::uint64_t i = 0; i < count; ++i) TRY_OK(one());
  return {};
}

void put(FieldWriter& to, const stress::Controller::Memory& memory) {
  to.byte(static_cast<std::uint8_t>(memory.mode)).byte(static_cast<std::uint8_t>(memory.level));
  to.text(memory.why).text(memory.signal_why);
  to.byte(memory.window ? 1 : 0).byte(memory.signal_window ? 1 : 0);
  for (const SteadyTime time : {memory.since, memory.until, memory.signal_until}) put(to, time);
  to.byte(memory.warned ? 1 : 0);
  put(to, memory.warned.value_or(SteadyTime()));
}

Result<stress::Level> level_of(FieldReader& from) {
  TRY(level, from.byte());
  if (level > stress::kSevere) return fail(Code::corrupt, "no such level");
  return static_cast<stress::Level>(level);
}

Result<stress::Controller::Memory> memory_of(FieldReader& from) {
  stress::Controller::Memory memory;
  TRY(mode, from.byte());
  if (mode > static_cast<std::uint8_t>(stress::Mode::off))
    return fail(Code::corrupt, "no such mode");
  memory.mode = static_cast<stress::Mode>(mode);
  TRY(level, level_of(from));
  memory.level = level;
  for (std::string* const text : {&memory.why, &memory.signal_why}) {
    TRY_OK(from.text_into(*text, kMostText));
  }
  for (bool* const flag : {&memory.window, &memory.signal_window}) {
    TRY(value, from.byte());
    *flag = value != 0;
  }
  for (SteadyTime* const time : {&memory.since, &memory.until, &memory.signal_until}) {
    TRY(value, time_of(from));
    *time = value;
  }
  TRY(has_warned, from.byte());
  TRY(warned, time_of(from));
  if (has_warned != 0) memory.warned = warned;
  return memory;
}

void put(FieldWriter& to, const std::vector<stress::Reputation::Note>& notes) {
  put_all(to, notes, [&to](const stress::Reputation::Note& note) {
    to.text(note.address).u32(static_cast<std::uint32_t>(note.count));
    put(to, note.when);
  });
}

Result<void> take(FieldReader& from, std::vector<stress::Reputation::Note>& notes) {
  return take_all(from, [&]() -> Result<void> {
    TRY(address, from.text(kMostText));
    TRY(count, from.u32());
    TRY(when, time_of(from));
    notes.push_back({std::move(address), when, static_cast<int>(count & 0xFFFF)});
    return {};
  });
}

void put(FieldWriter& to, const stress::Anvil::Client& client) {
  to.text(client.ident);
  put(to, client.window_began);
  for (const std::int64_t count : client.counts) to.u64(static_cast<std::uint64_t>(count));
}

Result<stress::Anvil::Client> client_of(FieldReader& from) {
  stress::Anvil::Client client;
  TRY_OK(from.text_into(client.ident, kMostText));
  TRY(began, time_of(from));
  client.window_began = began;
  for (std::int64_t& count : client.counts) {
    TRY(value, from.u64());
    count = static_cast<std::int64_t>(value);
  }
  return client;
}

void put(FieldWriter& to, const stress::Change& change) {
  to.u64(static_cast<std::uint64_t>(change.when.time_since_epoch().count()));
  to.text(change.service);
  to.byte(static_cast<std::uint8_t>(change.from)).byte(static_cast<std::uint8_t>(change.to));
  to.text(change.why);
}

Result<stress::Change> change_of(FieldReader& from) {
  stress::Change change;
  TRY(when, from.u64());
  change.when = WallTime(WallTime::duration(static_cast<WallTime::rep>(when)));
  TRY_OK(from.text_into(change.service, kMostText));
  TRY(before, level_of(from));
  change.from = before;
  TRY(after, level_of(from));
  change.to = after;
  TRY_OK(from.text_into(change.why, kMostText));
  return change;
}

template <std::size_t size>
void put(FieldWriter& to, const std::array<unsigned char, size>& bytes) {
  for (const unsigned char byte : bytes) to.byte(byte);
}

template <std::size_t size>
Result<void> take(FieldReader& from, std::array<unsigned char, size>& bytes) {
  for (unsigned char& byte : bytes) {
    TRY(value, from.byte());
    byte = value;
  }
  return {};
}

Result<net::TlsTicketKeys::Key> key_of(FieldReader& from) {
  net::TlsTicketKeys::Key key;
  TRY_OK(take(from, key.name));
  TRY_OK(take(from, key.mac));
  TRY_OK(take(from, key.cipher));
  TRY(until, time_of(from));
  key.sealed_until = until;
  return key;
}

Result<void> take_keys(FieldReader& from, TlsContexts::TicketKeys& all) {
  return take_all(from, [&]() -> Result<void> {
    TRY(lifetime, from.u32());
    std::vector<net::TlsTicketKeys::Key>& keys = all[std::chrono::seconds(lifetime)];
    return take_all(from, [&]() -> Result<void> {
      TRY(key, key_of(from));
      keys.push_back(key);
      return {};
    });
  });
}

}  // namespace

std::string encode(const FrontState& state) {
  FieldWriter to;
  to.u32(kVersion);
  put_all(to, state.services, [&to](const auto& service) {
    to.text(service.first);
    put(to, service.second);
  });
  put(to, state.clients.good);
  put(to, state.clients.struck);
  put_all(to, state.rates, [&to](const stress::Anvil::Client& client) { put(to, client); });
  put_all(to, state.history, [&to](const stress::Change& change) { put(to, change); });
  put_all(to, state.refusals, [&to](std::uint64_t count) { to.u64(count); });
  put_all(to, state.ticket_keys, [&to](const auto& keys) {
    to.u32(static_cast<std::uint32_t>(keys.first.count()));
    put_all(to, keys.second, [&to](const net::TlsTicketKeys::Key& key) {
      put(to, key.name);
      put(to, key.mac);
      put(to, key.cipher);
      put(to, key.sealed_until);
    });
  });
  return to.bytes();
}

Result<FrontState> decode_front_state(std::string_view bytes) {
  FieldReader from(bytes);
  TRY(version, from.u32());
  if (version != kVersion) return fail(Code::invalid, "another version's state");
  FrontState state;
  TRY_OK(take_all(from, [&]() -> Result<void> {
    TRY(service, from.text(kMostText));
    TRY(memory, memory_of(from));
    state.services[std::move(service)] = std::move(memory);
    return {};
  }));
  TRY_OK(take(from, state.clients.good));
  TRY_OK(take(from, state.clients.struck));
  TRY_OK(take_all(from, [&]() -> Result<void> {
    TRY(client, client_of(from));
    state.rates.push_back(std::move(client));
    return {};
  }));
  TRY_OK(take_all(from, [&]() -> Result<void> {
    TRY(change, change_of(from));
    state.history.push_back(std::move(change));
    return {};
  }));
  TRY(causes, from.u64());
  if (causes != state.refusals.size()) return fail(Code::corrupt, "other causes of refusals");
  for (std::uint64_t& count : state.refusals) {
    TRY(value, from.u64());
    count = value;
  }
  TRY_OK(take_keys(from, state.ticket_keys));
  TRY_OK(from.finish());
  return state;
}

Result<Fd> keep_state(std::string bytes) {
  Fd memory(::memfd_create("headgate-front", MFD_CLOEXEC));
  if (!memory.valid()) return fail_errno("memfd_create", "state of a FRONT", errno);
  const Result<void> written = write_all(memory.get(), bytes, "state of a FRONT");
  net::wipe(bytes);
  if (!written) return tl::unexpected(written.error());
  return memory;
}

Result<std::string> read_state(const Fd& memory) {
  struct stat status {};

  if (::fstat(memory.get(), &status) != 0) return fail_errno("fstat", "state of a FRONT", errno);
  if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) > kMostBytes)
    return fail(Code::limit, "state of a FRONT is too long");
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t size =
        ::pread(memory.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return fail(Code::corrupt, "state of a FRONT is cut short");
    at += static_cast<std::size_t>(size);
  }
  return bytes;
}

}  // namespace headgate::cli
