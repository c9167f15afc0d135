// Tested by tests/engine/base/bytes_test.cc.
#include "engine/base/sha256.h"

#include <new>

#include <openssl/evp.h>

namespace headgate {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

void Sha256::add(std::string_view bytes) {
  if (EVP_DigestUpdate(context_, bytes.data(), bytes.size()) != 1) throw std::bad_alloc();
}

void Sha256::add_counted(std::string_view bytes) {
  std::array<char, 8> size{};
  for (std::size_t i = 0; i < size.size(); ++i)
    size[i] = static_cast<char>(std::uint64_t{bytes.size()} >> (8 * i) & 0xff);
  add(std::string_view(size.data(), size.size()));
  add(bytes);
}

Digest Sha256::finish() {
  Digest digest{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context_, digest.data(), &size) != 1 || size != digest.size())
    throw std::bad_alloc();
  return digest;
}

std::string hex(const Digest& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace headgate
