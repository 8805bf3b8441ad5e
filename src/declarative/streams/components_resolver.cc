#include "declarative/streams/components_resolver.h"

#include <optional>
#include <vector>

#include "declarative/jinja/interpolation.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_path.h"
#include "declarative/manifest/yaml_reader.h"

namespace millrace {
namespace {

/// Streams that one dynamic stream may come to.
constexpr size_t kStreamsMax = 100'000;

/// ComponentMappingDefinition: which field of the template takes what.
struct Mapping {
  std::vector<InterpolatedString> path;
  InterpolatedString value;
  LiteralTypes types = LiteralTypes::kAny;
  bool creates = false;
  std::optional<InterpolatedBoolean> condition;
};

Result<LiteralTypes> TypesOf(const Component& component) {
  MR_ASSIGN_OR_RETURN(const std::string type, component.TextOr("value_type", ""));
  if (type.empty()) return LiteralTypes::kAny;
  if (type == "string") return LiteralTypes::kStr;
  if (type == "number") return LiteralTypes::kNumber;
  if (type == "integer") return LiteralTypes::kInteger;
  if (type == "boolean") return LiteralTypes::kBoolean;
  return component.FieldError("value_type", "string, number, integer or boolean is expected");
}

Result<std::vector<Mapping>> MappingsOf(const Component& resolver) {
  MR_ASSIGN_OR_RETURN(const auto components, resolver.Children("components_mapping"));
  const PyValue& parameters = resolver.parameters();
  std::vector<Mapping> mappings;
  for (const Component& component : components) {
    Mapping mapping;
    MR_ASSIGN_OR_RETURN(const auto path, component.TextList("field_path"));
    for (const std::string& part : path) mapping.path.emplace_back(part, parameters);
    MR_ASSIGN_OR_RETURN(const std::string value, component.Text("value"));
    mapping.value = InterpolatedString(value, parameters);
    MR_ASSIGN_OR_RETURN(mapping.types, TypesOf(component));
    MR_ASSIGN_OR_RETURN(mapping.creates, component.BoolOr("create_or_update", false));
    MR_ASSIGN_OR_RETURN(const std::string condition, component.TextOr("condition", ""));
    if (!condition.empty()) {
      if (resolver.type() != "ConfigComponentsResolver") {
        return component.FieldError("condition", "only a ConfigComponentsResolver knows it");
      }
      mapping.condition = InterpolatedBoolean(PyValue(condition), parameters);
    }
    mappings.push_back(std::move(mapping));
  }
  return mappings;
}

/// Text that came out of a template, read as YAML where it is some: a template stays what it is;
/// so does (where the CDK thought of it) a date format or text with tabs.
Result<PyValue> ReadMappedText(const PyValue& value, bool of_config) {
  if (!value.is_str()) return value;
  YamlFailure failure = YamlFailure::kNone;
  YamlOptions options;
  options.tabs = YamlTabs::kRefused;
  options.failure = &failure;
  Result<PyValue> read = ReadYaml(value.str(), options);
  if (read.ok() || failure == YamlFailure::kParser) return read.ok() ? read : value;
  const bool is_text =
      of_config && (failure == YamlFailure::kDirective || failure == YamlFailure::kTab);
  return is_text ? value : read;
}

/// The template with one set of values in it.
class StreamTemplate {
 public:
  StreamTemplate(const Component& dynamic, const Component& resolver, std::vector<Mapping> mappings,
                 const EngineEnvironment& environment)
      : template_(*dynamic.Field("stream_template")),
        mappings_(std::move(mappings)),
        reads_yaml_(resolver.type() != "HttpComponentsResolver"),
        keeps_text_(resolver.type() == "ConfigComponentsResolver"),
        environment_(environment) {}

  Status Fill(const PyValue& values, const PyValue* slice) {
    if (streams.size() >= kStreamsMax) {
      return ConfigError("a dynamic stream comes to more than {} streams", kStreamsMax);
    }
    InterpolationContext context(*environment_.clock, environment_.config);
    context.Set("stream_template_config", template_).Set("components_values", values);
    if (slice != nullptr) context.Set("stream_slice", *slice);
    const PyValue stream = template_.DeepCopy();
    for (const Mapping& mapping : mappings_) {
      if (mapping.condition) {
        MR_ASSIGN_OR_RETURN(const bool holds, mapping.condition->Evaluate(context));
        if (!holds) continue;
      }
      MR_ASSIGN_OR_RETURN(PyValue value, mapping.value.Evaluate(context, mapping.types));
      const bool is_text = keeps_text_ && mapping.types == LiteralTypes::kStr && value.is_str();
      if (reads_yaml_ && !is_text) {
        MR_ASSIGN_OR_RETURN(value, ReadMappedText(value, keeps_text_));
      }
      PyList path;
      for (const InterpolatedString& part : mapping.path) {
        MR_ASSIGN_OR_RETURN(PyValue key, part.Evaluate(context));
        path.push_back(std::move(key));
      }
      MR_ASSIGN_OR_RETURN(const int64_t changed, PyPath(path).SetExisting(stream, value));
      if (changed == 0 && mapping.creates && PyTruthy(value)) {
        MR_RETURN_IF_ERROR(PyPath(path).SetNew(stream, value));
      }
    }
    streams.push_back(stream);
    return Status::Ok();
  }

  PyList streams;

