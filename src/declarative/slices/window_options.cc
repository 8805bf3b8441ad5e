#include "declarative/slices/window_options.h"

#include "declarative/jinja/interpolation.h"

namespace millrace {
namespace {

Result<std::optional<RequestOption>> OptionIn(const Component& cursor, std::string_view field) {
  if (field.empty()) return std::optional<RequestOption>();
  MR_ASSIGN_OR_RETURN(const std::optional<Component> option, cursor.ChildIf(field));
  if (!option) return std::optional<RequestOption>();
  MR_ASSIGN_OR_RETURN(RequestOption made, RequestOption::Make(*option));
  return std::optional<RequestOption>(std::move(made));
}

}  // namespace

Result<WindowOptions> WindowOptions::Make(const Component& cursor, std::string_view start_option,
                                          std::string_view end_option, std::string start_field,
                                          std::string end_field,
                                          const EngineEnvironment& environment) {
  WindowOptions options;
  MR_ASSIGN_OR_RETURN(options.start_, OptionIn(cursor, start_option));
  MR_ASSIGN_OR_RETURN(options.end_, OptionIn(cursor, end_option));
  options.start_field_ = std::move(start_field);
  options.end_field_ = std::move(end_field);
  options.environment_ = &environment;
  return options;
}

Result<RequestOptions> WindowOptions::For(const StreamSlice& slice) const {
  RequestOptions options;
  if ((!start_ && !end_) || slice.empty()) return options;
  const InterpolationContext context(*environment_->clock, environment_->config);
  for (const auto& [option, field] :
       {std::pair(&start_, &start_field_), std::pair(&end_, &end_field_)}) {
    if (!*option) continue;
    const PyValue* edge = slice.Find(*field);
    MR_RETURN_IF_ERROR((*option)->Inject(edge == nullptr ? PyValue() : *edge, context, &options));
  }
  return options;
}

}  // namespace millrace
