#include "declarative/records/dpath_extractor.h"

#include <utility>

#include "declarative/jinja/py_operators.h"
#include "declarative/records/path_template.h"
#include "declarative/records/record_expander.h"

namespace millrace {
namespace {

class DpathExtractor final : public RecordExtractor {
 public:
  DpathExtractor(PathTemplate path, std::unique_ptr<RecordExpander> expander,
                 const EngineEnvironment& environment)
      : path_(std::move(path)), expander_(std::move(expander)), environment_(environment) {}

  Status Extract(const DecodedPage& page, const ValueSink& record,
                 std::stop_token stop) const override {
    const InterpolationContext context(*environment_.clock, environment_.config);
    const auto hand_on = [&](PyValue found) -> Status {
      return expander_ ? expander_->Expand(found, record, stop) : record(std::move(found));
    };
    return page([&](PyValue element) -> Status {
      PyValue found = std::move(element);
      if (!path_.empty()) {
        MR_ASSIGN_OR_RETURN(const auto path, path_.Evaluate(context));
        MR_ASSIGN_OR_RETURN(found, path->Extract(found, PyValue::List()));
      }
      if (!found.is_list()) return PyTruthy(found) ? hand_on(std::move(found)) : Status::Ok();
      // Whoever takes the records may change what they stand in.
      for (size_t at = 0; at < found.items().size(); ++at) {
        MR_RETURN_IF_ERROR(hand_on(found.items()[at]));
      }
      return Status::Ok();
    });
  }

  std::optional<std::vector<std::string>> plain_path() const override {
    if (expander_) return std::nullopt;
    std::vector<std::string> keys;
    if (path_.empty()) return keys;
    const InterpolationContext context(*environment_.clock, environment_.config);
    const auto path = path_.Evaluate(context);
    if (!path.ok() || HasGlob((*path)->segments)) return std::nullopt;
    for (const PyValue& segment : (*path)->segments) {
      if (!segment.is_str()) return std::nullopt;
      keys.push_back(segment.str());
    }
    return keys;
  }

 private:
  const PathTemplate path_;
  const std::unique_ptr<RecordExpander> expander_;  // null: records stay whole
  const EngineEnvironment& environment_;
};

}  // namespace

Result<std::unique_ptr<RecordExtractor>> MakeDpathExtractor(const Component& component,
                                                            const EngineEnvironment& environment,
                                                            const MakeOtherReader& make_reader) {
  if (!component.Has("field_path")) return component.FieldError("field_path", "is missing");
  MR_ASSIGN_OR_RETURN(PathTemplate path, PathTemplate::Make(component, "field_path"));
  std::unique_ptr<RecordExpander> expander;
  MR_ASSIGN_OR_RETURN(const auto expansion, component.ChildIf("record_expander"));
  if (expansion) {
    MR_ASSIGN_OR_RETURN(expander, RecordExpander::Make(*expansion, environment, make_reader));
  }
  return std::make_unique<DpathExtractor>(std::move(path), std::move(expander), environment);
}

}  // namespace millrace