 private:
  const PyValue template_;
  const std::vector<Mapping> mappings_;
  const bool reads_yaml_, keeps_text_;
  const EngineEnvironment& environment_;
};

/// Fills the template with each record that an API gives.
class TemplateConsumer final : public RecordConsumer {
 public:
  TemplateConsumer(StreamTemplate& streams, PyValue slice)
      : streams_(streams), slice_(std::move(slice)) {}
  Status Take(DeclarativeRecord record) override { return streams_.Fill(record.data, &slice_); }

 private:
  StreamTemplate& streams_;
  const PyValue slice_;
};

Status FillFromApi(const Component& resolver, const std::string& name,
                   const MakeComponentsRetriever& make_retriever, std::stop_token stop,
                   StreamTemplate* streams) {
  MR_ASSIGN_OR_RETURN(const Component retriever, resolver.Child("retriever"));
  MR_ASSIGN_OR_RETURN(const ComponentsRetriever reading, make_retriever(retriever, name));
  Status failed;
  MR_RETURN_IF_ERROR(reading.slicer->Slices(
      [&](const StreamSlice& slice) {
        TemplateConsumer consumer(*streams, slice.ToPyValue());
        failed = reading.retriever->ReadRecords(slice, consumer, stop);
        return failed.ok();
      },
      stop));
  return failed;
}

/// The values of one StreamConfig: what the configuration has there, and the manifest's own.
Result<PyList> ConfiguredValues(const Component& stream_config,
                                const EngineEnvironment& environment) {
  MR_ASSIGN_OR_RETURN(const auto pointer, stream_config.TextList("configs_pointer"));
  const InterpolationContext context(*environment.clock, environment.config);
  PyList path;
  for (const std::string& part : pointer) {
    MR_ASSIGN_OR_RETURN(PyValue key,
                        InterpolatedString(part, stream_config.parameters()).Evaluate(context));
    path.push_back(std::move(key));
  }
  MR_ASSIGN_OR_RETURN(const PyValue found, PyPath(path).Get(environment.config, PyValue::List()));
  PyList values = found.is_list() ? found.items() : PyList{found};
  const PyValue* more = stream_config.Field("default_values");
  if (more != nullptr && more->is_list()) {
    values.insert(values.end(), more->items().begin(), more->items().end());
  }
  return values;
}

Status FillFromConfig(const Component& resolver, const EngineEnvironment& environment,
                      StreamTemplate* streams) {
  MR_ASSIGN_OR_RETURN(const auto configs, resolver.Children("stream_config"));
  std::vector<PyList> dimensions;
  for (const Component& config : configs) {
    MR_ASSIGN_OR_RETURN(PyList values, ConfiguredValues(config, environment));
    if (values.empty()) return Status::Ok();
    dimensions.push_back(std::move(values));
  }
  std::vector<size_t> at(dimensions.size(), 0);
  for (;;) {
    const PyValue values{PyDict()};
    for (size_t i = 0; i < at.size(); ++i) {
      const PyValue& value = dimensions[i][at[i]];
      if (value.is_dict()) {
        for (const auto& [key, member] : value.dict()) values.mutable_dict().Set(key, member);
        continue;
      }
      const std::string name = fmt::format("source_config_{}", i);
      if (!values.dict().Contains(name)) {
        values.mutable_dict().Set(name,
                                  PyValue::Tuple({PyValue(static_cast<int64_t>(at[i])), value}));
      }
    }
    MR_RETURN_IF_ERROR(streams->Fill(values, nullptr));
    size_t turn = at.size();
    while (turn > 0 && ++at[turn - 1] == dimensions[turn - 1].size()) at[--turn] = 0;
    if (turn == 0) return Status::Ok();
  }
}

Status FillFromParameters(const Component& resolver, StreamTemplate* streams) {
  MR_ASSIGN_OR_RETURN(const Component definition, resolver.Child("stream_parameters"));
  const PyValue* list = definition.Field("list_of_parameters_for_stream");
  if (list == nullptr || !list->is_list()) {
    return definition.FieldError("list_of_parameters_for_stream", "a list is expected");
  }
  for (const PyValue& values : list->items()) MR_RETURN_IF_ERROR(streams->Fill(values, nullptr));
  return Status::Ok();
}

}  // namespace

Result<PyList> ResolveDynamicStream(const Component& dynamic, const EngineEnvironment& environment,
                                    const MakeComponentsRetriever& make_retriever,
                                    std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const Component resolver, dynamic.Child("components_resolver"));
  MR_ASSIGN_OR_RETURN(std::vector<Mapping> mappings, MappingsOf(resolver));
  StreamTemplate streams(dynamic, resolver, std::move(mappings), environment);
  if (resolver.type() == "HttpComponentsResolver") {
    MR_ASSIGN_OR_RETURN(const std::string name,
                        dynamic.TextOr("name", "__http_components_resolver"));
    MR_RETURN_IF_ERROR(FillFromApi(resolver, name, make_retriever, std::move(stop), &streams));
  } else if (resolver.type() == "ConfigComponentsResolver") {
    MR_RETURN_IF_ERROR(FillFromConfig(resolver, environment, &streams));
  } else if (resolver.type() == "ParametrizedComponentsResolver") {
    MR_RETURN_IF_ERROR(FillFromParameters(resolver, &streams));
  } else {
    return resolver.UnknownType("components resolver");
  }
  return std::move(streams.streams);
}

}  // namespace millrace
