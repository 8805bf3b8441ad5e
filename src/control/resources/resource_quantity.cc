#include "control/resources/resource_quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

namespace millrace {
namespace {

/// More is no amount. A few of them are added up, and processors counted in microseconds.
constexpr double kMostMemory = 1e18;
constexpr double kMostMillicores = 1e9;

constexpr std::pair<std::string_view, double> kMemoryUnits[] = {
    {"", 1.0},
    {"k", 1e3},
    {"M", 1e6},
    {"G", 1e9},
    {"T", 1e12},
    {"P", 1e15},
    {"E", 1e18},
    {"Ki", 1024.0},
    {"Mi", 1024.0 * 1024},
    {"Gi", 1024.0 * 1024 * 1024},
    {"Ti", 1024.0 * 1024 * 1024 * 1024},
    {"Pi", 1024.0 * 1024 * 1024 * 1024 * 1024},
    {"Ei", 1024.0 * 1024 * 1024 * 1024 * 1024 * 1024},
};
constexpr std::pair<std::string_view, double> kCpuUnits[] = {{"", 1e3}, {"m", 1.0}};

/// What people write instead of a unit, and the unit.
constexpr std::pair<std::string_view, std::string_view> kMistakes[] = {
    {"K", "k"},   {"KB", "k"}, {"kB", "k"}, {"kb", "k"},  {"KiB", "Ki"},
    {"ki", "Ki"}, {"m", "Mi"}, {"MB", "M"}, {"mb", "M"},  {"MiB", "Mi"},
    {"mi", "Mi"}, {"g", "Gi"}, {"GB", "G"}, {"gb", "G"},  {"GiB", "Gi"},
    {"gi", "Gi"}, {"t", "Ti"}, {"TB", "T"}, {"TiB", "Ti"}};

std::string_view WithoutSpaces(std::string_view text) {
  const size_t start = text.find_first_not_of(' ');
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(' ') - start + 1);
}

/// As messages show it: nobody means an amount by so long a text.
std::string Shown(std::string_view text) {
  constexpr size_t kShownMax = 60;
  return text.size() <= kShownMax ? fmt::format("\"{}\"", text)
                                  : fmt::format("a text of {} bytes", text.size());
}

struct Amount {
  double number = 0;
  std::string_view unit;
};

Result<Amount> Split(std::string_view text) {
  Amount amount;
  // Not what from_chars takes besides: a sign, "inf", "nan".
  const bool begins = !text.empty() && ((text[0] >= '0' && text[0] <= '9') || text[0] == '.');
  const char* const end = text.data() + text.size();
  const auto [rest, error] = begins ? std::from_chars(text.data(), end, amount.number)
                                    : std::from_chars_result{end, std::errc::invalid_argument};
  if (error != std::errc()) return ConfigError("{} is no amount", Shown(text));
  amount.unit = WithoutSpaces({rest, static_cast<size_t>(end - rest)});
  return amount;
}

template <size_t N>
Result<int64_t> Parse(std::string_view text, const std::pair<std::string_view, double> (&units)[N],
                      double most) {
  MR_ASSIGN_OR_RETURN(const Amount amount, Split(WithoutSpaces(text)));
  for (const auto& [unit, factor] : units) {
    if (unit != amount.unit) continue;
    const double value = std::ceil(amount.number * factor);
    if (value > most) return ConfigError("{} is more than there can be", Shown(text));
    return static_cast<int64_t>(value);
  }
  return ConfigError("{} has no unit that is known", Shown(text));
}

}  // namespace

Result<int64_t> MemoryBytesOf(std::string_view text) {
  auto bytes = Parse(text, kMemoryUnits, kMostMemory);
  if (bytes.ok()) return bytes;
  const auto amount = Split(WithoutSpaces(text));
  for (const auto& [written, meant] : kMistakes) {
    if (!amount.ok() || amount->unit != written) continue;
    const std::string_view number = text.substr(0, text.find(written));
    return ConfigError("{} has no unit that is known: write \"{}{}\"", Shown(text),
                       WithoutSpaces(number), meant);
  }
  return bytes.status().WithContext("memory is written like \"512Mi\" or \"2G\"");
}

Result<int64_t> CpuMillicoresOf(std::string_view text) {
  auto millicores = Parse(text, kCpuUnits, kMostMillicores);
  if (millicores.ok()) return millicores;
  return millicores.status().WithContext("processors are written like \"0.5\" or \"500m\"");
}

}  // namespace millrace
