// How it works: the three libraries are opened with RTLD_GLOBAL, because the pcre plugin takes what it needs of the others
// from there. What postmap(1) sets at its start matters little to these tables: UTF-8 in log lines is all.
// Tested by itself: a judge that misbehaves differs from headgate on the first table.
#include "tests/collide/lookups/judge.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace headgate::collide {

// The head of Postfix's DICT, up to what is used.
struct Dict {
  char* type;
  char* name;
  int flags;
  const char* (*lookup)(Dict*, const char*);
  int (*update)(Dict*, const char*, const char*);
  int (*remove)(Dict*, const char*);
  int (*sequence)(Dict*, int, const char**, const char**);
  int (*lock)(Dict*, int);
  void (*close)(Dict*);
  int lock_type, lock_fd, stat_fd;
  long mtime;
  void* fold_buffer;
  int owner_status;
  unsigned owner_uid;
  int error;
};

namespace {

constexpr const char* kDirectory = "/usr/lib/postfix/";
constexpr int kInfo = 0;
constexpr int kFatal = 3;

// msg(3) calls back without a context.
std::vector<std::string>* caught = nullptr;  // NOLINT: Postfix's interface leaves no other place

void catch_message(int level, const char* text) {
  if (level == kInfo) return;
  if (level >= kFatal) {
    const std::string line = std::string("Postfix ends: ") + text + "\n";
    (void)!write(STDERR_FILENO, line.data(), line.size());
  }
  if (caught != nullptr) caught->emplace_back(text);
}

void give_up() { _exit(kDied); }

template <class T>
T symbol(void* library, const char* name) {
  return reinterpret_cast<T>(dlsym(library, name));
}

}  // namespace

JudgeTable::JudgeTable(Dict* dict, std::vector<std::string> warnings)
    : dict_(dict), warnings_(std::move(warnings)) {}

JudgeTable::JudgeTable(JudgeTable&& other) noexcept
    : dict_(std::exchange(other.dict_, nullptr)), warnings_(std::move(other.warnings_)) {}

JudgeTable::~JudgeTable() {
  if (dict_ != nullptr) dict_->close(dict_);
}

Answer JudgeTable::find(const std::string& key) {
  Answer answer;
  caught = &answer.warnings;
  dict_->error = 0;
  const char* value = dict_->lookup(dict_, key.c_str());
  caught = nullptr;
  if (value != nullptr)
    answer.value = value;
  else if (dict_->error != 0)
    answer.error = "the table cannot be opened";
  return answer;
}

Result<Judge> Judge::load() {
  void* libraries[3];
  const char* const names[] = {"libpostfix-util.so", "libpostfix-global.so", "postfix-pcre.so"};
  for (int i = 0; i < 3; ++i) {
    libraries[i] = dlopen((std::string(kDirectory) + names[i]).c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (libraries[i] == nullptr) return fail(Code::unavailable, dlerror());
  }
  void* util = libraries[0];
  Judge judge;
  judge.open_regexp_ = symbol<Open>(util, "dict_regexp_open");
  judge.open_pcre_ = symbol<Open>(libraries[2], "dict_pcre_open");
  const auto msg_output = symbol<void (*)(void (*)(int, const char*))>(util, "msg_output");
  const auto msg_cleanup = symbol<void* (*)(void (*)())>(util, "msg_cleanup");
  const auto msg_error_limit = symbol<int (*)(int)>(util, "msg_error_limit");
  int* const surrogates = symbol<int*>(util, "dict_allow_surrogate");
  int* const utf8 = symbol<int*>(util, "util_utf8_enable");
  if (judge.open_regexp_ == nullptr || judge.open_pcre_ == nullptr || msg_output == nullptr ||
      msg_cleanup == nullptr || msg_error_limit == nullptr || surrogates == nullptr ||
      utf8 == nullptr)
    return fail(Code::unavailable, "the installed Postfix is not the 3.7 that is known here");
  msg_output(catch_message);
  msg_cleanup(give_up);
  msg_error_limit(1 << 30);
  *surrogates = 1;  // a broken inline table becomes one that cannot answer, as in the daemons
  *utf8 = 1;
  return judge;
}

JudgeTable Judge::open(rules::Dialect dialect, const std::string& name) const {
  std::vector<std::string> warnings;
  caught = &warnings;
  Dict* const dict =
      (dialect == rules::Dialect::pcre ? open_pcre_ : open_regexp_)(name.c_str(), O_RDONLY, 0);
  caught = nullptr;
  return {dict, std::move(warnings)};
}

}  // namespace headgate::collide
