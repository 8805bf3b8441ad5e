#include "declarative/jinja/py_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_glob.h"
#include "declarative/jinja/py_item.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

/// Nested deeper than this, an object is an error, as it would be to Python's recursion.
constexpr size_t kDepthMax = 900;

/// What walks through everything needs an object with an end.
Status CheckDepth(const PyValue& node, size_t depth = 0) {  // NOLINT(misc-no-recursion): bounded
  if (depth > kDepthMax) return PyError("RecursionError", "maximum recursion depth exceeded");
  const auto below = [depth](const PyValue& child) {
    return child.kind() >= Kind::kList ? CheckDepth(child, depth + 1) : Status::Ok();
  };
  if (node.is_dict()) {
    for (const auto& [key, value] : node.dict()) MR_RETURN_IF_ERROR(below(value));
  } else if (IsPySequence(node)) {
    for (const PyValue& item : node.items()) MR_RETURN_IF_ERROR(below(item));
  }
  return Status::Ok();
}

/// A match: the keys down to it, and what stands there.
struct Found {
  std::vector<PyValue> path;
  PyValue value;
};

/// The container that holds the path's last key, as things stand now; null when the path is gone.
const PyValue* ParentOf(const PyValue& object, const std::vector<PyValue>& path) {
  const PyValue* parent = &object;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    parent = PyItemOf(*parent, AsPyIndex(*parent, path[i]));
    if (parent == nullptr) return nullptr;
  }
  return PyItemOf(*parent, AsPyIndex(*parent, path.back())) == nullptr ? nullptr : parent;
}

Result<bool> RemoveFound(const PyValue& object, const std::vector<PyValue>& path) {
  const PyValue* parent = ParentOf(object, path);
  if (parent == nullptr) return false;
  if (parent->is_dict()) return parent->mutable_dict().Erase(path.back());
  if (!parent->is_list()) {
    return PyError("TypeError", "'tuple' object does not support item deletion");
  }
  PyList& items = parent->mutable_items();
  if (path.back().as_int() + 1 == static_cast<int64_t>(items.size())) {
    items.pop_back();
  } else {
    items[path.back().as_int()] = PyValue();  // the others keep their places
  }
  return true;
}

}  // namespace

/// One pass over an object in dpath's order: a node's children, then each child's own.
class PyPath::Walk {
 public:
  explicit Walk(const PyPath& path) : path_(path) {}

  /// `found(keys, value)` for each match, until it returns false.
  template <typename Visitor>
  void Matches(const PyValue& object, const Visitor& found) {
    if (path_.any_depth_.has_value()) {
      Everything(object, [&](const std::vector<PyValue>& keys, const PyValue& value) {
        return !path_.MatchesPath(keys, lengths_) || found(keys, value);
      });
    } else if (!path_.segments_.empty()) {
      Level(object, 0, found);
    }
  }

  /// `visit(keys, value)` for everything below the node.
  template <typename Visitor>
  bool Everything(const PyValue& node, const Visitor& visit) {  // NOLINT(misc-no-recursion)
    const auto within = [&](const PyValue& key, int64_t length, const auto& then) {
      keys_.push_back(key);
      lengths_.push_back(length);
      const bool go_on = then();
      keys_.pop_back();
      lengths_.pop_back();
      return go_on;
    };
    const bool all_visited =
        ForEachChild(node, [&](const PyValue& key, int64_t length, const PyValue& child) {
          return within(key, length, [&] { return visit(keys_, child); });
        });
    return all_visited &&
           ForEachChild(node, [&](const PyValue& key, int64_t length, const PyValue& child) {
             return within(key, length, [&] { return Everything(child, visit); });
           });
  }

 private:
  /// Follows a path without `**` only where it leads.
  template <typename Visitor>
  bool Level(const PyValue& node, size_t depth, const Visitor& found) {  // NOLINT
    return ForEachChild(node, [&](const PyValue& key, int64_t length, const PyValue& child) {
      if (!PyPath::Matches(path_.segments_[depth], key, length)) return true;
      keys_.push_back(key);
      const bool go_on = depth + 1 == path_.segments_.size() ? found(keys_, child)
                                                             : Level(child, depth + 1, found);
      keys_.pop_back();
      return go_on;
    });
  }

  template <typename Visitor>
  static bool ForEachChild(const PyValue& node, const Visitor& visit) {
    if (node.is_dict()) {
      for (const auto& [key, child] : node.dict()) {
        if (!visit(key, -1, child)) return false;
      }
    } else if (IsPySequence(node)) {
      const auto length = static_cast<int64_t>(node.items().size());
      for (int64_t i = 0; i < length; ++i) {
        if (!visit(PyValue(i), length, node.items()[i])) return false;
      }
    }
    return true;
  }

  const PyPath& path_;
  std::vector<PyValue> keys_;
  std::vector<int64_t> lengths_;
};

PyPath::PyPath(const PyList& segments) : whole_(segments.empty()) {
  for (const PyValue& value : segments) {
    Segment segment{.value = value, .index = PyIndexOf(value)};
    if (value.is_str()) {
      segment.star = value.str() == "*";
      segment.pattern = IsPyGlob(value.str());
      if (value.str() == "**") {
        two_any_depths_ = any_depth_.has_value();
        any_depth_ = any_depth_.value_or(segments_.size());
        segment.star = true;
      }
    }
    segments_.push_back(std::move(segment));
  }
}

PyPath::PyPath(const std::vector<std::string>& segments)
    : PyPath(PyList(segments.begin(), segments.end())) {}

