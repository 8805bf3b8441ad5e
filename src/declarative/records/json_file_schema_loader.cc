#include "declarative/records/json_file_schema_loader.h"

#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "declarative/jinja/py_json.h"
#include "declarative/records/path_template.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

/// A schema file is no larger than this.
constexpr uintmax_t kBytesMax = 16 << 20;
/// References that lead further than this lead in a circle.
constexpr int kDepthMax = 64;

Result<PyValue> ReadJsonFile(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) return ConfigError("cannot find the schema file {}", path.string());
  if (size > kBytesMax) return ConfigError("the schema file {} is too large", path.string());
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Result<PyValue> json = ParsePyJson(text, PyJsonDialect::kPython);
  if (!json.ok()) return json.status().WithContext("reading the schema file " + path.string());
  return json;
}

/// A path of the manifest below the folder; one that leads out of it is refused.
Result<fs::path> Below(const fs::path& folder, const std::string& relative) {
  const fs::path path = fs::path(relative).lexically_normal();
  if (path.empty() || path.is_absolute() || *path.begin() == "..") {
    return ConfigError("the schema file {} is not in the connector's package", relative);
  }
  return folder / path;
}

/// Puts what `$ref`s refer to in their places: parts of the same file, files in schemas/shared.
class References {
 public:
  References(const fs::path& folder, PyValue root) : folder_(folder), root_(std::move(root)) {}

  Result<PyValue> Resolve(const PyValue& value, int depth = 0) {  // NOLINT: bounded
    if (depth > kDepthMax) return ConfigError("a $ref of a schema file leads in a circle");
    if (value.is_list()) {
      PyList items;
      for (const PyValue& item : value.items()) {
        MR_ASSIGN_OR_RETURN(PyValue resolved, Resolve(item, depth + 1));
        items.push_back(std::move(resolved));
      }
      return PyValue::List(std::move(items));
    }
    if (!value.is_dict()) return value;
    const PyValue* const reference = value.Find("$ref");
    if (reference != nullptr && reference->is_str()) return Follow(reference->str(), depth);
    PyDict members;
    for (const auto& [key, member] : value.dict()) {
      MR_ASSIGN_OR_RETURN(PyValue resolved, Resolve(member, depth + 1));
      members.Append(key, std::move(resolved));
    }
    return PyValue(std::move(members));
  }

 private:
  Result<PyValue> Follow(const std::string& reference, int depth) {  // NOLINT: bounded
    const size_t mark = std::min(reference.find('#'), reference.size());
    const std::string file = reference.substr(0, mark);
    PyValue at = root_;
    if (!file.empty()) {
      MR_ASSIGN_OR_RETURN(const fs::path path, Below(folder_ / "schemas" / "shared", file));
      MR_ASSIGN_OR_RETURN(at, ReadJsonFile(path));
    }
    const PyValue file_root = at;
    for (size_t from = mark + 1; from < reference.size();) {
      const size_t end = std::min(reference.find('/', from + 1), reference.size());
      const PyValue* const next = at.Find(reference.substr(from + 1, end - from - 1));
      if (next == nullptr) {
        return ConfigError("the $ref {} of a schema file leads nowhere", reference);
      }
      at = PyValue(*next);
      from = end;
    }
    MR_ASSIGN_OR_RETURN(PyValue resolved, References(folder_, file_root).Resolve(at, depth + 1));
    if (!resolved.is_dict()) {
      return ConfigError("the $ref {} of a schema file leads to no object", reference);
    }
    resolved.mutable_dict().Erase(std::string_view("definitions"));
    return resolved;
  }

  const fs::path& folder_;
  const PyValue root_;
};

Result<PyValue> ReadSchema(const fs::path& folder, const fs::path& path) {
  MR_ASSIGN_OR_RETURN(const PyValue raw, ReadJsonFile(path));
  MR_ASSIGN_OR_RETURN(PyValue schema, References(folder, raw).Resolve(raw));
  if (!schema.is_dict()) return ConfigError("the schema file {} has no object", path.string());
  return schema;
}

class JsonFileSchemaLoader final : public SchemaLoader {
 public:
  JsonFileSchemaLoader(fs::path folder, InterpolatedString path,
                       const EngineEnvironment& environment)
      : folder_(std::move(folder)), path_(std::move(path)), environment_(environment) {}

  Result<PyValue> JsonSchema(std::stop_token) const override {
    const InterpolationContext context(*environment_.clock, environment_.config);
    MR_ASSIGN_OR_RETURN(const std::string path, path_.EvaluateText(context));
    // The first part is the package's own name, which is the folder here.
    size_t from = path.find('/');
    const bool marked = from != path.npos && (from == 0 || path.substr(0, from) == ".");
    const size_t name = marked ? from + 1 : 0;
    from = path.find('/', name);
    MR_ASSIGN_OR_RETURN(const fs::path file,
                        Below(folder_, path.substr(from == path.npos ? name : from + 1)));
    return ReadSchema(folder_, file);
  }

 private:
  const fs::path folder_;
  const InterpolatedString path_;
  const EngineEnvironment& environment_;
};

class DefaultSchemaLoader final : public SchemaLoader {
 public:
  DefaultSchemaLoader(fs::path folder, std::string stream)
      : folder_(std::move(folder)), stream_(std::move(stream)) {}

  Result<PyValue> JsonSchema(std::stop_token) const override {
    if (folder_.empty()) return PyValue(PyDict());
    MR_ASSIGN_OR_RETURN(const fs::path file, Below(folder_, "schemas/" + stream_ + ".json"));
    std::error_code error;
    if (!fs::exists(file, error)) return PyValue(PyDict());
    return ReadSchema(folder_, file);
  }

 private:
  const fs::path folder_;
  const std::string stream_;
};

}  // namespace

Result<std::unique_ptr<SchemaLoader>> MakeJsonFileSchemaLoader(
    const Component& component, const EngineEnvironment& environment,
    const std::filesystem::path& package_folder) {
  if (package_folder.empty()) {
    return component.Error(
        "reads its schema from a file of the connector's package, which isn't here: put the "
        "schema into the manifest (InlineSchemaLoader), or install the connector as a package");
  }
  MR_ASSIGN_OR_RETURN(std::string path, component.TextOr("file_path", ""));
  if (path.empty()) path = "./package/schemas/{{ parameters['name'] }}.json";
  return std::make_unique<JsonFileSchemaLoader>(
      package_folder, InterpolatedString(std::move(path), component.parameters()), environment);
}

std::unique_ptr<SchemaLoader> MakeDefaultSchemaLoader(const std::string& stream,
                                                      const std::filesystem::path& package_folder) {
  return std::make_unique<DefaultSchemaLoader>(package_folder, stream);
}

}  // namespace millrace
