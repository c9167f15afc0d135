// A path longer than sockaddr_un holds (108 bytes) is reached through its directory's descriptor in /proc.
// Tested by tests/e2e/status_test.py.
#include "smtpd/cli/control.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "engine/base/file.h"

namespace headgate::cli {

namespace {

using Protocol = aio::local::stream_protocol;

constexpr std::size_t kMaxRequest = 256, kMaxClients = 8;
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::milliseconds kAcceptRetry{1000};

struct ShortPath {
  Fd directory;  // keeps the short name alive
  std::string path;
};

Result<ShortPath> shortened(const std::string& path) {
  if (path.size() < sizeof(sockaddr_un::sun_path)) return ShortPath{Fd(), path};
  const std::size_t slash = path.rfind('/');
  TRY(directory, open_file(path.substr(0, slash), O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::string name = fmt::format("/proc/self/fd/{}/{}", directory.get(), path.substr(slash + 1));
  return ShortPath{std::move(directory), std::move(name)};
}

// Whether the one who asks is who we are, or root.
bool is_friend(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}

}  // namespace

std::string control_path(const std::string& queue_directory) {
  return queue_directory + "/public/headgate";
}

struct ControlSocket::Client {
  explicit Client(aio::io_context& io) : socket(io), timer(io) {}

  Protocol::socket socket;
  aio::steady_timer timer;
};

ControlSocket::ControlSocket(aio::io_context& io, std::string path, Answer answer)
    : io_(io), path_(std::move(path)), answer_(std::move(answer)), acceptor_(io) {}

ControlSocket::~ControlSocket() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<Fd> ControlSocket::listen(const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/'));
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno("mkdir", directory, errno);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("unlink", path, errno);
  TRY(name, shortened(path));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.path.size() >= sizeof address.sun_path)
    return fail(Code::invalid, "path is too long", path);
  std::memcpy(address.sun_path, name.path.data(), name.path.size());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return fail_errno("socket for", path, errno);
  // Linux takes the mode of the socket's file from the descriptor: nobody else can connect before a chmod.
  if (::fchmod(socket.get(), 0600) != 0) return fail_errno("fchmod", path, errno);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("bind", path, errno);
  if (::listen(socket.get(), static_cast<int>(kMaxClients)) != 0)
    return fail_errno("listen on", path, errno);
  return socket;
}

Result<std::unique_ptr<ControlSocket>> ControlSocket::adopt(aio::io_context& io, Fd socket,
                                                            Answer answer) {
  std::unique_ptr<ControlSocket> control(new ControlSocket(io, {}, std::move(answer)));
  aio::error_code error;
  control->acceptor_.assign(Protocol(), socket.get(), error);
  if (error) return fail(Code::io, "control socket: " + error.message());
  static_cast<void>(socket.release());
  return control;
}

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(aio::io_context& io,
                                                           const std::string& path, Answer answer) {
  TRY(socket, listen(path));
  TRY(control, adopt(io, std::move(socket), std::move(answer)));
  control->path_ = path;
  return std::move(control);
}

void ControlSocket::start() { aio::co_spawn(io_, accept(), aio::detached); }

void ControlSocket::close() {
  aio::error_code ignored;
  acceptor_.close(ignored);
  for (const auto& client : clients_) client->socket.close(ignored);
}

Task<void> ControlSocket::accept() {
  while (acceptor_.is_open()) {
    const auto client = std::make_shared<Client>(io_);
    const auto [error] = co_await acceptor_.async_accept(client->socket, kAsTuple);
    if (!acceptor_.is_open()) break;
    if (error) {  // no descriptors: the mail needs them more
      aio::steady_timer timer(io_, kAcceptRetry);
      co_await timer.async_wait(kAsTuple);
      continue;
    }
    if (clients_.size() >= kMaxClients || !is_friend(client->socket.native_handle())) continue;
    clients_.insert(client);
    aio::co_spawn(io_, serve(client), aio::detached);
  }
}

Task<void> ControlSocket::serve(std::shared_ptr<Client> client) {
  client->timer.expires_after(kPatience);
  client->timer.async_wait([client](const aio::error_code& cancelled) {
    aio::error_code ignored;
    if (!cancelled) client->socket.close(ignored);
  });
  std::string request(kMaxRequest, '\0');
  std::size_t size = 0;
  bool complete = false;
  while (!complete && size < kMaxRequest) {
    const aio::mutable_buffer room = aio::buffer(request.data() + size, kMaxRequest - size);
    const auto [error, count] = co_await client->socket.async_read_some(room, kAsTuple);
    if (error) break;
    size += count;
    complete = request.find('\n') < size;
  }
  if (complete) {
    request.resize(request.find('\n'));
    const std::string answer = co_await answer_(request);
    const aio::const_buffer bytes = aio::buffer(answer);
    co_await aio::async_write(client->socket, bytes, kAsTuple);
  }
  client->timer.cancel();
  clients_.erase(client);
}

Result<std::string> ask_server(const std::string& path, const std::string& request) {
  const Result<ShortPath> name = shortened(path);
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return fail_errno("socket", path, errno);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!name || name->path.size() >= sizeof address.sun_path)
    return fail(Code::unavailable, fmt::format("connect to {}: no server listens there", path));
  std::memcpy(address.sun_path, name->path.data(), name->path.size());
  const timeval patience{kPatience.count(), 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int reason = errno;
    return fail(Code::unavailable,
                fmt::format("{}; is the server running?",
                            fail_errno("connect to", path, reason).value().what));
  }
  const std::string line = request + '\n';
  if (::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(line.size()))
    return fail_errno("write", path, errno);
  std::string answer;
  std::string buffer(65536, '\0');
  while (true) {
    const ssize_t count = ::read(socket.get(), buffer.data(), buffer.size());
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("read", path, errno);
    answer.append(buffer, 0, static_cast<std::size_t>(count));
  }
  if (answer.empty())
    return fail(Code::unavailable,
                fmt::format("{}: the server did not answer (another user's?)", path));
  return answer;
}

}  // namespace headgate::cli
