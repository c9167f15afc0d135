// An empty text is not scanned: no pattern that can match the empty text is ever put into a database.
// A database is position-independent but for its alignment to 64 bytes: hs_deserialize_database_at() lays it out at
// a place of our choice, and what it has laid out works at any other place of the same alignment. A scan only reads it.
// Tested by tests/engine/match/scanner_test.cc.
#include "engine/match/scanner.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>

#include <hs/hs.h>

#include "engine/match/scratch.h"

namespace headgate::match {

namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kLeastBytes = 256;  // more than the header that hs_database_size() reads

// "Version: 5.4.0 Features: AVX2 Mode: BLOCK"; empty when libhs does not take it for a database.
std::string database_info(const hs_database* database) {
  char* text = nullptr;
  if (hs_database_info(database, &text) != HS_SUCCESS) return {};
  const std::unique_ptr<char, void (*)(void*)> owner(text, std::free);
  return text;
}

// The same of a database that is compiled here and now.
std::string compiled_info() {
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile("a", HS_FLAG_SINGLEMATCH, HS_MODE_BLOCK, nullptr, &database, &error) !=
      HS_SUCCESS) {
    hs_free_compile_error(error);
    return {};
  }
  std::string info = database_info(database);
  hs_free_database(database);
  return info;
}

// It does not change in a process's life.
const std::string& host_info() {
  static const std::string info = compiled_info();
  return info;
}

}  // namespace

Scanner::~Scanner() {
  if (keeper_ == nullptr) hs_free_database(const_cast<hs_database*>(database_));
}

std::shared_ptr<const Scanner> Scanner::in_place(std::string_view bytes,
                                                 std::shared_ptr<const void> keeper) {
  const auto* database = reinterpret_cast<const hs_database*>(bytes.data());
  if (keeper == nullptr || bytes.size() < kLeastBytes) return nullptr;
  if (reinterpret_cast<std::uintptr_t>(database) % kAlignment != 0) return nullptr;
  std::size_t size = 0;
  if (hs_database_size(database, &size) != HS_SUCCESS || size != bytes.size()) return nullptr;
  const std::string info = database_info(database);
  if (info.empty() || info != host_info()) return nullptr;
  return std::shared_ptr<const Scanner>(new Scanner(database, std::move(keeper)));
}

std::shared_ptr<const Scanner> Scanner::from_serialized(std::string_view bytes) {
  hs_database_t* database = nullptr;
  if (hs_deserialize_database(bytes.data(), bytes.size(), &database) != HS_SUCCESS) return nullptr;
  return std::make_shared<const Scanner>(database);
}

std::optional<std::string> Scanner::serialized() const {
  char* bytes = nullptr;
  std::size_t length = 0;
  if (hs_serialize_database(database_, &bytes, &length) != HS_SUCCESS) return std::nullopt;
  const std::unique_ptr<char, void (*)(void*)> owner(bytes, std::free);
  return std::string(bytes, length);
}

std::optional<std::string> Scanner::laid_out() const {
  const auto bytes = serialized();
  std::size_t size = 0;
  if (!bytes || hs_serialized_database_size(bytes->data(), bytes->size(), &size) != HS_SUCCESS)
    return std::nullopt;
  const std::size_t room = (size + kAlignment - 1) / kAlignment * kAlignment;
  const std::unique_ptr<char, void (*)(void*)> place(
      static_cast<char*>(std::aligned_alloc(kAlignment, room)), std::free);
  if (place == nullptr) return std::nullopt;
  std::memset(place.get(), 0, room);
  auto* database = reinterpret_cast<hs_database*>(place.get());
  if (hs_deserialize_database_at(bytes->data(), bytes->size(), database) != HS_SUCCESS)
    return std::nullopt;
  return std::string(place.get(), size);
}

bool Scanner::reserve(Scratch& scratch) const { return scratch.reserve(database_); }

bool Scanner::scan(std::string_view text, Scratch& scratch, OnMatch on_match, void* context) const {
  if (text.empty()) return true;
  if (text.size() > std::numeric_limits<unsigned>::max()) return false;
  return hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0, scratch.hyperscan(),
                 on_match, context) == HS_SUCCESS;
}

std::optional<std::set<unsigned>> Scanner::ids_in(std::string_view text, Scratch& scratch) const {
  std::set<unsigned> ids;
  const OnMatch on_match = [](unsigned id, unsigned long long, unsigned long long, unsigned,
                              void* context) {
    static_cast<std::set<unsigned>*>(context)->insert(id);
    return 0;
  };
  if (!reserve(scratch) || !scan(text, scratch, on_match, &ids)) return std::nullopt;
  return ids;
}

std::size_t Scanner::size_bytes() const {
  std::size_t size = 0;
  return hs_database_size(database_, &size) == HS_SUCCESS ? size : 0;
}

}  // namespace headgate::match
