// A digest of the sources that decide what a table compiles to, taken when they are built (sources_digest.cmake): an image
// made by another state of the compiler is not used, whether or not somebody thought of raising a version.
#pragma once

namespace headgate::store {

extern const char* const kSourcesDigest;

}  // namespace headgate::store
