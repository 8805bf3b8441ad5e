#include "declarative/slices/product_router.h"

#include "declarative/slices/overlay_options.h"
#include "declarative/slices/substream_router.h"

namespace millrace {
namespace {

PyValue Combined(const std::vector<const StreamSlice*>& slices, PyValue StreamSlice::*part) {
  PyDict combined;
  for (auto slice = slices.rbegin(); slice != slices.rend(); ++slice) {
    for (const auto& [key, value] : ((*slice)->*part).dict()) combined.Set(key, value);
  }
  return PyValue(std::move(combined));
}

}  // namespace

Status ProductRouter::Slices(const SliceSink& sink, std::stop_token stop) {
  std::vector<std::vector<StreamSlice>> sides;
  for (const auto& router : routers_) {
    auto& side = sides.emplace_back();
    MR_RETURN_IF_ERROR(router->Slices(
        [&side](StreamSlice slice) {
          side.push_back(std::move(slice));
          return true;
        },
        stop));
  }
  for (const auto& side : sides) {
    if (side.empty()) return Status::Ok();
  }
  std::vector<size_t> at(sides.size(), 0);
  while (!stop.stop_requested()) {
    std::vector<const StreamSlice*> chosen;
    for (size_t i = 0; i < sides.size(); ++i) chosen.push_back(&sides[i][at[i]]);
    StreamSlice slice;
    slice.partition = Combined(chosen, &StreamSlice::partition);
    slice.extra_fields = Combined(chosen, &StreamSlice::extra_fields);
    if (!sink(std::move(slice))) return Status::Ok();
    size_t side = sides.size();
    while (side > 0 && ++at[side - 1] == sides[side - 1].size()) at[--side] = 0;
    if (side == 0) return Status::Ok();
  }
  return Status::Canceled();
}

Result<RequestOptions> ProductRouter::OptionsFor(const StreamSlice& slice) const {
  RequestOptions options;
  for (auto router = routers_.rbegin(); router != routers_.rend(); ++router) {
    MR_ASSIGN_OR_RETURN(const RequestOptions own, (*router)->OptionsFor(slice));
    options = OverlayOptions(std::move(options), own);
  }
  return options;
}

bool ProductRouter::has_parents() const {
  for (const auto& router : routers_) {
    if (dynamic_cast<const SubstreamRouter*>(router.get()) != nullptr) return true;
    const auto* product = dynamic_cast<const ProductRouter*>(router.get());
    if (product != nullptr && product->has_parents()) return true;
  }
  return false;
}

}  // namespace millrace
