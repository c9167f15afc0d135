// filter_system_calls(): what a role may still ask of the kernel, by seccomp, for all threads that there are and will be.
// What stands in no list is answered with ENOSYS, as by an older kernel; what a role must not do with EPERM.
//   Errors    Code::unavailable when the kernel or the container does not let us.
//   Source    seccomp(2), libseccomp; the lists follow what glibc, c-ares, OpenSSL and Hyperscan use.
#pragma once

#include "engine/base/error.h"
#include "smtpd/master/roles.h"

namespace headgate::master {

Result<void> filter_system_calls(const Rights& rights);

}  // namespace headgate::master
