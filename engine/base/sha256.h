// Sha256: a digest over pieces; OpenSSL's, so that it uses what the processor has.
//   Errors    none but lack of memory, which throws bad_alloc.       Threads  one owner.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace headgate {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void add(std::string_view bytes);

  // With its length before it, so that "ab" + "c" and "a" + "bc" differ.
  void add_counted(std::string_view bytes);

  Digest finish();  // once

 private:
  evp_md_ctx_st* context_;
};

std::string hex(const Digest& digest);

}  // namespace headgate
