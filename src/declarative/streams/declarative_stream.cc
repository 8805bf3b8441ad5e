#include "declarative/streams/declarative_stream.h"

namespace millrace {

Status DeclarativeStream::ReadSlice(const StreamSlice& slice, RecordConsumer& consumer,
                                    std::stop_token stop) const {
  MR_RETURN_IF_ERROR(parts_.schema->Json(stop).status());
  return parts_.retriever->ReadRecords(slice, consumer, std::move(stop));
}

Result<PyValue> DeclarativeStream::AsAirbyteStream(std::stop_token stop) const {
  MR_ASSIGN_OR_RETURN(PyValue schema, parts_.schema->Json(std::move(stop)));
  const std::string cursor_field(parts_.cursor->cursor_field());
  PyList modes = {PyValue("full_refresh")};
  if (!cursor_field.empty()) modes.push_back(PyValue("incremental"));
  PyDict stream = {{"name", parts_.name},
                   {"json_schema", std::move(schema)},
                   {"supported_sync_modes", PyValue::List(std::move(modes))}};
  if (!cursor_field.empty()) {
    stream.Append("source_defined_cursor", !parts_.cursor->cursor_is_chosen_by_user());
    stream.Append("default_cursor_field", PyValue::List({PyValue(cursor_field)}));
  }
  if (!parts_.primary_key.empty()) {
    PyList keys;
    for (const std::string& key : parts_.primary_key) {
      keys.push_back(PyValue::List({PyValue(key)}));
    }
    stream.Append("source_defined_primary_key", PyValue::List(std::move(keys)));
  }
  stream.Append("is_resumable", !cursor_field.empty());
  stream.Append("is_file_based", false);
  return PyValue(std::move(stream));
}

}  // namespace millrace
