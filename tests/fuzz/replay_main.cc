// replay: a fuzz target without libFuzzer. Runs every file of the folders given, in the order of their names, and the
// empty input; a folder that does not exist is an empty one. What does not hold aborts, after the file's name was printed.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::string& name, const std::string& bytes) {
  std::printf("%s\n", name.c_str());
  std::fflush(stdout);
  // A copy without slack, so that a sanitizer sees a read past the end.
  const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  const auto started = std::chrono::steady_clock::now();
  std::vector<std::filesystem::path> inputs;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) continue;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      if (entry.is_regular_file()) inputs.push_back(entry.path());
    }
  }
  std::sort(inputs.begin(), inputs.end());
  run("(empty)", {});
  for (const auto& path : inputs) {
    std::ifstream file(path, std::ios::binary);
    run(path.string(), std::string(std::istreambuf_iterator<char>(file), {}));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::printf("%zu inputs in %.2f s\n", inputs.size() + 1, took.count());
  return inputs.empty() ? 1 : 0;  // a target without a corpus proves nothing
}
