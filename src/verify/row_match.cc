#include "verify/row_match.h"

#include <algorithm>
#include <span>

namespace millrace {
namespace {

using Marks = std::span<const RowMark>;

/// The marks at the front that have the first one's key.
Marks TakeKey(Marks* marks, uint64_t key) {
  size_t count = 0;
  while (count < marks->size() && (*marks)[count].key == key) ++count;
  const Marks taken = marks->first(count);
  *marks = marks->subspan(count);
  return taken;
}

struct KeyMatch {
  int64_t matched = 0;
  int64_t source_left = 0;
  int64_t destination_left = 0;  ///< rows that the source does not have now
  int64_t repeats = 0;           ///< more of a row than the source has
};

/// Both sorted by row.
KeyMatch MatchKey(Marks source, Marks destination) {
  KeyMatch match;
  size_t s = 0, d = 0;
  while (s < source.size() || d < destination.size()) {
    const bool take_source =
        d == destination.size() || (s < source.size() && source[s].row <= destination[d].row);
    const uint64_t row = take_source ? source[s].row : destination[d].row;
    int64_t here = 0, there = 0;
    while (s < source.size() && source[s].row == row) ++s, ++here;
    while (d < destination.size() && destination[d].row == row) ++d, ++there;
    match.matched += std::min(here, there);
    match.source_left += std::max<int64_t>(here - there, 0);
    if (here == 0) {
      match.destination_left += 1;
      match.repeats += there - 1;
    } else {
      match.repeats += std::max<int64_t>(there - here, 0);
    }
  }
  return match;
}

void Sample(std::vector<uint64_t>* samples, uint64_t key, int64_t count, size_t samples_max) {
  if (count > 0 && samples->size() < samples_max) samples->push_back(key);
}

/// What the leftovers of one key are.
MatchCounts Judge(TableMeaning meaning, const KeyMatch& match, bool in_source,
                  bool in_destination) {
  MatchCounts counts;
  if (!in_destination) {
    counts.missing = match.source_left;
    return counts;
  }
  if (meaning == TableMeaning::kMirror) {
    const int64_t left = match.destination_left + match.repeats;
    counts.different = std::min(match.source_left, left);
    counts.missing = match.source_left - counts.different;
    (in_source ? counts.doubled : counts.extra) = left - counts.different;
    return counts;
  }
  counts.different = match.source_left;
  if (meaning == TableMeaning::kCopies) {
    counts.older = match.destination_left + match.repeats;
    return counts;
  }
  counts.doubled = match.repeats;
  (in_source ? counts.older : counts.extra) = match.destination_left;
  return counts;
}

}  // namespace

void MatchRows(TableMeaning meaning, std::vector<RowMark>* source,
               std::vector<RowMark>* destination, size_t samples_max, MatchCounts* counts,
               MatchSamples* samples) {
  std::sort(source->begin(), source->end());
  std::sort(destination->begin(), destination->end());
  Marks here = *source, there = *destination;
  while (!here.empty() || !there.empty()) {
    const bool source_first =
        there.empty() || (!here.empty() && here.front().key <= there.front().key);
    const uint64_t key = source_first ? here.front().key : there.front().key;
    const Marks in_source = TakeKey(&here, key);
    const Marks in_destination = TakeKey(&there, key);
    const MatchCounts found = Judge(meaning, MatchKey(in_source, in_destination),
                                    !in_source.empty(), !in_destination.empty());
    counts->missing += found.missing;
    counts->different += found.different;
    counts->extra += found.extra;
    counts->doubled += found.doubled;
    counts->older += found.older;
    Sample(&samples->missing, key, found.missing, samples_max);
    Sample(&samples->different, key, found.different, samples_max);
    Sample(&samples->extra, key, found.extra, samples_max);
    Sample(&samples->doubled, key, found.doubled, samples_max);
  }
}

}  // namespace millrace
