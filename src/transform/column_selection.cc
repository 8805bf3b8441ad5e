#include "transform/column_selection.h"

#include <arrow/type.h>

#include <algorithm>
#include <numeric>

#include "base/log.h"
#include "base/nearest_names.h"
#include "connector/undeclared_column.h"

namespace millrace {
namespace {

constexpr std::string_view kChangeDataPrefix = "_ab_cdc_";

Status CheckSelectedFieldsExist(const ConfiguredStream& stream, const arrow::Schema& schema,
                                MissingFields missing) {
  for (const std::string& field : stream.selected_fields) {
    if (!schema.GetAllFieldIndices(field).empty()) continue;
    if (missing == MissingFields::kWarn) {
      Log(LogLevel::kWarn, "{}: the source no longer has the selected field {}; going on without",
          stream.descriptor().ToString(), field);
      continue;
    }
    return ConfigError("selected_fields of {} names {}, which the stream does not have{}",
                       stream.descriptor().ToString(), field,
                       DidYouMean(field, schema.field_names()))
        .WithStream(stream.descriptor());
  }
  return Status::Ok();
}

}  // namespace

Result<std::vector<int>> SelectColumns(const ConfiguredStream& stream, const arrow::Schema& schema,
                                       MissingFields missing) {
  std::vector<int> kept;
  if (stream.selected_fields.empty()) {
    kept.resize(static_cast<size_t>(schema.num_fields()));
    std::iota(kept.begin(), kept.end(), 0);
    return kept;
  }
  MR_RETURN_IF_ERROR(CheckSelectedFieldsExist(stream, schema, missing));
  const auto& selected = stream.selected_fields;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const std::string& name = schema.field(i)->name();
    if (name.starts_with(kChangeDataPrefix) || name == kUndeclaredColumn ||
        std::find(selected.begin(), selected.end(), name) != selected.end()) {
      kept.push_back(i);
    }
  }
  return kept;
}

}  // namespace millrace
