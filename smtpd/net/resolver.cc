// One thread runs c-ares with poll(2), so that any number of questions may be open at once and no library of ours has
// to know Asio's descriptors. A question is owned by that thread from ask() until answer(); its deadline is ours, as
// c-ares' own depends on the number of servers. Tested by tests/smtpd/net/resolver_test.cc.
#include "smtpd/net/resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "engine/base/file.h"

namespace headgate::net {

namespace {

using Clock = std::chrono::steady_clock;

struct AresLibrary {
  AresLibrary() : status(ares_library_init(ARES_LIB_INIT_ALL)) {}

  ~AresLibrary() {
    if (status == ARES_SUCCESS) ares_library_cleanup();
  }

  int status;
};

Error failure(int status, const std::string& name) {
  switch (status) {
    case ARES_ENOTFOUND:
      return {Code::not_found, "Host not found", name};
    case ARES_ENODATA:
      return {Code::not_found, "Host found but no data record of requested type", name};
    case ARES_EBADNAME:
      return {Code::not_found, "Host not found: malformed name", name};
    case ARES_ETIMEOUT:
      return {Code::timeout, "Host not found, try again", name};
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
      return {Code::cancelled, "name service was stopped", name};
    default:
      return {Code::unavailable,
              fmt::format("Host not found, try again ({})", ares_strerror(status)), name};
  }
}

// A question: the answer goes out once, by whoever is first: c-ares or the deadline.
struct Question {
  virtual ~Question() = default;
  virtual void ask(ares_channel channel) = 0;
  virtual void give_up(Error error) = 0;

  std::string name;
  Clock::time_point deadline;
  bool answered = false;
  bool returned = false;  // c-ares will not call back any more
};

template <class T>
struct QuestionFor : Question {
  std::function<void(Result<T>)> done;

  void answer(Result<T> result) {
    if (std::exchange(answered, true)) return;
    std::exchange(done, nullptr)(
        std::move(result));  // and with it the waiting executor's claim to be kept running
  }

  void give_up(Error error) override { answer(tl::unexpected(std::move(error))); }
};

struct AddressQuestion final : QuestionFor<std::vector<std::string>> {
  void ask(ares_channel channel) override {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NOSORT;
    ares_getaddrinfo(channel, name.c_str(), nullptr, &hints, &AddressQuestion::called, this);
  }

  static void called(void* self, int status, int /*timeouts*/, ares_addrinfo* info) {
    auto& question = *static_cast<AddressQuestion*>(self);
    question.returned = true;
    if (status != ARES_SUCCESS) return question.give_up(failure(status, question.name));
    std::vector<std::string> v4, v6;
    for (const ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next) {
      char text[INET6_ADDRSTRLEN] = "";
      if (node->ai_family == AF_INET) {
        inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(node->ai_addr)->sin_addr, text,
                  sizeof text);
        v4.emplace_back(text);
      } else if (node->ai_family == AF_INET6) {
        inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(node->ai_addr)->sin6_addr, text,
                  sizeof text);
        v6.emplace_back(text);
      }
    }
    ares_freeaddrinfo(info);
    v4.insert(v4.end(), v6.begin(), v6.end());
    if (v4.empty()) return question.give_up(failure(ARES_ENODATA, question.name));
    question.answer(std::move(v4));
  }
};

struct MxQuestion final : QuestionFor<std::vector<MxHost>> {
  void ask(ares_channel channel) override {
    ares_query(channel, name.c_str(), ns_c_in, ns_t_mx, &MxQuestion::called, this);
  }

  static void called(void* self, int status, int /*timeouts*/, unsigned char* bytes, int length) {
    auto& question = *static_cast<MxQuestion*>(self);
    question.returned = true;
    if (status != ARES_SUCCESS) return question.give_up(failure(status, question.name));
    ares_mx_reply* list = nullptr;
    const int parsed = ares_parse_mx_reply(bytes, length, &list);
    if (parsed != ARES_SUCCESS) return question.give_up(failure(parsed, question.name));
    std::vector<MxHost> hosts;
    for (const ares_mx_reply* mx = list; mx != nullptr; mx = mx->next)
      hosts.push_back({mx->priority, mx->host});
    ares_free_data(list);
    std::stable_sort(hosts.begin(), hosts.end(),
                     [](const MxHost& a, const MxHost& b) { return a.preference < b.preference; });
    question.answer(std::move(hosts));
  }
};

