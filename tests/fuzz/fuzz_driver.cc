// A small mutation fuzzer for compilers without libFuzzer: what `make test` runs for a few seconds.
// It knows no coverage; `make fuzz` has libFuzzer for that.
//
//   fuzz_target [-max_total_time=SECONDS] [-seed=N] [FILE | FOLDER]...
//
// Runs each seed input as it is, then mutations of them until the time is up. The input that ends
// the process (a crash, a failed check, a sanitizer's report) is written to crash-<hash> first.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kInputBytesMax = 1 << 16;
constexpr std::string_view kTokens[] = {
    "\"",   "\\", "{",   "}",   "[",   "]",        ",",        "\n",   "\r\n", "null",
    "true", "-",  "1e9", "0.5", "\\u", "\xed\xa0", "\xff\xff", "\x80", ";",    "\xef\xbb\xbf"};

// Read by the signal handler: the input that is being tried.
const std::string* current_input = nullptr;

void KeepInputOfCrash(int signal) {
  if (current_input != nullptr) {
    char name[64];
    std::snprintf(name, sizeof name, "crash-%zx",
                  std::hash<std::string_view>{}(std::string_view(*current_input)));
    const int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file >= 0 && write(file, current_input->data(), current_input->size()) >= 0) {
      std::fprintf(stderr, "fuzz: signal %d, input of %zu bytes kept in %s\n", signal,
                   current_input->size(), name);
    }
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Mutator {
 public:
  Mutator(uint64_t seed, const std::vector<std::string>& seeds) : random_(seed), seeds_(seeds) {}

  std::string Next() {
    std::string input = seeds_[Below(seeds_.size())];
    for (uint64_t steps = 1 + Below(6); steps > 0; --steps) Mutate(input);
    if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
    return input;
  }

 private:
  uint64_t Below(uint64_t bound) { return bound == 0 ? 0 : random_() % bound; }

  void Mutate(std::string& input) {
    const size_t at = Below(input.size() + 1);
    const size_t length = std::min<size_t>(1 + Below(32), input.size() - at);
    switch (Below(8)) {
      case 0:
        if (at < input.size()) input[at] ^= static_cast<char>(1 << Below(8));
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(Below(256));
        break;
      case 2:
        input.erase(at, length);
        break;
      case 3:
        input.insert(at, input.substr(at, length));
        break;
      case 4:
        input.insert(at, kTokens[Below(std::size(kTokens))]);
        break;
      case 5: {  // a length or a count, made extreme
        constexpr uint32_t kExtremes[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe};
        const uint32_t value = kExtremes[Below(std::size(kExtremes))];
        for (size_t i = 0; i < 4 && at + i < input.size(); ++i) {
          input[at + i] = static_cast<char>(value >> (8 * (3 - i)));
        }
        break;
      }
      case 6: {
        const std::string& other = seeds_[Below(seeds_.size())];
        const size_t from = Below(other.size() + 1);
        input = input.substr(0, at) + other.substr(from);
        break;
      }
      default:
        input.resize(at);
    }
  }

  std::mt19937_64 random_;
  const std::vector<std::string>& seeds_;
};

void Try(const std::string& input) {
  current_input = &input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  current_input = nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  int64_t seconds = 5;
  uint64_t seed = std::random_device{}();
  std::vector<std::string> seeds;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("-max_total_time=")) {
      seconds = std::atoll(argv[i] + argument.find('=') + 1);
    } else if (argument.starts_with("-seed=")) {
      seed = std::strtoull(argv[i] + argument.find('=') + 1, nullptr, 10);
    } else if (std::filesystem::is_directory(argument)) {
      for (const auto& entry : std::filesystem::directory_iterator(argument)) {
        if (entry.is_regular_file()) seeds.push_back(ReadFile(entry.path()));
      }
    } else if (std::filesystem::exists(argument)) {
      seeds.push_back(ReadFile(argument));
    }
  }
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) {
    std::signal(signal, KeepInputOfCrash);
  }
  std::printf("fuzz: seed %llu, %zu inputs\n", static_cast<unsigned long long>(seed), seeds.size());
  std::fflush(stdout);
  for (const std::string& input : seeds) Try(input);
  seeds.emplace_back();

  Mutator mutator(seed, seeds);
  uint64_t tried = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (std::chrono::steady_clock::now() < end) {
    alarm(20);  // one input may not take longer
    for (int i = 0; i < 100; ++i, ++tried) Try(mutator.Next());
  }
  std::printf("fuzz: %llu inputs tried\n", static_cast<unsigned long long>(tried));
}
