#include "declarative/jinja/py_sort.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {

Result<PyList> PySorted(EvaluationBudget& budget, const PyList& items, const PyList& keys,
                        bool reverse) {
  const size_t size = items.size();
  MR_RETURN_IF_ERROR(ChargeItems(budget, size * (std::bit_width(size) + 1)));
  std::vector<size_t> order(size);
  std::iota(order.begin(), order.end(), size_t{0});
  Status failure = Status::Ok();
  // std::stable_sort must not meet an order that contradicts itself (NaN), which Python allows: so
  // merge by hand.
  std::vector<size_t> merged(size);
  for (size_t width = 1; width < size && failure.ok(); width *= 2) {
    for (size_t start = 0; start < size; start += 2 * width) {
      size_t left = start, right = std::min(start + width, size);
      const size_t middle = right, end = std::min(start + 2 * width, size);
      for (size_t out = start; out < end; ++out) {
        bool take_right = left == middle;
        if (left < middle && right < end) {
          const PyValue &a = keys[order[left]], &b = keys[order[right]];
          const Result<bool> less = reverse ? PyLess(a, b) : PyLess(b, a);
          if (!less.ok()) failure = less.status();
          take_right = less.ok() && *less;
        }
        merged[out] = take_right ? order[right++] : order[left++];
      }
    }
    order.swap(merged);
  }
  MR_RETURN_IF_ERROR(failure);
  PyList sorted;
  sorted.reserve(size);
  for (const size_t place : order) sorted.push_back(items[place]);
  return sorted;
}

}  // namespace millrace
