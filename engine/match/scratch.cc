// How it works: PCRE2 10.42 keeps the heap frames of the deepest match in the match data block and tells nobody their
// size, hence the counting allocator. Tested by tests/engine/match/confirm_test.cc and scanner_test.cc.
#include "engine/match/scratch.h"

#include <malloc.h>

#include <cstdint>
#include <cstdlib>

#include <hs/hs.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace headgate::match {

namespace {

constexpr std::size_t kKeptBytes = 1U << 20;

void* counting_malloc(PCRE2_SIZE size, void* counter) {
  void* memory = std::malloc(size);
  if (memory != nullptr) *static_cast<std::size_t*>(counter) += malloc_usable_size(memory);
  return memory;
}

void counting_free(void* memory, void* counter) {
  if (memory == nullptr) return;
  *static_cast<std::size_t*>(counter) -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

Scratch::~Scratch() {
  hs_free_scratch(hyperscan_);
  pcre2_match_data_free(match_data_);
  pcre2_general_context_free(memory_);
}

bool Scratch::reserve(const hs_database* database) {
  for (const hs_database* known : reserved_) {
    if (known == database) return true;
  }
  if (hs_alloc_scratch(database, &hyperscan_) != HS_SUCCESS) return false;
  reserved_.push_back(database);
  return true;
}

pcre2_real_match_data_8* Scratch::match_data(std::size_t groups) {
  if (match_data_ != nullptr && groups <= groups_) return match_data_;
  if (memory_ == nullptr) {
    memory_ = pcre2_general_context_create(counting_malloc, counting_free, &held_bytes_);
    if (memory_ == nullptr) return nullptr;
  }
  if (groups > groups_) groups_ = groups;
  pcre2_match_data_free(match_data_);
  match_data_ = pcre2_match_data_create(static_cast<std::uint32_t>(groups_ + 1), memory_);
  return match_data_;
}

void Scratch::trim() {
  if (held_bytes_ <= kKeptBytes) return;
  pcre2_match_data_free(match_data_);
  match_data_ = nullptr;
}

}  // namespace headgate::match
