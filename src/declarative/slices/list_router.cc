#include "declarative/slices/list_router.h"

#include "declarative/jinja/py_operators.h"

namespace millrace {

Result<std::unique_ptr<ListRouter>> ListRouter::Make(const Component& component,
                                                     const EngineEnvironment& environment) {
  std::unique_ptr<ListRouter> router(new ListRouter(environment));
  const InterpolationContext context(*environment.clock, environment.config);
  const PyValue* values = component.Field("values");
  if (values == nullptr) return component.FieldError("values", "is missing");
  router->values_ = *values;
  if (values->is_str()) {
    MR_ASSIGN_OR_RETURN(const InterpolatedString text, component.Template("values"));
    MR_ASSIGN_OR_RETURN(router->values_, text.Evaluate(context));
  }
  if (!component.Has("cursor_field")) return component.FieldError("cursor_field", "is missing");
  MR_ASSIGN_OR_RETURN(const InterpolatedString field, component.Template("cursor_field"));
  MR_ASSIGN_OR_RETURN(router->field_, field.EvaluateText(context));
  MR_ASSIGN_OR_RETURN(const std::optional<Component> option, component.ChildIf("request_option"));
  if (option) {
    MR_ASSIGN_OR_RETURN(router->option_, RequestOption::Make(*option));
  }
  return router;
}

Status ListRouter::Slices(const SliceSink& sink, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const PyList values, PyIterate(values_));
  for (const PyValue& value : values) {
    if (stop.stop_requested()) return Status::Canceled();
    StreamSlice slice;
    slice.partition = PyValue(PyDict{{PyValue(field_), value}});
    if (!sink(std::move(slice))) break;
  }
  return Status::Ok();
}

Result<RequestOptions> ListRouter::OptionsFor(const StreamSlice& slice) const {
  RequestOptions options;
  const PyValue* value = slice.partition.Find(field_);
  if (!option_ || value == nullptr || !PyTruthy(*value)) return options;
  const InterpolationContext context(*environment_.clock, environment_.config);
  MR_RETURN_IF_ERROR(option_->Inject(*value, context, &options));
  return options;
}

}  // namespace millrace
