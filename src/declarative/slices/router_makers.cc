#include "declarative/slices/router_makers.h"

#include <array>

#include "declarative/slices/grouping_router.h"
#include "declarative/slices/list_router.h"
#include "declarative/slices/product_router.h"
#include "declarative/slices/substream_router.h"
#include "declarative/slices/union_router.h"

namespace millrace {
namespace {

using RouterResult = Result<std::unique_ptr<PartitionRouter>>;

template <typename Router>
RouterResult Upcast(Result<std::unique_ptr<Router>> router) {
  if (!router.ok()) return router.status();
  return std::unique_ptr<PartitionRouter>(std::move(*router));
}

struct RouterType {
  std::string_view name;
  RouterResult (*make)(const Component&, const StreamSlicing&);
};
constexpr std::array<RouterType, 4> kRouterTypes = {{
    {"ListPartitionRouter",
     [](const Component& component, const StreamSlicing& slicing) {
       return Upcast(ListRouter::Make(component, *slicing.environment));
     }},
    {"SubstreamPartitionRouter",
     [](const Component& component, const StreamSlicing& slicing) {
       return Upcast(SubstreamRouter::Make(component, slicing));
     }},
    {"GroupingPartitionRouter",
     [](const Component& component, const StreamSlicing& slicing) {
       return Upcast(GroupingRouter::Make(component, slicing));
     }},
    {"UnionPartitionRouter",
     [](const Component& component, const StreamSlicing& slicing) {
       return Upcast(UnionRouter::Make(component, slicing));
     }},
}};

}  // namespace

RouterResult MakeRouter(const Component& component, const StreamSlicing& slicing) {
  for (const RouterType& type : kRouterTypes) {
    if (type.name == component.type()) return type.make(component, slicing);
  }
  return component.UnknownType("a partition router");
}

RouterResult MakePartitionRouter(const Component& retriever, const StreamSlicing& slicing) {
  const PyValue* given = retriever.Field("partition_router");
  MR_ASSIGN_OR_RETURN(const std::vector<Component> components,
                      retriever.Children("partition_router"));
  if (components.empty()) return std::make_unique<SinglePartition>();
  if (!given->is_list()) return MakeRouter(components.front(), slicing);
  std::vector<std::unique_ptr<PartitionRouter>> routers;
  for (const Component& component : components) {
    MR_ASSIGN_OR_RETURN(std::unique_ptr<PartitionRouter> router, MakeRouter(component, slicing));
    routers.push_back(std::move(router));
  }
  auto product = std::make_unique<ProductRouter>(std::move(routers));
  if (product->has_parents()) {
    slicing.environment->messages->Log(
        LogLevel::kWarn, "stream " + slicing.stream +
                             ": parent streams among several partition routers are read anew by "
                             "every sync; their states aren't kept");
  }
  return product;
}

}  // namespace millrace
