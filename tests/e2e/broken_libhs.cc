// A libhs as it must not be, to be preloaded (LD_PRELOAD): of its functions those fail that $BROKEN_LIBHS says; without it
// all are libhs's own.
//   scan         hs_scan finds nothing
//   forgetful    hs_scan misses the matches of some patterns of larger databases
//   deserialize  no stored database can be laid out
//   platform     this CPU will not do
// The types are those of hs.h, spelled here: its door is engine/match. Used by libhs_test.py.
#include <dlfcn.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kInvalid = -1, kArchError = -11;

bool broken(const char* what) {
  const char* wanted = std::getenv("BROKEN_LIBHS");
  return wanted != nullptr && std::strcmp(wanted, what) == 0;
}

template <class Function>
Function* own(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

using OnMatch = int(unsigned, unsigned long long, unsigned long long, unsigned, void*);
using Scan = int(const void*, const char*, unsigned, unsigned, void*, OnMatch*, void*);

struct Listener {
  OnMatch* tell;
  void* context;
};

int tell_but_for_some(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                      void* context) {
  const auto* listener = static_cast<const Listener*>(context);
  return id % 7 == 4 ? 0 : listener->tell(id, from, to, flags, listener->context);
}

}  // namespace

extern "C" {

int hs_scan(const void* database, const char* data, unsigned length, unsigned flags, void* scratch,
            OnMatch* tell, void* context) {
  if (broken("scan")) return 0;
  auto* scan = own<Scan>("hs_scan");
  if (!broken("forgetful")) return scan(database, data, length, flags, scratch, tell, context);
  Listener listener{tell, context};
  return scan(database, data, length, flags, scratch, tell_but_for_some, &listener);
}

int hs_deserialize_database(const char* bytes, std::size_t length, void** database) {
  if (broken("deserialize")) return kInvalid;
  return own<int(const char*, std::size_t, void**)>("hs_deserialize_database")(bytes, length,
                                                                               database);
}

int hs_deserialize_database_at(const char* bytes, std::size_t length, void* database) {
  if (broken("deserialize")) return kInvalid;
  return own<int(const char*, std::size_t, void*)>("hs_deserialize_database_at")(bytes, length,
                                                                                 database);
}

int hs_valid_platform() {
  return broken("platform") ? kArchError : own<int()>("hs_valid_platform")();
}

}  // extern "C"
