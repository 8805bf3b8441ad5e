#include <string>
#include <utility>

#include "declarative/jinja/py_operators.h"
#include "declarative/records/path_template.h"
#include "declarative/records/transformations.h"

namespace millrace {
namespace {

class DpathFlattenFields final : public RecordTransformation {
 public:
  struct Options {
    PathTemplate path;
    bool delete_origin = false, replace_record = false;
    std::string prefix, suffix;
  };

  explicit DpathFlattenFields(Options options) : options_(std::move(options)) {}

  Status Transform(const PyValue& record, RecordContext& context) const override {
    MR_ASSIGN_OR_RETURN(const auto path, options_.path.Evaluate(context.ForTransformation()));
    MR_ASSIGN_OR_RETURN(PyValue found, path->Extract(record, PyValue::List()));
    if (path->starred) found = found.items().empty() ? PyValue() : PyValue(found.items()[0]);
    if (!found.is_dict()) return Status::Ok();
    // A copy: what is found may be the record, which is about to change.
    const bool whole = found.Is(record) && options_.prefix.empty() && options_.suffix.empty();
    const PyDict members = Renamed(found.dict());
    PyDict& into = record.mutable_dict();
    if (options_.replace_record && !members.empty()) {
      into.Clear();
      if (whole) return Status::Ok();
    } else {
      for (const auto& [key, value] : members) {
        if (into.Find(key) != nullptr) return Status::Ok();
      }
      if (options_.delete_origin) MR_RETURN_IF_ERROR(path->path.Delete(record).status());
    }
    for (const auto& [key, value] : members) into.Set(key, value);
    return Status::Ok();
  }

 private:
  PyDict Renamed(const PyDict& members) const {
    if (options_.prefix.empty() && options_.suffix.empty()) return members;
    PyDict renamed;
    for (const auto& [key, value] : members) {
      renamed.Set(PyValue(options_.prefix + PyStr(key) + options_.suffix), value);
    }
    return renamed;
  }

  const Options options_;
};

/// Empty text where the template comes to something false.
Result<std::string> Affix(const Component& transformation, std::string_view field,
                          const PyValue& parameters, const EngineEnvironment& environment) {
  MR_ASSIGN_OR_RETURN(const std::string text, transformation.TextOr(field, ""));
  if (text.empty()) return text;
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const PyValue value, InterpolatedString(text, parameters).Evaluate(context));
  return PyTruthy(value) ? PyStr(value) : std::string();
}

}  // namespace

Result<std::unique_ptr<const RecordTransformation>> MakeDpathFlattenFields(
    const Component& component, const EngineEnvironment& environment) {
  DpathFlattenFields::Options options;
  MR_ASSIGN_OR_RETURN(options.path, PathTemplate::Make(component, "field_path"));
  MR_ASSIGN_OR_RETURN(options.delete_origin, component.BoolOr("delete_origin_value", false));
  MR_ASSIGN_OR_RETURN(options.replace_record, component.BoolOr("replace_record", false));
  MR_ASSIGN_OR_RETURN(const auto keys, component.ChildIf("key_transformation"));
  if (keys) {
    const PyValue& parameters = component.parameters();
    MR_ASSIGN_OR_RETURN(options.prefix, Affix(*keys, "prefix", parameters, environment));
    MR_ASSIGN_OR_RETURN(options.suffix, Affix(*keys, "suffix", parameters, environment));
  }
  return std::make_unique<DpathFlattenFields>(std::move(options));
}

}  // namespace millrace
