#include "declarative/manifest/manifest_normalizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

constexpr std::string_view kDefinitions = "definitions";
constexpr std::string_view kLinked = "linked";
/// The fields whose values components share.
constexpr std::string_view kLinkable[] = {
    "authenticator",   "error_handler",      "file_uploader",   "paginator", "request_body",
    "request_headers", "request_parameters", "transformations", "url_base",
};

bool IsLinkable(std::string_view name) {
  return std::find(std::begin(kLinkable), std::end(kLinkable), name) != std::end(kLinkable);
}

bool IsPrimitive(const PyValue& value) {
  return value.is_str() || value.is_int() || value.is_float() || value.is_bool() ||
         value.kind() == PyValue::Kind::kBigInt;
}

/// Text that is the same for equal content, whatever the order of keys.
Result<std::string> Fingerprint(const PyValue& value) {
  std::string text;
  MR_RETURN_IF_ERROR(AppendPyJson(value, {.sort_keys = true}, &text));
  return text;
}

PyValue Reference(std::string path) { return PyDict{{"$ref", PyValue(std::move(path))}}; }

/// A linkable value and the dict that holds it.
struct Occurrence {
  PyValue parent;
  PyValue key;
  PyValue value;
};

/// Changes a copy of a manifest in place. A failure means that it can't be normalised.
class ManifestNormalizer {
 public:
  explicit ManifestNormalizer(PyValue manifest) : manifest_(std::move(manifest)) {}

  Status Run() {
    MR_RETURN_IF_ERROR(PrepareDefinitions());
    MR_RETURN_IF_ERROR(Collect(manifest_));
    MR_RETURN_IF_ERROR(LinkDuplicates());
    MR_RETURN_IF_ERROR(LinkParents());
    RemoveUnused(kDefinitions);
    RemoveUnused("schemas");
    return Status::Ok();
  }

  const PyValue& manifest() const { return manifest_; }

 private:
  static Status Unusable() { return ConfigError("the manifest can't be normalised"); }

  /// Only what is linked stays of the definitions: the rest was resolved.
  Status PrepareDefinitions() {
    const PyValue* definitions = manifest_.Find(kDefinitions);
    if (definitions != nullptr && !definitions->is_dict()) return Unusable();
    const PyValue* linked = definitions == nullptr ? nullptr : definitions->Find(kLinked);
    if (linked != nullptr && !linked->is_dict()) return Unusable();
    linked_ = linked == nullptr ? PyValue(PyDict()) : *linked;
    manifest_.mutable_dict().Set(kDefinitions, PyDict{{kLinked, linked_}});
    return Status::Ok();
  }

  /// Gathers the linkable values, inner ones first.
  Status Collect(const PyValue& node) {  // NOLINT(misc-no-recursion): a manifest's depth
    if (!node.is_dict()) return Status::Ok();
    for (const auto& [key, value] : node.dict()) {
      const std::string_view name = key.is_str() ? std::string_view(key.str()) : "";
      if (name == kDefinitions) continue;
      if (value.is_dict()) {
        MR_RETURN_IF_ERROR(Collect(value));
        if (IsLinkable(name)) MR_RETURN_IF_ERROR(AddOccurrence(value, {node, key, value}));
      } else if (IsPrimitive(value) && IsLinkable(name)) {
        MR_RETURN_IF_ERROR(AddOccurrence(PyDict{{key, value}}, {node, key, value}));
      } else if (value.is_list()) {
        for (const PyValue& item : value.items()) MR_RETURN_IF_ERROR(Collect(item));
      }
    }
    return Status::Ok();
  }

  Status AddOccurrence(const PyValue& content, Occurrence occurrence) {
    MR_ASSIGN_OR_RETURN(std::string fingerprint, Fingerprint(content));
    const auto [place, added] = groups_by_content_.emplace(std::move(fingerprint), groups_.size());
    if (added) groups_.emplace_back();
    groups_[place->second].push_back(std::move(occurrence));
    return Status::Ok();
  }

