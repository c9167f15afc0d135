// ProcessTitle: what `ps` shows of the server: one "smtpd -n NAME -t inet -o stress=yes" a service, as an operator of
// Postfix looks for it.
//   Errors    where the system does not show the place of the arguments, or it is too small, nothing or less is shown.
//   Threads   make one before others are started (it moves the environment); set() from one thread.
//   Source    STRESS_README, "Detecting support for stress-adaptive behavior".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace headgate::cli {

struct TitledService {
  std::string name, type;
  bool eligible = false, stressed = false;
};

// "headgate: smtpd -n smtp -t inet -o stress=yes, smtpd -n submission -t inet": no word of stress where there can be none.
std::string process_title(const std::vector<TitledService>& services);

class ProcessTitle {
 public:
  ProcessTitle();

  void set(const std::string& title);

 private:
  char* begin_ = nullptr;  // the arguments and, behind them, what was the environment
  std::size_t size_ = 0;
  std::string shown_;
};

}  // namespace headgate::cli