struct NameQuestion final : QuestionFor<std::string> {
  void ask(ares_channel channel) override {
    in6_addr address{};
    if (inet_pton(AF_INET, name.c_str(), &address) == 1) {
      ares_gethostbyaddr(channel, &address, sizeof(in_addr), AF_INET, &NameQuestion::called, this);
    } else if (inet_pton(AF_INET6, name.c_str(), &address) == 1) {
      ares_gethostbyaddr(channel, &address, sizeof(in6_addr), AF_INET6, &NameQuestion::called,
                         this);
    } else {
      returned = true;
      give_up(Error{Code::invalid, "not an address", name});
    }
  }

  static void called(void* self, int status, int /*timeouts*/, hostent* host) {
    auto& question = *static_cast<NameQuestion*>(self);
    question.returned = true;
    if (status != ARES_SUCCESS) return question.give_up(failure(status, question.name));
    question.answer(std::string(host->h_name));
  }
};

class CaresResolver final : public Resolver {
 public:
  CaresResolver(std::unique_ptr<AresLibrary> library, Fd wake)
      : library_(std::move(library)), wake_(std::move(wake)) {}

  ~CaresResolver() override {
    stopping_ = true;
    wake();
    if (thread_.joinable()) thread_.join();
    if (channel_ != nullptr) ares_destroy(channel_);  // calls back what is still open
    for (const auto& question : arrived_)
      question->give_up(failure(ARES_EDESTRUCTION, question->name));
  }

  Result<void> start(const std::string& servers) {
    ares_options options{};
    options.timeout = 2000;
    options.tries = 3;
    options.sock_state_cb = &CaresResolver::socket_changed;
    options.sock_state_cb_data = this;
    const int status = ares_init_options(
        &channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS)
      return fail(Code::unavailable, ares_strerror(status), "name service");
    if (const int set =
            servers.empty() ? ARES_SUCCESS : ares_set_servers_ports_csv(channel_, servers.c_str());
        set != ARES_SUCCESS)
      return fail(Code::invalid, ares_strerror(set), servers);
    thread_ = std::thread([this] { run(); });
    return {};
  }

  Task<Result<std::vector<std::string>>> addresses(std::string host,
                                                   std::chrono::milliseconds deadline) override {
    if (is_numeric_address(host)) {
      std::vector<std::string> itself(1, host);
      co_return itself;
    }
    co_return co_await put<AddressQuestion, std::vector<std::string>>(std::move(host), deadline);
  }

  Task<Result<std::vector<MxHost>>> mail_exchangers(std::string domain,
                                                    std::chrono::milliseconds deadline) override {
    co_return co_await put<MxQuestion, std::vector<MxHost>>(std::move(domain), deadline);
  }

  Task<Result<std::string>> name_of(std::string address,
                                    std::chrono::milliseconds deadline) override {
    co_return co_await put<NameQuestion, std::string>(std::move(address), deadline);
  }

 private:
  template <class Kind, class T>
  Task<Result<T>> put(std::string name, std::chrono::milliseconds deadline) {
    auto question = std::make_unique<Kind>();
    question->name = std::move(name);
    question->deadline = Clock::now() + deadline;
    auto initiate = [this, &question](auto handler) {
      this->template enqueue<T>(std::move(question), std::move(handler));
    };
    Result<T> result = co_await aio::async_initiate<const aio::use_awaitable_t<>, void(Result<T>)>(
        initiate, aio::use_awaitable);
    co_return result;
  }

