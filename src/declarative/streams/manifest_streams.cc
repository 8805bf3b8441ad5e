#include "declarative/streams/manifest_streams.h"

#include <fmt/format.h>

#include <functional>
#include <set>

#include "declarative/jinja/interpolation.h"
#include "declarative/manifest/parameter_propagation.h"

namespace millrace {
namespace {

const PyList& ItemsOf(const PyValue& node, std::string_view name) {
  static const PyList kNone;
  const PyValue* field = node.Find(name);
  return field != nullptr && field->is_list() ? field->items() : kNone;
}

void SetTypeIfMissing(const PyValue& node, std::string_view type) {
  if (node.is_dict() && !node.dict().Contains("type")) node.mutable_dict().Set("type", type);
}

/// Calls `visit` with each parent stream that the routers of `stream` have, at any depth.
void VisitParents(const PyValue& stream, const std::function<void(const PyValue&)>& visit) {
  const PyValue* retriever = stream.Find("retriever");
  const PyValue* router = retriever == nullptr ? nullptr : retriever->Find("partition_router");
  if (router == nullptr) return;
  PyList routers = router->is_list() ? router->items() : PyList{*router};
  while (!routers.empty()) {
    const PyValue next = routers.back();
    routers.pop_back();
    if (!next.is_dict()) continue;
    for (const PyValue& parent : ItemsOf(next, "parent_stream_configs")) {
      if (const PyValue* of = parent.Find("stream")) visit(*of);
    }
    const PyList& more = ItemsOf(next, "partition_routers");
    routers.insert(routers.end(), more.begin(), more.end());
    if (const PyValue* under = next.Find("underlying_partition_router")) routers.push_back(*under);
  }
}

void CacheRequester(const PyValue& stream) {
  const PyValue* retriever = stream.Find("retriever");
  const PyValue* requester = retriever == nullptr ? nullptr : retriever->Find("requester");
  if (requester == nullptr || !requester->is_dict()) return;
  const PyValue* said = requester->Find("use_cache");
  if (said != nullptr && said->is_bool() && !said->as_bool()) return;
  requester->mutable_dict().Set("use_cache", true);
}

/// The requests of a stream; of a StateDelegatingStream those of both that it stands for.
void CacheStream(const PyValue& stream) {
  CacheRequester(stream);
  for (const std::string_view either : {"full_refresh_stream", "incremental_stream"}) {
    if (const PyValue* delegate = stream.Find(either)) CacheRequester(*delegate);
  }
}

std::string NameOf(const PyValue& stream) {
  const PyValue* name = stream.Find("name");
  return name != nullptr && name->is_str() ? name->str() : "";
}

}  // namespace

Result<std::vector<StreamDescription>> StaticStreams(const Component& manifest,
                                                     const EngineEnvironment& environment) {
  MR_ASSIGN_OR_RETURN(const auto components, manifest.Children("streams"));
  std::vector<StreamDescription> streams;
  const InterpolationContext context(*environment.clock, environment.config);
  for (const Component& component : components) {
    if (component.type() != "ConditionalStreams") {
      SetTypeIfMissing(component.node(), "DeclarativeStream");
      streams.push_back({Component(component.node(), component.path()), {}});
      continue;
    }
    const PyValue* condition = component.Field("condition");
    const InterpolatedBoolean holds(condition == nullptr ? PyValue(false) : *condition,
                                    PyValue(PyDict()));
    MR_ASSIGN_OR_RETURN(const bool applies, holds.Evaluate(context));
    if (!applies) continue;
    MR_ASSIGN_OR_RETURN(const auto conditional, component.Children("streams"));
    for (const Component& stream : conditional) streams.push_back({stream, {}});
  }
  return streams;
}

Result<std::vector<StreamDescription>> DynamicStreams(const Component& manifest,
                                                      const EngineEnvironment& environment,
                                                      const MakeComponentsRetriever& make_retriever,
                                                      std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const auto dynamic, manifest.Children("dynamic_streams"));
  std::vector<StreamDescription> streams;
  std::set<std::string> names;
  for (size_t i = 0; i < dynamic.size(); ++i) {
    MR_ASSIGN_OR_RETURN(const Component resolver, dynamic[i].Child("components_resolver"));
    CacheRequester(resolver.node());
    MR_ASSIGN_OR_RETURN(const std::string of,
                        dynamic[i].TextOr("name", fmt::format("dynamic_stream_{}", i)));
    MR_ASSIGN_OR_RETURN(const bool parents_win, dynamic[i].BoolOr("use_parent_parameters", true));
    MR_ASSIGN_OR_RETURN(const PyList templates,
                        ResolveDynamicStream(dynamic[i], environment, make_retriever, stop));
    for (const PyValue& filled : templates) {
      MR_ASSIGN_OR_RETURN(const PyValue stream,
                          PropagateParameters(filled, {}, PyDict(),
                                              parents_win ? ParameterPrecedence::kParent
                                                          : ParameterPrecedence::kOwn));
      SetTypeIfMissing(stream, "DeclarativeStream");
      const std::string name = NameOf(stream);
      const std::string path = fmt::format("dynamic_streams.{}", i);
      if (!names.insert(name).second) {
        return dynamic[i].Error(fmt::format("two of its streams have the name '{}'{}", name,
                                            resolver.type() == "ConfigComponentsResolver"
                                                ? ": change it in the configuration"
                                                : ""));
      }
      streams.push_back({Component(stream, path), of});
    }
  }
  return streams;
}

void CacheParentStreams(const std::vector<StreamDescription>& all,
                        std::vector<StreamDescription>* streams) {
  std::set<std::string> parents;
  for (const StreamDescription& stream : all) {
    VisitParents(stream.component.node(),
                 [&](const PyValue& parent) { parents.insert(NameOf(parent)); });
  }
  for (StreamDescription& stream : *streams) {
    const PyValue copy = stream.component.node().DeepCopy();
    VisitParents(copy, CacheStream);
    if (parents.contains(NameOf(copy))) CacheStream(copy);
    stream.component = Component(copy, stream.component.path());
  }
}

}  // namespace millrace
