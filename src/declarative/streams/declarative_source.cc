#include "declarative/streams/declarative_source.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "declarative/jinja/py_json.h"
#include "declarative/records/record_json.h"
#include "declarative/slices/state_in.h"
#include "declarative/streams/column_output.h"

namespace millrace {

Result<DeclarativeRead> DeclarativeReadOf(const ConfiguredCatalog& catalog,
                                          std::map<std::string, PyValue> states) {
  DeclarativeRead read;
  for (const ConfiguredStream& stream : catalog.streams) {
    const std::string& name = stream.descriptor().name;
    read.streams.push_back(name);
    ConfiguredDeclarativeStream& configured = read.configured[name];
    const Json& schema = *stream.stream.json_schema;
    if (const auto properties = schema.find("properties"); properties != schema.end()) {
      MR_ASSIGN_OR_RETURN(configured.properties, ParsePyJson(properties->dump()));
    }
    if (!stream.cursor_field.empty()) configured.cursor_field = stream.cursor_field.front();
  }
  read.states = std::move(states);
  return read;
}

Status DeclarativeSource::Check() { return engine_->Check({}); }

Result<Catalog> DeclarativeSource::Discover() {
  MR_ASSIGN_OR_RETURN(const PyList streams, engine_->Discover({}));
  std::string text = R"({"streams":)";
  AppendRecordJson(PyValue::List(streams), &text);
  const Json json = Json::parse(text + "}", nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return SystemError("the streams of the manifest are no JSON");
  return CatalogFromJson(json);
}

Status DeclarativeSource::Read(const ConfiguredCatalog& catalog, const State& resume_from,
                               SourceOutput& output, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(auto states, StatesByStream(resume_from));
  for (const ConfiguredStream& stream : catalog.streams) {
    // The engine goes by the state alone: a full refresh from the start has none.
    if (!stream.continues()) states.erase(stream.descriptor().name);
  }
  MR_ASSIGN_OR_RETURN(const DeclarativeRead read, DeclarativeReadOf(catalog, std::move(states)));
  ColumnOutput columns(catalog, keep_undeclared_, output, Clock::System());
  // What failed was told stream by stream.
  return engine_->Read(read, columns, std::move(stop)).status();
}

}  // namespace millrace
