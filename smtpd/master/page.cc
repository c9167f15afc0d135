// Tested by tests/smtpd/master/page_test.cc.
#include "smtpd/master/page.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>

namespace headgate::master {

namespace {

constexpr std::size_t kBytes = 4096;  // room for what later versions add

}  // namespace

static_assert(sizeof(Page) <= kBytes);

MappedPage::~MappedPage() {
  if (page_ != nullptr) ::munmap(page_, kBytes);
}

// Its size is sealed: a role that made it shorter would end the others, which read past its end.
Result<Fd> MappedPage::make() {
  Fd memory(::memfd_create("headgate", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.valid()) return fail_errno("memfd_create", "page", errno);
  if (::ftruncate(memory.get(), kBytes) != 0) return fail_errno("ftruncate", "page", errno);
  if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return fail_errno("seal", "page", errno);
  return memory;
}

Result<MappedPage> MappedPage::map(const Fd& memory) {
  void* where = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (where == MAP_FAILED) return fail_errno("mmap", "page", errno);
  MappedPage mapped;
  mapped.page_ = static_cast<Page*>(where);
  return mapped;
}

}  // namespace headgate::master
