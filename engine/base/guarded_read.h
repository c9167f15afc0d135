// guarded_read: reads mapped memory that may be taken away meanwhile: a file that is cut short under its mapping, or whose
// disk fails, is then a `false` and not the end of the process (SIGBUS).
//   Use       guard_reads() once before; `read` does nothing but read and compute: no object with a destructor, no
//             allocation, no lock may be alive in it, because it may be left at any access.
//   Cost      about ten nanoseconds.       Threads  any; each has its own.
//   Lifetime  the handler of SIGBUS stays for the process; a fault outside of a `read` goes where it went before.
#pragma once

#include <bit>
#include <cstring>

namespace headgate {

// A little-endian number in memory that somebody else may write to: what was checked is what is used, because it is not
// read a second time.
template <class Number>
Number read_once(const char* at) {
  static_assert(std::endian::native == std::endian::little);
  Number number;
  std::memcpy(&number, at, sizeof(number));
  asm volatile("" : "+r"(number));
  return number;
}

void guard_reads();

// False: it was left at an access to memory that is not there.
bool guarded_read(void (*read)(void*), void* argument);

template <class Read>
bool guarded_read(Read& read) {
  return guarded_read([](void* argument) { (*static_cast<Read*>(argument))(); }, &read);
}

}  // namespace headgate