PyPath PyPath::Split(std::string_view path, char separator) {
  const bool whole = path.empty() || (path.size() == 1 && path.front() == '/');
  path.remove_prefix(std::min(path.find_first_not_of(separator), path.size()));
  PyList segments;
  for (;;) {
    const size_t end = path.find(separator);
    segments.emplace_back(path.substr(0, end));
    if (end == path.npos) break;
    path.remove_prefix(end + 1);
  }
  PyPath made(segments);
  made.whole_ = whole;
  return made;
}

Result<PyPath> PyPath::Of(const PyValue& path) {
  if (path.is_str()) return Split(path.str());
  if (IsPySequence(path)) return PyPath(path.items());
  return PyError("TypeError", fmt::format("object of type '{}' is no path", PyTypeName(path)));
}

bool PyPath::Matches(const Segment& segment, const PyValue& key, int64_t length) {
  if (key.is_str()) {
    if (!segment.value.is_str()) return false;
    if (segment.star) return true;
    return segment.pattern ? PyGlobMatches(segment.value.str(), key.str())
                           : segment.value.str() == key.str();
  }
  if (!key.is_int() && !key.is_bool()) return false;
  if (segment.index.has_value()) {
    // An index also counts from a list's end.
    return *segment.index == key.as_int() ||
           (length >= 0 && *segment.index + length == key.as_int());
  }
  if (!segment.value.is_str()) return false;
  return segment.star || PyGlobMatches(segment.value.str(), PyStr(key));
}

bool PyPath::MatchesPath(const std::vector<PyValue>& path,
                         const std::vector<int64_t>& lengths) const {
  if (path.size() + 1 < segments_.size()) return false;
  const size_t any = path.size() + 1 - segments_.size();  // how many segments `**` stands for
  for (size_t i = 0; i < path.size(); ++i) {
    const bool within = i >= *any_depth_ && i < *any_depth_ + any;
    const size_t segment = within ? *any_depth_ : i < *any_depth_ ? i : i - any + 1;
    if (!Matches(segments_[segment], path[i], lengths[i])) return false;
  }
  return true;
}

Result<PyValue> PyPath::Get(const PyValue& object, const std::optional<PyValue>& missing) const {
  if (whole_) return object;
  if (any_depth_) MR_RETURN_IF_ERROR(CheckDepth(object));
  if (two_any_depths_) return PyError("InvalidGlob", "Only one '**' is permitted per glob");
  std::optional<PyValue> only;
  bool several = false;
  Walk(*this).Matches(object, [&](const std::vector<PyValue>&, const PyValue& value) {
    several = only.has_value();
    only = value;
    return !several;
  });
  if (several) {
    return PyError("ValueError", fmt::format("{} matches more than one value", ToString()));
  }
  if (only.has_value()) return *std::move(only);
  if (missing.has_value()) return *missing;
  return PyError("KeyError", ToString());
}

Result<PyList> PyPath::Values(const PyValue& object) const {
  if (any_depth_) MR_RETURN_IF_ERROR(CheckDepth(object));
  if (two_any_depths_) return PyError("InvalidGlob", "Only one '**' is permitted per glob");
  PyList values;
  Walk(*this).Matches(object, [&](const std::vector<PyValue>&, const PyValue& value) {
    values.push_back(value);
    return true;
  });
  return values;
}

Result<std::vector<PyPath::Match>> PyPath::Search(const PyValue& object) const {
  if (any_depth_) MR_RETURN_IF_ERROR(CheckDepth(object));
  if (two_any_depths_) return PyError("InvalidGlob", "Only one '**' is permitted per glob");
  std::vector<Match> matches;
  Walk(*this).Matches(object, [&](const std::vector<PyValue>& keys, const PyValue& value) {
    matches.push_back({keys, value});
    return true;
  });
  return matches;
}

Result<int64_t> PyPath::SetExisting(const PyValue& object, const PyValue& value) const {
  MR_ASSIGN_OR_RETURN(const std::vector<Match> matches, Search(object));
  int64_t changed = 0;
  for (const Match& match : matches) {
    const PyValue* parent = ParentOf(object, match.keys);
    if (parent == nullptr) continue;  // within what was overwritten before
    MR_RETURN_IF_ERROR(SetPyItem(*parent, match.keys.back(), value));
    ++changed;
  }
  return changed;
}

Result<int64_t> PyPath::Delete(const PyValue& object) const {
  MR_ASSIGN_OR_RETURN(const std::vector<Match> matches, Search(object));
  int64_t deleted = 0;
  for (const Match& match : matches) {
    MR_ASSIGN_OR_RETURN(const bool removed, RemoveFound(object, match.keys));
    deleted += removed;
  }
  if (deleted == 0) {
    return PyError("PathNotFound", fmt::format("Could not find {} to delete it", ToString()));
  }
  return deleted;
}

Result<int64_t> PyPath::DeleteLeaves(const PyValue& object, const Filter& selected) {
  MR_RETURN_IF_ERROR(CheckDepth(object));
  std::vector<Found> leaves;
  Walk(PyPath()).Everything(object, [&](const std::vector<PyValue>& keys, const PyValue& value) {
    if (IsPathLeaf(value)) leaves.push_back({keys, value});
    return true;
  });
  int64_t deleted = 0;
  for (const Found& leaf : leaves) {
    if (ParentOf(object, leaf.path) == nullptr) continue;
    MR_ASSIGN_OR_RETURN(const bool remove, selected(leaf.value));
    if (!remove) continue;
    MR_ASSIGN_OR_RETURN(const bool removed, RemoveFound(object, leaf.path));
    deleted += removed;
  }
  if (deleted == 0) return PyError("PathNotFound", "Could not find anything to delete");
  return deleted;
}

std::string PyPath::ToString() const {
  std::string text;
  for (const Segment& segment : segments_) {
    if (!text.empty()) text += '/';
    text += PyStr(segment.value);
  }
  return text;
}

}  // namespace millrace
