#include "declarative/records/record_selector.h"

#include <utility>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_json_parser.h"
#include "declarative/records/raw_records.h"
#include "formats/json_scanner.h"

namespace millrace {
namespace {

/// A copy of the text with what FindRawRecords needs behind it.
std::string Padded(std::string_view text) {
  std::string padded;
  padded.reserve(text.size() + JsonScanner::kPadding);
  padded.append(text).append(static_cast<size_t>(JsonScanner::kPadding), '\0');
  return padded;
}

}  // namespace

Result<std::unique_ptr<RecordSelector>> RecordSelector::Make(const Component& component,
                                                             RecordTransformations transformations,
                                                             bool client_side_incremental,
                                                             const EngineEnvironment& environment,
                                                             const MakeOtherReader& make_reader) {
  if (component.type() != "RecordSelector") return component.UnknownType("a record selector");
  Parts parts;
  MR_ASSIGN_OR_RETURN(const Component extractor, component.Child("extractor"));
  MR_ASSIGN_OR_RETURN(parts.extractor, MakeRecordExtractor(extractor, environment, make_reader));
  MR_ASSIGN_OR_RETURN(const auto filter, component.ChildIf("record_filter"));
  if (filter) {
    MR_ASSIGN_OR_RETURN(parts.filter, RecordFilter::Make(*filter));
  }
  parts.transformations = std::move(transformations);
  MR_ASSIGN_OR_RETURN(parts.transforms_first,
                      component.BoolOr("transform_before_filtering", client_side_incremental));
  const PyValue* const normalization = component.Field("schema_normalization");
  if (normalization != nullptr && normalization->is_dict()) {
    MR_ASSIGN_OR_RETURN(const Component custom, component.Child("schema_normalization"));
    return custom.UnknownType("a schema normalisation");
  }
  MR_ASSIGN_OR_RETURN(const std::string kind, component.TextOr("schema_normalization", "None"));
  if (kind != "None" && kind != "Default") {
    return component.FieldError("schema_normalization", "is None or Default");
  }
  parts.normalizes = kind == "Default";
  return std::make_unique<RecordSelector>(std::move(parts), environment);
}

Status RecordSelector::Select(const DecodedPage& page, const Call& call, int64_t* extracted,
                              const RecordSink& sink) const {
  RecordContext context(environment_, call.stream_slice, call.next_page_token);
  return parts_.extractor->Extract(
      page,
      [&](PyValue record) -> Status {
        ++*extracted;
        if (record.is_undefined()) return Status::Ok();
        return Process(std::move(record), call, context, sink);
      },
      call.stop);
}

Result<bool> RecordSelector::SelectInPieces(std::string_view body, const Call& call,
                                            int64_t* extracted, const RecordSink& sink) const {
  const auto path = parts_.extractor->plain_path();
  if (!path) return false;
  const std::string page = Padded(body);
  const auto records = FindRawRecords(std::string_view(page).substr(0, body.size()), *path);
  if (!records) return false;
  RecordContext context(environment_, call.stream_slice, call.next_page_token);
  PyJsonParser parser(page, /*python=*/false);
  for (const std::string_view text : *records) {
    ++*extracted;
    Result<PyValue> record = parser.ParseNext(text);
    // Half a surrogate pair, a number beyond a double: json.loads takes them.
    if (!record.ok()) record = ParsePyJson(text, PyJsonDialect::kPython);
    MR_RETURN_IF_ERROR(record.status());
    MR_RETURN_IF_ERROR(Process(*std::move(record), call, context, sink));
  }
  return true;
}

Result<bool> RecordSelector::SelectRaw(std::string_view body, std::string_view cursor_field,
                                       int64_t* extracted, const RecordSink& sink) const {
  const auto path = raw_path();
  if (!path) return false;
  const auto page = std::make_shared<const std::string>(Padded(body));
  const auto records = FindRawRecords(std::string_view(*page).substr(0, body.size()), *path);
  if (!records) return false;
  for (const std::string_view text : *records) {
    ++*extracted;
    PyDict seen;
    if (!cursor_field.empty()) {
      std::optional<PyValue> value = RawMember(text, cursor_field);
      if (value) seen.Append(PyValue(cursor_field), *std::move(value));
    }
    MR_RETURN_IF_ERROR(sink({PyValue(std::move(seen)), PyValue(), text, page}));
  }
  return true;
}

Status RecordSelector::Process(PyValue record, const Call& call, RecordContext& context,
                               const RecordSink& sink) const {
  const bool changes = !parts_.transformations.empty() || parts_.normalizes;
  if (changes && call.page_is_kept) record = record.DeepCopy();
  context.SetRecord(record);
  if (parts_.transforms_first) MR_RETURN_IF_ERROR(Transform(record, context));
  MR_ASSIGN_OR_RETURN(const bool passes, Passes(record, call, context));
  if (!passes) return Status::Ok();
  if (!parts_.transforms_first) MR_RETURN_IF_ERROR(Transform(record, context));
  if (parts_.normalizes && call.normalizer != nullptr) {
    MR_RETURN_IF_ERROR(call.normalizer->Normalize(record));
  }
  context.SetRecord(PyValue());
  return sink({std::move(record), PyValue()});
}

Result<bool> RecordSelector::Passes(const PyValue& record, const Call& call,
                                    RecordContext& context) const {
  if (call.should_be_synced) {
    MR_ASSIGN_OR_RETURN(const bool wanted, call.should_be_synced({record, PyValue()}));
    if (!wanted) return false;
    // Beside a cursor a filter without a condition says nothing.
    if (parts_.filter && !parts_.filter->has_condition()) return true;
  }
  return parts_.filter ? parts_.filter->Passes(context) : Result<bool>(true);
}

Status RecordSelector::Transform(const PyValue& record, RecordContext& context) const {
  if (parts_.transformations.empty()) return Status::Ok();
  if (!record.is_dict()) {
    return PyError("TypeError", "a record that is no object can't be transformed");
  }
  for (const auto& transformation : parts_.transformations) {
    MR_RETURN_IF_ERROR(transformation->Transform(record, context));
  }
  return Status::Ok();
}

}  // namespace millrace
