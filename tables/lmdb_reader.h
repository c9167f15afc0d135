// LmdbReader: finds a key in the bytes of an LMDB file, and believes nothing that they say before it is checked.
// Why not LMDB itself: it trusts its pages (a damaged one is a crash), wants two system calls for Postfix's lock at each
// lookup, and waits on the event loop as long as somebody holds that lock.
//   Use       check() once, then find() as often as wanted; both within guarded_read() when the bytes are mapped.
//   Writers   may be at work: what was read is checked against the number of the last transaction, and read again when its
//             pages may have been used anew since. LMDB keeps the pages of the last two states, so that is rare.
//   Damage    noticed: meta pages that do not fit each other, pages that are not there, of another kind or with another
//             number, nodes out of bounds, a wrong depth. Not noticed: another byte in a key or value.
//   Lifetime  borrows the bytes.          Threads  immutable.
//   Source    the file format of LMDB 0.9 (version 1, 64 bits, little-endian), as its library writes it.
//   Cost      no memory; find() touches a page a level.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace headgate::tables {

class LmdbReader {
 public:
  explicit LmdbReader(std::string_view bytes) : bytes_(bytes) {}

  // Why this is no LMDB file; null: it may be one.
  [[nodiscard]] const char* check() const;

  struct Answer {
    const char* damage = nullptr;  // what is wrong; nothing else is said then
    bool found = false;
    std::string_view value{};      // of the bytes
    std::uint64_t state = 0;       // the transaction that it is from
    std::uint64_t bytes_used = 0;  // what was read ends here: a file that is shorter was cut
  };

  // Damage beyond the end of the bytes is `bytes_used` greater than their size: the file may have grown.
  [[nodiscard]] Answer find(std::string_view key) const;

  // To be asked after the answer was used: false when it may have been overwritten meanwhile.
  [[nodiscard]] bool still_valid(const Answer& answer) const;

  // Every entry in the order of the keys, until `visit` says false; for bytes that nobody writes to. Returns damage.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  [[nodiscard]] const char* for_each(const Visit& visit) const;

  // Where its last page ends, as it says itself.
  [[nodiscard]] std::uint64_t bytes_wanted() const;

  // Why not every page that it leads to is there, those of the free ones included; null: they are.
  [[nodiscard]] const char* check_pages() const;

  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }

 private:
  struct Meta {
    const char* damage = nullptr;
    std::uint64_t page_bytes = 0, root = 0, last_page = 0, state = 0;
    unsigned depth = 0;
    std::uint64_t free_root = 0;  // of the tree of pages that may be used anew
    unsigned free_depth = 0;
  };

  struct Page {
    const char* damage = nullptr;
    std::string_view bytes{};
    unsigned flags = 0, nodes = 0, upper = 0;
  };

  struct Node {
    const char* damage = nullptr;
    std::string_view key{}, rest{};  // rest: from the data to the end of the page
    std::uint64_t number = 0;        // the bytes of data, or the page below
    unsigned flags = 0;
  };

  [[nodiscard]] Meta meta_at(std::uint64_t at) const;
  [[nodiscard]] Meta newest() const;
  [[nodiscard]] Page page(const Meta& meta, std::uint64_t number, Answer& answer) const;
  [[nodiscard]] static Node node(const Page& page, unsigned index);
  [[nodiscard]] static unsigned lower_bound(const Page& page, std::string_view key,
                                            const char*& damage);
  [[nodiscard]] Answer value_of(const Meta& meta, const Node& node, Answer answer) const;

  struct Walk {
    const Meta& meta;
    const Visit* visit;  // null: only whether it is all there
    unsigned depth;
    std::uint64_t pages_left;
    bool stopped = false;
  };

  const char* walk(Walk& walk, std::uint64_t number, unsigned level) const;

  std::string_view bytes_;
};

}  // namespace headgate::tables
