// A page: number (8 bytes), 2 unused, flags (2), then the ends of the node pointers and of the free room (2 and 2), or the
// count of overflow pages (4); then 2 bytes a node, which say where it begins. A node: low and high half of the size of its
// data (2 and 2), flags (2), size of the key (2), key, data; in a branch size and flags together are the page below.
// Numbers are read once each: a writer may change them between a check and a second reading.
// Tested by tests/tables/lmdb_table_test.cc and tests/fuzz/compiled_fuzz.cc.
#include "tables/lmdb_reader.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "engine/base/guarded_read.h"

namespace headgate::tables {

namespace {

constexpr std::uint64_t kPageHeadBytes = 16, kMetaBytes = 152, kNodeHeadBytes = 8;
constexpr std::uint32_t kMagic = 0xBEEFC0DE, kVersion = 1;
constexpr unsigned kBranch = 1, kLeaf = 2, kOverflow = 4, kMetaPage = 8;
constexpr unsigned kKinds = 0x6f;  // of a page's flags, what says which kind it is
constexpr unsigned kBigData = 1;   // of a node's flags
constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
constexpr unsigned kDepthLimit = 32;  // LMDB's own
constexpr const char* kEmptyKey = "a node has an empty key";
constexpr const char* kTorn = "it is written to while it is read";

// What was read before is read before what follows.
void finish_reads() {
#ifdef __SANITIZE_THREAD__  // knows no fences, and g++ refuses them
  std::atomic_signal_fence(std::memory_order_acquire);
#else
  std::atomic_thread_fence(std::memory_order_acquire);
#endif
}

template <class Number>
Number number_at(std::string_view bytes, std::uint64_t at) {
  return read_once<Number>(bytes.data() + at);
}

}  // namespace

LmdbReader::Meta LmdbReader::meta_at(std::uint64_t at) const {
  Meta meta;
  if (bytes_.size() < at || bytes_.size() - at < kMetaBytes)
    return {"it is shorter than the two pages that begin an LMDB file"};
  const std::string_view bytes = bytes_.substr(at, kMetaBytes);
  if (number_at<std::uint16_t>(bytes, 10) != kMetaPage ||
      number_at<std::uint32_t>(bytes, 16) != kMagic)
    return {"it does not begin as an LMDB file does"};
  if (number_at<std::uint32_t>(bytes, 20) != kVersion)
    return {"it is of another version of LMDB's file format"};
  // Written last, and so read first and once more at the end: what stands between belongs to it.
  meta.state = number_at<std::uint64_t>(bytes, 144);
  finish_reads();
  meta.page_bytes = number_at<std::uint32_t>(bytes, 40);
  const std::uint64_t flags = number_at<std::uint16_t>(bytes, 92);
  meta.free_depth = number_at<std::uint16_t>(bytes, 46);
  meta.free_root = number_at<std::uint64_t>(bytes, 80);
  meta.depth = number_at<std::uint16_t>(bytes, 94);
  meta.root = number_at<std::uint64_t>(bytes, 128);
  meta.last_page = number_at<std::uint64_t>(bytes, 136);
  finish_reads();
  if (number_at<std::uint64_t>(bytes, 144) != meta.state) return {kTorn};
  if (meta.page_bytes < 256 || meta.page_bytes > 65536 ||
      (meta.page_bytes & (meta.page_bytes - 1)) != 0)
    return {"its size of a page is none"};
  if (flags != 0) return {"it is a database of another kind"};
  if (meta.depth > kDepthLimit || (meta.depth == 0) != (meta.root == kNoPage))
    return {"its depth and its root do not fit each other"};
  if (meta.root != kNoPage && (meta.root > meta.last_page || meta.root < 2))
    return {"its root is not one of its pages"};
  return meta;
}

// The two take turns: transaction 7 writes to the second, 8 to the first.
LmdbReader::Meta LmdbReader::newest() const {
  const auto whole_at = [this](std::uint64_t at) {
    Meta meta = meta_at(at);
    for (int i = 0; i < 100 && meta.damage == kTorn; ++i) meta = meta_at(at);
    return meta;
  };
  const Meta first = whole_at(0);
  if (first.damage != nullptr) return first;
  const Meta second = whole_at(first.page_bytes);
  if (second.damage != nullptr) return second;
  if (first.page_bytes != second.page_bytes) return {"its two beginnings do not fit each other"};
  const bool unused = first.state == 0 && second.state == 0;
  const bool is_second = first.state < second.state;
  const Meta& newest = is_second ? second : first;
  const Meta& older = is_second ? first : second;
  if (!unused && (newest.state - older.state != 1 || (newest.state & 1U) != (is_second ? 1U : 0U)))
    return {"its two beginnings do not fit each other"};
  return newest;
}

const char* LmdbReader::check() const {
  Meta meta = newest();
  for (int i = 0; i < 3 && meta.damage != nullptr; ++i) meta = newest();  // it is written just now
  if (meta.damage != nullptr || meta.root == kNoPage) return meta.damage;
  Answer answer;
  answer.state = meta.state;
  const Page root = page(meta, meta.root, answer);
  return answer.bytes_used > bytes_.size() || still_valid(answer) ? root.damage : nullptr;
}

LmdbReader::Page LmdbReader::page(const Meta& meta, std::uint64_t number, Answer& answer) const {
  if (number < 2 || number > meta.last_page || number > (kNoPage - 1) / meta.page_bytes - 1)
    return {"a page is named that it does not have"};
  const std::uint64_t at = number * meta.page_bytes;
  answer.bytes_used = std::max(answer.bytes_used, at + meta.page_bytes);
  if (answer.bytes_used > bytes_.size()) return {"it ends before its last page"};
  Page page;
  page.bytes = bytes_.substr(at, meta.page_bytes);
  if (number_at<std::uint64_t>(page.bytes, 0) != number)
    return {"a page has the number of another one"};
  page.flags = number_at<std::uint16_t>(page.bytes, 10) & kKinds;
  if (page.flags == kOverflow) return page;
  if (page.flags != kBranch && page.flags != kLeaf) return {"a page is of the wrong kind"};
  const unsigned lower = number_at<std::uint16_t>(page.bytes, 12);
  page.upper = number_at<std::uint16_t>(page.bytes, 14);
  if (lower < kPageHeadBytes || lower % 2 != 0 || lower > page.upper ||
      page.upper > meta.page_bytes)
    return {"a page does not say where its nodes are"};
  page.nodes = (lower - static_cast<unsigned>(kPageHeadBytes)) / 2;
  if (page.nodes == 0) return {"a page is empty"};
  return page;
}

LmdbReader::Node LmdbReader::node(const Page& page, unsigned index) {
  const std::uint64_t at =
      number_at<std::uint16_t>(page.bytes, kPageHeadBytes + std::uint64_t{index} * 2);
  if (at < page.upper || page.bytes.size() < kNodeHeadBytes ||
      at > page.bytes.size() - kNodeHeadBytes)
    return {"a node is not within its page"};
  const std::uint64_t low = number_at<std::uint16_t>(page.bytes, at);
  const std::uint64_t high = number_at<std::uint16_t>(page.bytes, at + 2);
  Node node;
  node.flags = number_at<std::uint16_t>(page.bytes, at + 4);
  const std::uint64_t key_bytes = number_at<std::uint16_t>(page.bytes, at + 6);
  node.rest = page.bytes.substr(at + kNodeHeadBytes);
  if (key_bytes > node.rest.size()) return {"a key does not end within its page"};
  node.key = node.rest.substr(0, key_bytes);
  node.rest.remove_prefix(key_bytes);
  node.number = low | high << 16U;
  if (page.flags == kBranch) node.number |= std::uint64_t{node.flags} << 32U;
  return node;
}

// The first node whose key is not less than `key`; the first of a branch has none and counts as less than all.
unsigned LmdbReader::lower_bound(const Page& page, std::string_view key, const char*& damage) {
  unsigned low = page.flags == kBranch ? 1 : 0;
  unsigned high = page.nodes;
  while (low < high) {
    const unsigned middle = (low + high) / 2;
    const Node at = node(page, middle);
    if (at.damage != nullptr) {
      damage = at.damage;
      return 0;
    }
    if (at.key.empty()) {  // what LMDB never writes, and what zeros are
      damage = kEmptyKey;
      return 0;
    }
    if (at.key < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

LmdbReader::Answer LmdbReader::value_of(const Meta& meta, const Node& node, Answer answer) const {
  const auto damaged = [&answer](const char* what) {
    answer.damage = what;
    return answer;
  };
  answer.found = true;
  if ((node.flags & ~kBigData) != 0)
    return damaged("an entry is of another kind than key and value");
  if ((node.flags & kBigData) == 0) {
    if (node.number > node.rest.size()) return damaged("a value does not end within its page");
    answer.value = node.rest.substr(0, node.number);
    return answer;
  }
  if (node.rest.size() < 8) return damaged("a big value does not say where it is");
  const std::uint64_t number = number_at<std::uint64_t>(node.rest, 0);
  const Page first = page(meta, number, answer);
  if (first.damage != nullptr) return damaged(first.damage);
  if (first.flags != kOverflow) return damaged("a page is of the wrong kind");
  const std::uint64_t pages = number_at<std::uint32_t>(first.bytes, 12);
  const std::uint64_t at = number * meta.page_bytes + kPageHeadBytes;
  if (node.number + kPageHeadBytes > pages * meta.page_bytes || number + pages - 1 > meta.last_page)
    return damaged("a big value does not end within its pages");
  answer.bytes_used = std::max(answer.bytes_used, at + node.number);
  if (answer.bytes_used > bytes_.size()) return damaged("it ends before its last page");
  answer.value = bytes_.substr(at, node.number);
  return answer;
}

LmdbReader::Answer LmdbReader::find(std::string_view key) const {
  Answer answer;
  const Meta meta = newest();
  answer.damage = meta.damage;
  answer.state = meta.state;
  std::uint64_t next = meta.root;
  for (unsigned level = 1; answer.damage == nullptr && level <= meta.depth; ++level) {
    const Page here = page(meta, next, answer);
    answer.damage = here.damage;
    if (answer.damage != nullptr) break;
    const bool is_leaf = level == meta.depth;
    if (here.flags != (is_leaf ? kLeaf : kBranch)) {
      answer.damage = "a page is of the wrong kind";
      break;
    }
    unsigned index = lower_bound(here, key, answer.damage);
    if (answer.damage != nullptr) break;
    if (is_leaf && index == here.nodes) return answer;
    const bool is_beyond = index == here.nodes || node(here, index).key != key;
    if (!is_leaf && is_beyond) --index;
    const Node at = node(here, index);
    answer.damage = at.damage;
    if (answer.damage != nullptr) break;
    if (is_leaf) return at.key == key ? value_of(meta, at, answer) : answer;
    next = at.number;
  }
  return answer;
}

// A page that is met more often than there are pages is part of a circle.
const char* LmdbReader::walk(Walk& walk, std::uint64_t number, unsigned level) const {
  if (walk.pages_left-- == 0) return "its pages form a circle";
  Answer unused;
  const Page here = page(walk.meta, number, unused);
  if (here.damage != nullptr) return here.damage;
  const bool is_leaf = level == walk.depth;
  if (here.flags != (is_leaf ? kLeaf : kBranch)) return "a page is of the wrong kind";
  for (unsigned i = 0; i < here.nodes && !walk.stopped; ++i) {
    const Node at = node(here, i);
    if (at.damage != nullptr) return at.damage;
    if (!is_leaf) {
      if (const char* damage = this->walk(walk, at.number, level + 1)) return damage;
      continue;
    }
    if (at.key.empty()) return kEmptyKey;
    const Answer entry = value_of(walk.meta, at, {});
    if (entry.damage != nullptr) return entry.damage;
    if (walk.visit != nullptr) walk.stopped = !(*walk.visit)(at.key, entry.value);
  }
  return nullptr;
}

const char* LmdbReader::for_each(const Visit& visit) const {
  const Meta meta = newest();
  if (meta.damage != nullptr || meta.root == kNoPage) return meta.damage;
  Walk all{meta, &visit, meta.depth, bytes_.size() / meta.page_bytes};
  return walk(all, meta.root, 1);
}

std::uint64_t LmdbReader::bytes_wanted() const {
  const Meta meta = newest();
  if (meta.damage != nullptr || meta.last_page > (kNoPage - 1) / meta.page_bytes - 1)
    return kNoPage;
  return (meta.last_page + 1) * meta.page_bytes;
}

const char* LmdbReader::check_pages() const {
  const Meta meta = newest();
  if (meta.damage != nullptr) return meta.damage;
  for (const auto& [root, depth] :
       {std::pair(meta.free_root, meta.free_depth), std::pair(meta.root, meta.depth)}) {
    if (root == kNoPage) continue;
    if (depth == 0 || depth > kDepthLimit) return "its depth and its root do not fit each other";
    Walk all{meta, nullptr, depth, bytes_.size() / meta.page_bytes};
    if (const char* const damage = walk(all, root, 1)) return damage;
  }
  return nullptr;
}

bool LmdbReader::still_valid(const Answer& answer) const {
  finish_reads();
  const Meta now = newest();
  return now.damage == nullptr && now.state >= answer.state && now.state - answer.state <= 1;
}

}  // namespace headgate::tables
