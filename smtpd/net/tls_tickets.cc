// Tested by tls_context_test.
#include "smtpd/net/tls_tickets.h"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/rand.h>

namespace headgate::net {
namespace {

void forget(std::optional<TlsTicketKeys::Key>& key) {
  if (key) OPENSSL_cleanse(&*key, sizeof *key);
  key.reset();
}

}  // namespace

void wipe(std::string& bytes) {
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

TlsTicketKeys::~TlsTicketKeys() {
  forget(current_);
  forget(previous_);
}

void TlsTicketKeys::drop_old(SteadyTime now) {
  if (previous_ && now >= previous_->sealed_until + lifetime_) forget(previous_);
  if (current_ && now >= current_->sealed_until + lifetime_) forget(current_);
}

std::optional<TlsTicketKeys::Key> TlsTicketKeys::sealing() {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = env_.steady();
  drop_old(now);
  if (current_ && now < current_->sealed_until) return current_;
  Key fresh;
  if (RAND_bytes(fresh.name.data(), static_cast<int>(fresh.name.size())) != 1 ||
      RAND_priv_bytes(fresh.mac.data(), static_cast<int>(fresh.mac.size())) != 1 ||
      RAND_priv_bytes(fresh.cipher.data(), static_cast<int>(fresh.cipher.size())) != 1)
    return std::nullopt;
  fresh.sealed_until = now + lifetime_;
  forget(previous_);
  previous_ = current_;
  current_ = fresh;
  return current_;
}

std::optional<std::pair<TlsTicketKeys::Key, bool>> TlsTicketKeys::opening(
    const unsigned char* name) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = env_.steady();
  drop_old(now);
  for (const std::optional<Key>* key : {&current_, &previous_}) {
    if (*key && std::equal((*key)->name.begin(), (*key)->name.end(), name))
      return std::make_pair(**key, now >= (*key)->sealed_until);
  }
  return std::nullopt;
}

std::vector<TlsTicketKeys::Key> TlsTicketKeys::keys() {
  const std::lock_guard lock(mutex_);
  drop_old(env_.steady());
  std::vector<Key> all;
  for (const std::optional<Key>* key : {&previous_, &current_})
    if (*key) all.push_back(**key);
  return all;
}

void TlsTicketKeys::adopt(const std::vector<Key>& keys) {
  const std::lock_guard lock(mutex_);
  for (const Key& key : keys) {
    forget(previous_);
    previous_ = std::exchange(current_, key);
  }
}

}  // namespace headgate::net
