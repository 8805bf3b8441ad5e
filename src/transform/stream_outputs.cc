#include "transform/stream_outputs.h"

#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "connector/json_schema.h"
#include "transform/normalized_columns.h"

namespace millrace {
namespace {

/// The part of a JSON schema that describes the field at `place`; {} where it says nothing.
Json SchemaAt(const Json& schema, const FieldPath& place) {
  const Json* at = &schema;
  for (const std::string& name : place) {
    const auto properties = at->find("properties");
    if (properties == at->end() || !properties->is_object()) return Json::object();
    const auto property = properties->find(name);
    if (property == properties->end()) return Json::object();
    at = &*property;
  }
  return *at;
}

Json ColumnsSchema(const Json& nested, const TablePlan& plan,
                   const std::vector<std::string>& hashids) {
  Json properties = Json::object();
  for (const std::string& hashid : hashids) properties[hashid] = Json{{"type", "string"}};
  for (const FlatColumn& column : plan.columns) {
    properties[column.field->name()] = SchemaAt(nested, column.place.names);
  }
  return Json{{"type", "object"}, {"properties", std::move(properties)}};
}

/// A place in the source's record as the place in the flat table.
FieldPath Flattened(const TablePlan& plan, const FieldPath& place) {
  const FlatColumn* column = plan.Find(place);
  return column == nullptr ? place : FieldPath{column->field->name()};
}

class OutputPlanner {
 public:
  OutputPlanner(const ConfiguredStream& stream, const NormalizationOptions& options)
      : source_(stream), options_(options) {}

  StreamOutputs Plan() {
    outputs_.streams.push_back(source_);
    if (options_.basic) Normalize();
    if (options_.raw_tables) AddRaw();
    return std::move(outputs_);
  }

 private:
  void Normalize() {
    const Json& schema = *source_.stream.json_schema;
    outputs_.normalized = true;
    outputs_.declared = ArrowSchemaOf(schema)->fields();
    outputs_.plan = PlanTable(outputs_.declared, nullptr);
    outputs_.hashid = HashidColumn(source_.destination.name);
    if (source_.destination_sync_mode != DestinationSyncMode::kAppend) {
      outputs_.key = source_.primary_key;
    }
    ConfiguredStream& table = outputs_.streams.front();
    table.stream.json_schema = ColumnsSchema(schema, outputs_.plan, {outputs_.hashid});
    for (FieldPath& part : table.primary_key) part = Flattened(outputs_.plan, part);
    if (!table.cursor_field.empty()) {
      table.cursor_field = Flattened(outputs_.plan, table.cursor_field);
    }
    AddChildren(schema, "", "", &outputs_.plan);
  }

  /// `above`: the names of the arrays on the way here; `parent_hashid`: the column of the table
  /// above, when that is a child table itself.
  void AddChildren(const Json& schema, const std::string& above, const std::string& parent_hashid,
                   TablePlan* plan) {
    for (ChildPlan& child : plan->children) {
      const std::string path = above + child.name;
      child.output = outputs_.streams.size();
      child.parent_hashid = parent_hashid;
      if (!child.table.children.empty()) {
        child.hashid = HashidColumn(path);
        if (child.hashid == outputs_.hashid) child.hashid += "_2";
      }
      std::vector<std::string> hashids;
      for (const std::string& hashid : {outputs_.hashid, parent_hashid, child.hashid}) {
        if (!hashid.empty()) hashids.push_back(hashid);
      }
      const Json element = SchemaAt(schema, child.place.names).value("items", Json::object());
      ConfiguredStream stream = Derived("", "_" + path);
      stream.stream.json_schema = ColumnsSchema(element, child.table, hashids);
      if (stream.deduplicates()) stream.replace_by = {outputs_.hashid};
      outputs_.streams.push_back(std::move(stream));
      AddChildren(element, path + "_", child.hashid, &child.table);
    }
  }

  void AddRaw() {
    ConfiguredStream stream = Derived(kRawTablePrefix, "");
    if (source_.destination_sync_mode == DestinationSyncMode::kAppendDedup) {
      stream.destination_sync_mode = DestinationSyncMode::kAppend;
    } else if (source_.destination_sync_mode == DestinationSyncMode::kOverwriteDedup) {
      stream.destination_sync_mode = DestinationSyncMode::kOverwrite;
    }
    stream.stream.json_schema = Json{
        {"type", "object"}, {"properties", {{std::string(kDataColumn), Json{{"type", "object"}}}}}};
    outputs_.streams.push_back(std::move(stream));
    outputs_.has_raw = true;
  }

  ConfiguredStream Derived(std::string_view prefix, std::string_view suffix) const {
    const auto renamed = [&](const std::string& name) {
      return fmt::format("{}{}{}", prefix, name, suffix);
    };
    ConfiguredStream stream = source_;
    stream.stream.descriptor.name = renamed(source_.descriptor().name);
    stream.stream.source_defined_primary_key.clear();
    stream.stream.default_cursor_field.clear();
    stream.destination.name = renamed(source_.destination.name);
    stream.primary_key.clear();
    stream.cursor_field.clear();
    stream.selected_fields.clear();
    stream.derived_from = source_.descriptor();
    return stream;
  }

  const ConfiguredStream& source_;
  const NormalizationOptions& options_;
  StreamOutputs outputs_;
};

/// "the table of shop.orders", "the table customers_addresses that normalisation derives from …"
std::string Describe(const ConfiguredStream& stream) {
  if (!stream.derived_from) return "the table of the stream " + stream.descriptor().ToString();
  return fmt::format("the table {} derived from the stream {}", stream.destination.name,
                     stream.derived_from->ToString());
}

Status RefuseClashes(const std::vector<StreamOutputs>& outputs) {
  std::map<StreamDescriptor, const ConfiguredStream*> tables, names;
  for (const StreamOutputs& output : outputs) {
    for (const ConfiguredStream& stream : output.streams) {
      const auto [table, new_table] = tables.try_emplace(stream.destination, &stream);
      const auto [name, new_name] = names.try_emplace(stream.descriptor(), &stream);
      if (new_table && new_name) continue;
      const ConfiguredStream& other = new_table ? *name->second : *table->second;
      // Two streams of the source are somebody else's question.
      if (!stream.derived_from && !other.derived_from) continue;
      return ConfigError(
          "{} and {} would have one name, {}; leave one of the streams or its column out, or sync "
          "them by connections with different prefixes",
          Describe(other), Describe(stream), stream.destination.ToString());
    }
  }
  return Status::Ok();
}

}  // namespace

Result<std::vector<StreamOutputs>> PlanOutputs(const ConfiguredCatalog& catalog,
                                               const NormalizationOptions& options) {
  std::vector<StreamOutputs> outputs;
  for (const ConfiguredStream& stream : catalog.streams) {
    outputs.push_back(OutputPlanner(stream, options).Plan());
  }
  MR_RETURN_IF_ERROR(RefuseClashes(outputs));
  return outputs;
}

ConfiguredCatalog CatalogOf(const std::vector<StreamOutputs>& outputs) {
  ConfiguredCatalog catalog;
  for (const StreamOutputs& output : outputs) {
    catalog.streams.insert(catalog.streams.end(), output.streams.begin(), output.streams.end());
  }
  return catalog;
}

}  // namespace millrace
