// recover(): puts a queue directory in order before anybody uses it: what a crash left half done is
// undone or redone.
//   incoming/  temporary files go: no 250 was ever sent for them. While a FRONT is at work only those of processes that
//   have ended: the process's number stands in the name.
//   active/    back into incoming/: whether it was delivered is not known, so it is delivered
//   (again). anywhere   a file that does not read as a queue file goes to corrupt/, never away.
//   Threads   before the server starts; blocks.      Errors   Code::io when a directory cannot be
//   read or written. Source    docs/queue_format.md, the crash matrix.
#pragma once

#include <cstddef>

#include "engine/base/event.h"
#include "smtpd/queue/spool.h"

namespace headgate::queue {

struct RecoveryReport {
  std::size_t uncommitted = 0;  // removed
  std::size_t requeued = 0;     // active -> incoming
  std::size_t corrupt = 0;      // set aside
};

enum class Temporaries { all, of_the_dead };

Result<RecoveryReport> recover(DiskSpool& spool, EventSink& log, Temporaries which);

// What a FRONT that ended in the middle of messages has left. How many files were removed.
Result<std::size_t> remove_temporaries(const DiskSpool& spool, Temporaries which);

}  // namespace headgate::queue
