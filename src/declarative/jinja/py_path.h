#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// A path into nested dicts and lists whose segments are shell patterns ("data/*/id"), as Python's
/// `dpath` library reads them: `**` stands for any number of segments, a number is an index or the
/// key of that name, -1 is a list's last item. Made once, then const and usable from any thread.
///
/// Keys of empty text are keys like others: the CDK sets that option of dpath's. Failures are
/// PyErrors.
class PyPath {
 public:
  PyPath() : PyPath(PyList()) {}
  /// Each segment as it stands, "/" included; text or numbers.
  explicit PyPath(const PyList& segments);
  explicit PyPath(const std::vector<std::string>& segments);
  /// "a/b/c"; separators in front don't count.
  static PyPath Split(std::string_view path, char separator = '/');
  /// Of text (split at "/") or a list; TypeError for anything else.
  static Result<PyPath> Of(const PyValue& path);

  /// dpath.get: the only value that matches. `missing` when none does, or, without one, KeyError;
  /// ValueError when several do. The object itself when the path is empty.
  Result<PyValue> Get(const PyValue& object,
                      const std::optional<PyValue>& missing = std::nullopt) const;
  /// dpath.values: all that match, parents before children.
  Result<PyList> Values(const PyValue& object) const;
  /// dpath.search: the same, each with the keys down to it.
  struct Match {
    PyList keys;
    PyValue value;
  };
  Result<std::vector<Match>> Search(const PyValue& object) const;
  /// dpath.set: overwrites what matches and tells how many that were.
  Result<int64_t> SetExisting(const PyValue& object, const PyValue& value) const;
  /// dpath.new: the path is no pattern; dicts and lists on the way are created.
  Status SetNew(const PyValue& object, const PyValue& value) const;
  /// dpath.delete: removes what matches and tells how much; PathNotFound when that's nothing. An
  /// item of a list that isn't its last becomes None instead.
  Result<int64_t> Delete(const PyValue& object) const;

  /// dpath.delete with a filter: every leaf, anywhere, of which `selected` is true is removed; the
  /// path has no say in it. PathNotFound when there is none.
  using Filter = std::function<Result<bool>(const PyValue& leaf)>;
  static Result<int64_t> DeleteLeaves(const PyValue& object, const Filter& selected);

  bool empty() const { return segments_.empty(); }
  size_t size() const { return segments_.size(); }
  /// For messages: the segments with "/" between them.
  std::string ToString() const;

 private:
  struct Segment {
    PyValue value;
    bool star = false;             ///< "*"
    bool pattern = false;          ///< text that isn't its own pattern
    std::optional<int64_t> index;  ///< int(value)
  };
  class Walk;

  /// Whether a key of a dict, or of a list of `length` items (-1: a dict's), matches.
  static bool Matches(const Segment& segment, const PyValue& key, int64_t length);
  bool MatchesPath(const std::vector<PyValue>& path, const std::vector<int64_t>& lengths) const;

  std::vector<Segment> segments_;
  std::optional<size_t> any_depth_;  ///< which segment is `**`
  bool two_any_depths_ = false;      ///< an InvalidGlob
  bool whole_ = false;               ///< "" or "/": Get gives the object itself
};

}  // namespace millrace
