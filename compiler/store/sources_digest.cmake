# Writes OUT, a .cc with the digest of the files that the list in FILES names. Touches OUT only when the digest changed.
file(STRINGS ${FILES} SOURCES)
set(ALL "")
foreach(SOURCE ${SOURCES})
  file(SHA256 ${SOURCE} DIGEST)
  string(APPEND ALL ${DIGEST})
endforeach()
string(SHA256 DIGEST "${ALL}")
string(SUBSTRING ${DIGEST} 0 16 DIGEST)
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT [[// Written by the build.
#include "compiler/store/sources_digest.h"

namespace headgate::store {

extern const char* const kSourcesDigest = "@DIGEST@";

}  // namespace headgate::store
]])