  /// The most frequent values first: the first of a kind gets the name.
  Status LinkDuplicates() {
    std::stable_sort(groups_.begin(), groups_.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
    for (const std::vector<Occurrence>& group : groups_) {
      if (group.size() >= 2) MR_RETURN_IF_ERROR(Link(group));
    }
    return Status::Ok();
  }

  Status Link(const std::vector<Occurrence>& group) {
    const Occurrence& sample = group.front();
    const PyValue* type = sample.parent.Find("type");
    if (type == nullptr) return Unusable();
    const PyValue* of_type = linked_.dict().Find(*type);
    const PyValue* linked =
        of_type != nullptr && of_type->is_dict() ? of_type->dict().Find(sample.key) : nullptr;
    const bool was_linked = linked != nullptr;
    const PyValue value = was_linked ? PyValue(*linked) : sample.value;
    if (!was_linked) {
      if (of_type == nullptr) linked_.mutable_dict().Set(*type, PyDict());
      const PyValue* names = linked_.dict().Find(*type);
      if (!names->is_dict()) return Unusable();
      names->mutable_dict().Set(sample.key, value);
    }
    const std::string path =
        fmt::format("#/{}/{}/{}/{}", kDefinitions, kLinked, PyStr(*type), PyStr(sample.key));
    for (const Occurrence& occurrence : group) {
      if (was_linked && !PyEqual(occurrence.value, value)) continue;
      occurrence.parent.mutable_dict().Set(sample.key, Reference(path));
    }
    return Status::Ok();
  }

  /// A substream's parent that is one of the manifest's streams becomes a reference to it.
  Status LinkParents() {
    const PyValue* streams = manifest_.Find("streams");
    if (streams == nullptr) return Status::Ok();
    if (!streams->is_list()) return Unusable();
    std::unordered_map<std::string, size_t> places;
    for (size_t i = 0; i < streams->items().size(); ++i) {
      MR_ASSIGN_OR_RETURN(std::string fingerprint, Fingerprint(streams->items()[i]));
      places[std::move(fingerprint)] = i;
    }
    for (const PyValue& stream : streams->items()) {
      const PyValue* retriever = stream.Find("retriever");
      const PyValue* router = retriever == nullptr ? nullptr : retriever->Find("partition_router");
      if (router == nullptr) continue;
      for (const PyValue& one : router->is_list() ? router->items() : PyList{*router}) {
        MR_RETURN_IF_ERROR(LinkParentsOf(one, places));
      }
    }
    return Status::Ok();
  }

  static Status LinkParentsOf(const PyValue& router,
                              const std::unordered_map<std::string, size_t>& places) {
    const PyValue* type = router.Find("type");
    const PyValue* parents = router.Find("parent_stream_configs");
    if (type == nullptr || !type->is_str() || type->str() != "SubstreamPartitionRouter" ||
        parents == nullptr) {
      return Status::Ok();
    }
    if (!parents->is_list()) return Unusable();
    for (const PyValue& parent : parents->items()) {
      const PyValue* stream = parent.Find("stream");
      if (stream == nullptr || !stream->is_dict()) continue;
      MR_ASSIGN_OR_RETURN(const std::string fingerprint, Fingerprint(*stream));
      const auto place = places.find(fingerprint);
      if (place == places.end()) continue;
      parent.mutable_dict().Set("stream", Reference(fmt::format("#/streams/{}", place->second)));
    }
    return Status::Ok();
  }

  static void FindReferences(const PyValue& node,  // NOLINT(misc-no-recursion): as above
                             std::vector<std::string>* paths) {
    if (!node.is_dict()) return;
    for (const auto& [key, value] : node.dict()) {
      if (key.is_str() && key.str() == "$ref" && value.is_str()) {
        paths->push_back(value.str().size() < 2 ? "" : value.str().substr(2));
      } else if (value.is_list()) {
        for (const PyValue& item : value.items()) FindReferences(item, paths);
      } else {
        FindReferences(value, paths);
      }
    }
  }

  void RemoveUnused(std::string_view section) {
    const PyValue* found = manifest_.Find(section);
    if (found == nullptr || !found->is_dict()) return;
    std::vector<std::string> paths;
    FindReferences(manifest_, &paths);
    PyDict kept;
    for (const auto& [key, value] : found->dict()) {
      const std::string path = fmt::format("{}/{}", section, PyStr(key));
      const bool used = std::any_of(paths.begin(), paths.end(), [&path](const std::string& other) {
        return other.starts_with(path);
      });
      if (used) kept.Append(key, value);
    }
    if (kept.empty()) {
      manifest_.mutable_dict().Erase(section);
    } else {
      manifest_.mutable_dict().Set(section, PyValue(std::move(kept)));
    }
  }

  PyValue manifest_;
  PyValue linked_;
  std::unordered_map<std::string, size_t> groups_by_content_;
  std::vector<std::vector<Occurrence>> groups_;
};

}  // namespace

PyValue NormalizeManifest(const PyValue& resolved) {
  ManifestNormalizer normalizer(resolved.DeepCopy());
  return normalizer.Run().ok() ? normalizer.manifest() : resolved;
}

}  // namespace millrace
