#include "declarative/streams/query_properties.h"

#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_path.h"
#include "declarative/jinja/py_text.h"
#include "declarative/records/record_transformation.h"

namespace millrace {
namespace {

/// The names that an endpoint's records hold.
class NameConsumer final : public RecordConsumer {
 public:
  explicit NameConsumer(const PyList& path) : path_(path) {}
  Status Take(DeclarativeRecord record) override {
    MR_ASSIGN_OR_RETURN(const PyValue found, path_.Get(record.data, PyValue::List()));
    names.push_back(PyStr(found));
    return Status::Ok();
  }
  std::vector<std::string> names;

 private:
  const PyPath path_;
};

}  // namespace

Result<std::unique_ptr<QueryProperties>> QueryProperties::Make(
    const Component& component, const EngineEnvironment& environment,
    const std::optional<PyValue>& selected, const MakeRetriever& make_retriever) {
  std::unique_ptr<QueryProperties> properties(new QueryProperties());
  properties->environment_ = &environment;
  std::optional<Component> endpoint;
  if (component.type() == "PropertiesFromEndpoint") {
    endpoint = component;
  } else if (component.type() != "QueryProperties") {
    return component.UnknownType("query properties");
  } else {
    MR_ASSIGN_OR_RETURN(properties->always_, component.TextList("always_include_properties"));
    const PyValue* list = component.Field("property_list");
    if (list != nullptr && list->is_dict()) {
      MR_ASSIGN_OR_RETURN(endpoint, component.Child("property_list"));
    } else {
      MR_ASSIGN_OR_RETURN(properties->names_, component.TextList("property_list"));
    }
    MR_ASSIGN_OR_RETURN(const auto chunking, component.ChildIf("property_chunking"));
    if (chunking) {
      properties->merges_ = true;
      MR_ASSIGN_OR_RETURN(properties->limit_, chunking->IntOr("property_limit", 0));
      MR_ASSIGN_OR_RETURN(const std::string type, chunking->TextOr("property_limit_type", ""));
      properties->limit_is_characters_ = type == "characters";
      properties->merge_keys_ = {"id"};
      MR_ASSIGN_OR_RETURN(const auto strategy, chunking->ChildIf("record_merge_strategy"));
      if (strategy && strategy->type() != "GroupByKeyMergeStrategy") {
        return strategy->UnknownType("record merge strategy");
      }
      if (strategy) {
        const PyValue* key = strategy->Field("key");
        if (key != nullptr && key->is_str()) {
          properties->merge_keys_ = {key->str()};
        } else {
          MR_ASSIGN_OR_RETURN(properties->merge_keys_, strategy->TextList("key"));
        }
      }
    }
    MR_ASSIGN_OR_RETURN(const auto selector, component.ChildIf("property_selector"));
    if (selector && selected) {
      const PyValue schema = selected->DeepCopy(), none;
      MR_ASSIGN_OR_RETURN(const auto transformations,
                          MakeRecordTransformations(*selector, "transformations", environment));
      RecordContext context(environment, none, none);
      context.SetRecord(schema);
      for (const auto& transformation : transformations) {
        MR_RETURN_IF_ERROR(transformation->Transform(schema, context));
      }
      properties->selected_.emplace();
      for (const auto& [name, type] : schema.dict()) properties->selected_->insert(PyStr(name));
    }
  }
  if (endpoint) {
    MR_ASSIGN_OR_RETURN(const Component retriever, endpoint->Child("retriever"));
    MR_ASSIGN_OR_RETURN(properties->endpoint_, make_retriever(retriever));
    MR_ASSIGN_OR_RETURN(const Names path, endpoint->TextList("property_field_path"));
    for (const std::string& part : path) {
      properties->field_path_.emplace_back(part, endpoint->parameters());
    }
  }
  return properties;
}

Result<QueryProperties::Names> QueryProperties::AllNames(std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (!names_) {
    const InterpolationContext context(*environment_->clock, environment_->config);
    PyList path;
    for (const InterpolatedString& part : field_path_) {
      MR_ASSIGN_OR_RETURN(PyValue key, part.Evaluate(context));
      path.push_back(std::move(key));
    }
    NameConsumer consumer(path);
    MR_RETURN_IF_ERROR(endpoint_->ReadRecords(StreamSlice(), consumer, std::move(stop)));
    names_ = std::move(consumer.names);
  }
  return *names_;
}

Result<std::vector<QueryProperties::Names>> QueryProperties::Pieces(std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const Names names, AllNames(std::move(stop)));
  if (merges_) return Chunks(names);
  Names piece = always_;
  for (const std::string& name : names) {
    if (!selected_ || selected_->contains(name)) piece.push_back(name);
  }
  return std::vector<Names>{std::move(piece)};
}

std::vector<QueryProperties::Names> QueryProperties::Chunks(const Names& names) const {
  if (limit_ == 0) {
    // As the CDK: without a limit neither is the selection looked at, nor do the names lead.
    Names all = names;
    all.insert(all.end(), always_.begin(), always_.end());
    return {std::move(all)};
  }
  constexpr int64_t kDelimiter = 3;  // what an encoded comma takes
  std::vector<Names> chunks = {always_};
  int64_t size = 0;
  for (const std::string& name : names) {
    if (selected_ && !selected_->contains(name)) continue;
    const int64_t takes =
        limit_is_characters_ ? static_cast<int64_t>(CodePointLength(name)) + kDelimiter : 1;
    if (size + takes > limit_) {
      chunks.push_back(always_);
      size = 0;
    }
    chunks.back().push_back(name);
    size += takes;
  }
  return chunks;
}

std::optional<std::string> QueryProperties::MergeKey(const DeclarativeRecord& record) const {
  std::string key;
  for (const std::string& name : merge_keys_) {
    const PyValue* value = record.data.Find(name);
    if (value == nullptr || !PyTruthy(*value)) return std::nullopt;
    if (!key.empty()) key += ',';
    key += PyStr(*value);
  }
  return key;
}

void DeepMerge(const PyValue& more, const PyValue& into) {
  for (const auto& [key, value] : more.dict()) {
    const PyValue* there = into.dict().Find(key);
    if (there != nullptr && there->is_dict() && value.is_dict()) {
      DeepMerge(value, *there);
    } else {
      into.mutable_dict().Set(key, value);
    }
  }
}

}  // namespace millrace
