// How it works: the files, or the embedded texts where both are missing; then the defaults that no table can hold.
// Tested by tests/smtpd/config/load_test.cc.
#include "smtpd/config/source.h"

#include <unistd.h>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "smtpd/config/embedded.h"
#include "smtpd/config/interfaces.h"
#include "smtpd/config/params.h"

namespace headgate::config {

namespace {

constexpr std::size_t kFileLimit = 16 << 20;
constexpr std::string_view kDefaultDomain = "localdomain";

bool is_delivery_command(std::string_view command) {
  constexpr std::string_view kCommands[] = {"error", "lmtp", "local", "pipe", "smtp", "virtual"};
  return std::find(std::begin(kCommands), std::end(kCommands), command) != std::end(kCommands);
}

// The text of one file; nothing when it does not exist.
Result<std::optional<std::string>> read_optional(const std::string& path) {
  auto data = read_file(path, kFileLimit);
  if (data) return std::optional<std::string>(std::move(*data));
  if (data.error().code == Code::not_found) return std::optional<std::string>();
  return tl::unexpected(std::move(data.error()));
}

class Reader {
 public:
  explicit Reader(const LoadOptions& options) : options_(options) {}

  Result<Source> read() {
    TRY_OK(read_files());
    for (const auto& [name, value] : options_.overrides) {
      source_.overrides[name] = Setting{value, "", 0};
    }
    compute_defaults(source_);
    return std::move(source_);
  }

 private:
  Result<void> read_files() {
    std::optional<std::string> main, master;
    if (!options_.directory.empty()) {
      source_.directory = options_.directory;
      source_.main_file = options_.directory + "/main.cf";
      source_.master_file = options_.directory + "/master.cf";
      TRY(main_text, read_optional(source_.main_file));
      TRY(master_text, read_optional(source_.master_file));
      if (!main_text && master_text) {
        return fail(Code::not_found,
                    fmt::format("open {}: No such file or directory", source_.main_file));
      }
      main = std::move(main_text);
      master = std::move(master_text);
    }
    use_embedded_for_missing(main, master);
    const WarningSink warn = [this](const Diagnostic& d) { source_.diagnostics.push_back(d); };
    TRY(layer, parse_main_cf(*main, source_.main_file, warn));
    TRY(entries, parse_master_cf(*master, source_.master_file, warn));
    source_.main = std::move(layer);
    source_.entries = std::move(entries);
    return {};
  }

  void use_embedded_for_missing(std::optional<std::string>& main,
                                std::optional<std::string>& master) {
    if (!main) {
      if (!source_.directory.empty()) {
        note(fmt::format("{}: no main.cf: using the embedded configuration", source_.directory));
      }
      source_.embedded = true;
      source_.directory.clear();
      source_.main_file = "embedded main.cf";
      source_.master_file = "embedded master.cf";
      main = kEmbeddedMain;
      master = kEmbeddedMaster;
    } else if (!master) {
      note(fmt::format("{}: no master.cf: the only service is smtpd on 127.0.0.1:2525",
                       source_.directory));
      source_.master_file = "embedded master.cf";
      master = kEmbeddedMaster;
    }
  }

  void note(std::string text) {
    source_.diagnostics.push_back({Severity::warning, std::move(text), source_.directory});
  }

  const LoadOptions& options_;
  Source source_;
};

class DefaultsComputer {
 public:
  explicit DefaultsComputer(Source& source) : source_(source) {}

  void run() {
    source_.computed.clear();
    compute_names();
    compute_networks();
    compute_service_defaults();
  }

 private:
  void set(std::string name, std::string value) {
    source_.computed[std::move(name)] = Setting{std::move(value), "", 0};
  }

  // An expansion that fails here fails again, with its place, when the parameter itself is filled in.
  [[nodiscard]] std::string value_of(std::string_view name) const {
    return source_.dictionary().expanded(name).value_or(std::string());
  }

  [[nodiscard]] bool is_set(std::string_view name) const {
    return source_.dictionary().find(name) != nullptr;
  }

  void compute_names() {
    set("config_directory", source_.directory);
    set("process_id", std::to_string(getpid()));
    std::string host;
    if (is_set("myhostname")) {
      host = value_of("myhostname");
    } else {
      host = machine_name();
      if (host.find('.') == std::string::npos) {
        host = fmt::format("{}.{}", host,
                           is_set("mydomain") ? value_of("mydomain") : std::string(kDefaultDomain));
      }
      set("myhostname", host);
    }
    const auto dot = host.find('.');
    if (!is_set("mydomain"))
      set("mydomain",
          dot == std::string::npos ? std::string(kDefaultDomain) : host.substr(dot + 1));
  }

  void compute_networks() {
    if (is_set("mynetworks")) return;
    const std::string protocols = value_of("inet_protocols");
    const std::string interfaces_text = value_of("inet_interfaces");
    const auto interfaces = text::split(interfaces_text, ", \t\r\n");
    std::vector<InterfaceAddress> addresses = interface_addresses();
    std::erase_if(addresses, [&](const InterfaceAddress& address) {
      if (protocols == "ipv4" && address.ipv6) return true;
      if (protocols == "ipv6" && !address.ipv6) return true;
      if (interfaces_text == "all") return false;
      if (interfaces_text == "loopback-only") return !is_loopback_host(address.address);
      return std::find(interfaces.begin(), interfaces.end(), address.address) == interfaces.end();
    });
    set("mynetworks", networks_text(addresses, value_of("mynetworks_style") != "host"));
  }

  void compute_service_defaults() {
    for (const MasterEntry& entry : source_.entries) {
      if (entry.type() == "unix" && is_delivery_command(entry.command)) {
        for (const ServiceSuffix& suffix : delivery_suffixes()) {
          add_service_default(entry.name() + std::string(suffix.suffix), suffix.fallback);
        }
      }
      if (entry.command == "spawn" || (entry.type() == "unix" && entry.command == "pipe")) {
        add_service_default(entry.name() + "_time_limit", "$command_time_limit");
      }
    }
  }

  void add_service_default(std::string name, std::string_view value) {
    if (!default_of(name)) set(std::move(name), std::string(value));
  }

  Source& source_;
};

}  // namespace

Dictionary Source::dictionary() const { return Dictionary({&overrides, &main, &computed}); }

Dictionary Source::dictionary(const Layer& service, const Layer& context) const {
  return Dictionary({&service, &context, &overrides, &main, &computed});
}

bool is_built_in(const Source& source, std::string_view name) {
  return default_of(name).has_value() || source.computed.contains(name);
}

void compute_defaults(Source& source) { DefaultsComputer(source).run(); }

Result<Source> read_source(const LoadOptions& options) { return Reader(options).read(); }

}  // namespace headgate::config