  // The answer leaves the resolver's thread for the executor that waits for it.
  template <class T, class Handler>
  void enqueue(std::unique_ptr<QuestionFor<T>> question, Handler handler) {
    auto executor = aio::prefer(aio::get_associated_executor(handler),
                                aio::execution::outstanding_work.tracked);
    auto shared = std::make_shared<Handler>(std::move(handler));
    question->done = [executor, shared](Result<T> result) {
      aio::post(executor,
                [shared, result = std::move(result)]() mutable { (*shared)(std::move(result)); });
    };
    {
      const std::lock_guard lock(mutex_);
      arrived_.push_back(std::move(question));
    }
    wake();
  }

  void wake() {
    const std::uint64_t one = 1;
    // Fails only when the counter is full: then the thread is awake anyway.
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  }

  static void socket_changed(void* self, ares_socket_t socket, int readable, int writable) {
    auto& sockets = static_cast<CaresResolver*>(self)->sockets_;
    if (readable == 0 && writable == 0)
      sockets.erase(socket);
    else
      sockets[socket] =
          static_cast<short>((readable != 0 ? POLLIN : 0) | (writable != 0 ? POLLOUT : 0));
  }

  void run() {
    while (!stopping_) {
      take_arrivals();
      std::vector<pollfd> polled(1, pollfd{wake_.get(), POLLIN, 0});
      for (const auto& [socket, events] : sockets_) polled.push_back({socket, events, 0});
      ::poll(polled.data(), polled.size(), wait_milliseconds());
      std::uint64_t count = 0;
      if (polled[0].revents != 0) [[maybe_unused]]
        const ssize_t n = ::read(wake_.get(), &count, sizeof count);
      for (std::size_t i = 1; i < polled.size(); ++i) {
        if (polled[i].revents == 0) continue;
        const bool read = (polled[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
        const bool write = (polled[i].revents & (POLLOUT | POLLERR)) != 0;
        ares_process_fd(channel_, read ? polled[i].fd : ARES_SOCKET_BAD,
                        write ? polled[i].fd : ARES_SOCKET_BAD);
      }
      ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // its own timeouts
      expire();
    }
  }

  void take_arrivals() {
    std::deque<std::unique_ptr<Question>> arrived;
    {
      const std::lock_guard lock(mutex_);
      arrived.swap(arrived_);
    }
    for (auto& question : arrived) {
      Question& asked = *question;
      open_.push_back(std::move(question));
      asked.ask(channel_);  // may call back at once
    }
  }

  // A question that c-ares still holds stays, answered, until it lets go of it.
  void expire() {
    const Clock::time_point now = Clock::now();
    for (const auto& question : open_)
      if (!question->answered && question->deadline <= now)
        question->give_up(Error{Code::timeout, "Host not found, try again", question->name});
    std::erase_if(open_,
                  [](const auto& question) { return question->answered && question->returned; });
  }

  int wait_milliseconds() {
    timeval longest{60, 0};
    timeval buffer{};
    const timeval* wait = ares_timeout(channel_, &longest, &buffer);
    auto until = std::chrono::milliseconds(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1);
    for (const auto& question : open_) {
      if (question->answered) continue;
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(question->deadline - Clock::now());
      until = std::min(until,
                       std::max(left, std::chrono::milliseconds(0)) + std::chrono::milliseconds(1));
    }
    return static_cast<int>(until.count());
  }

  std::unique_ptr<AresLibrary> library_;
  Fd wake_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, short> sockets_;       // the thread's
  std::vector<std::unique_ptr<Question>> open_;  // the thread's
  std::mutex mutex_;
  std::deque<std::unique_ptr<Question>> arrived_;  // under mutex_
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace

bool is_numeric_address(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

Result<std::unique_ptr<Resolver>> open_system_resolver(const std::string& servers) {
  auto library = std::make_unique<AresLibrary>();
  if (library->status != ARES_SUCCESS)
    return fail(Code::unavailable, ares_strerror(library->status), "name service");
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return fail_errno("create", "eventfd", errno);
  auto resolver = std::make_unique<CaresResolver>(std::move(library), std::move(wake));
  TRY_OK(resolver->start(servers));
  return std::unique_ptr<Resolver>(std::move(resolver));
}

}  // namespace headgate::net
