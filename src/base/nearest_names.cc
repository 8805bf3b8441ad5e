#include "base/nearest_names.h"

#include <algorithm>
#include <numeric>

#include "base/lower_case.h"

namespace millrace {
namespace {

/// Levenshtein's distance, with two neighbours swapped counted as one step.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    next[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      next[j + 1] = std::min({row[j] + (a[i] != b[j]), row[j + 1] + 1, next[j] + 1});
      if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j]) {
        next[j + 1] = std::min(next[j + 1], before[j - 1] + 1);
      }
    }
    before.swap(row);
    row.swap(next);
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> NearestNames(std::string_view name,
                                      const std::vector<std::string>& candidates, size_t count) {
  // Longer texts are not what this is for, and would cost the square of their length.
  constexpr size_t kLongest = 128;
  const std::string wanted = LowerCaseOf(name.substr(0, kLongest));
  std::vector<std::pair<size_t, const std::string*>> ranked;
  for (const std::string& candidate : candidates) {
    const std::string lower = LowerCaseOf(std::string_view(candidate).substr(0, kLongest));
    size_t distance = EditDistance(wanted, lower);
    const size_t shorter = std::min(wanted.size(), lower.size());
    // "postgres" is near to "source-postgres", and "order" to "orders_2024".
    const bool part = shorter >= 3 && (lower.find(wanted) != std::string::npos ||
                                       wanted.find(lower) != std::string::npos);
    if (part) distance = std::min<size_t>(distance, 2);
    if (distance <= std::max<size_t>(1, wanted.size() / 3))
      ranked.emplace_back(distance, &candidate);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> nearest;
  for (size_t i = 0; i < std::min(count, ranked.size()); ++i) nearest.push_back(*ranked[i].second);
  return nearest;
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates,
                       size_t count) {
  const std::vector<std::string> nearest = NearestNames(name, candidates, count);
  if (nearest.empty()) return "";
  std::string text = "; did you mean ";
  for (size_t i = 0; i < nearest.size(); ++i) {
    if (i > 0) text += i + 1 == nearest.size() ? " or " : ", ";
    text += nearest[i];
  }
  return text + "?";
}

}  // namespace millrace
