#include "declarative/streams/pagination_strategy.h"

#include <fmt/format.h>

#include <algorithm>

#include "declarative/jinja/interpolation.h"
#include "declarative/jinja/jinja_template.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

constexpr std::string_view kPageSizeVariable = "page_size";

/// A page size as manifests write it: a number, or a template of one.
Result<std::optional<int64_t>> PageSizeOf(const Component& component,
                                          const EngineEnvironment& environment) {
  const PyValue* field = component.Field("page_size");
  if (field == nullptr) return std::optional<int64_t>();
  if (field->is_int()) return std::optional<int64_t>(field->as_int());
  MR_ASSIGN_OR_RETURN(const InterpolatedString text, component.Template("page_size"));
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const PyValue size, text.Evaluate(context));
  if (!size.is_int()) {
    return component.FieldError("page_size", fmt::format("{} is no whole number", PyRepr(size)));
  }
  return std::optional<int64_t>(size.as_int());
}

/// Pages and offsets end with a page that isn't full.
bool IsLastPage(const PageRead& page, std::optional<int64_t> page_size) {
  const int64_t asked = page_size.value_or(0);
  return page.extracted == 0 || (asked != 0 && page.extracted < asked);
}

/// Whether a template reads a variable.
bool Names(const std::string& text, std::string_view variable) {
  const auto read = JinjaTemplate::Read(text);
  const auto& names = read->binding().names;
  return std::find(names.begin(), names.end(), variable) != names.end();
}

class PageIncrement final : public PaginationStrategy {
 public:
  PageIncrement(std::optional<int64_t> page_size, int64_t first_page, bool names_first)
      : page_size_(page_size), first_page_(first_page), names_first_(names_first) {}

  PyValue InitialToken() const override { return names_first_ ? PyValue(first_page_) : PyValue(); }
  Result<PyValue> NextToken(const PageRead& page) const override {
    if (IsLastPage(page, page_size_)) return PyValue();
    if (page.token.is_none()) return PyValue(first_page_ + 1);
    if (!page.token.is_int()) {
      return PyError("ValueError",
                     fmt::format("the page {} is no whole number", PyRepr(page.token)));
    }
    return PyValue(page.token.as_int() + 1);
  }
  std::optional<int64_t> PageSize() const override { return page_size_; }

 private:
  const std::optional<int64_t> page_size_;
  const int64_t first_page_;
  const bool names_first_;
};

class OffsetIncrement final : public PaginationStrategy {
 public:
  OffsetIncrement(std::optional<int64_t> page_size, InterpolatedString template_of_size,
                  bool names_first, const EngineEnvironment& environment)
      : page_size_(page_size),
        template_(std::move(template_of_size)),
        names_first_(names_first),
        environment_(environment) {}

  PyValue InitialToken() const override { return names_first_ ? PyValue(0) : PyValue(); }
  Result<PyValue> NextToken(const PageRead& page) const override {
    std::optional<int64_t> asked = page.page_size.has_value() ? page.page_size : page_size_;
    if (!page.page_size && !template_.empty()) {
      // The size may depend on what the page says.
      InterpolationContext context(*environment_.clock, environment_.config);
      context.Set("response", page.decoded);
      MR_ASSIGN_OR_RETURN(const PyValue size, template_.Evaluate(context));
      if (!size.is_int()) {
        return PyError("TypeError", fmt::format("a page size of {}", PyRepr(size)));
      }
      asked = size.as_int();
    }
    if (IsLastPage(page, asked)) return PyValue();
    if (page.token.is_none()) return PyValue(page.extracted);
    if (!page.token.is_int()) {
      return PyError("ValueError",
                     fmt::format("the offset {} is no whole number", PyRepr(page.token)));
    }
    return PyValue(page.token.as_int() + page.extracted);
  }
  std::optional<int64_t> PageSize() const override { return page_size_; }
  bool reads_pages() const override { return !template_.empty(); }

 private:
  const std::optional<int64_t> page_size_;
  const InterpolatedString template_;  // empty: page_size_ never changes
  const bool names_first_;
  const EngineEnvironment& environment_;
};

class CursorPagination final : public PaginationStrategy {
 public:
  CursorPagination(std::optional<int64_t> page_size, InterpolatedString cursor,
                   std::optional<InterpolatedBoolean> stop, const EngineEnvironment& environment)
      : page_size_(page_size),
        cursor_(std::move(cursor)),
        stop_(std::move(stop)),
        environment_(environment) {}

  PyValue InitialToken() const override { return PyValue(); }
  Result<PyValue> NextToken(const PageRead& page) const override {
    const PyValue headers = page.response.HeadersForPagination();
    const PyValue count(page.records);
    const PyValue last = page.last == nullptr ? PyValue() : page.last->data;
    const PyValue slice = page.slice.ToPyValue();
    const std::optional<int64_t> size = page.page_size.has_value() ? page.page_size : page_size_;
    const PyValue asked = size ? PyValue(*size) : PyValue();
    InterpolationContext context(*environment_.clock, environment_.config);
    context.Set("response", page.decoded)
        .Set("headers", headers)
        .Set("last_record", last)
        .Set("last_page_size", count)
        .Set(kPageSizeVariable, asked)
        .Set("stream_slice", slice);
    if (stop_) {
      MR_ASSIGN_OR_RETURN(const bool stop, stop_->Evaluate(context));
      if (stop) return PyValue();
    }
    return cursor_.Evaluate(context);
  }
  std::optional<int64_t> PageSize() const override { return page_size_; }
  bool reads_pages() const override { return true; }

 private:
  const std::optional<int64_t> page_size_;
  const InterpolatedString cursor_;
  const std::optional<InterpolatedBoolean> stop_;
  const EngineEnvironment& environment_;
};

Result<std::unique_ptr<PaginationStrategy>> MakeCursorPagination(
    const Component& component, const EngineEnvironment& environment) {
  MR_ASSIGN_OR_RETURN(const auto size, PageSizeOf(component, environment));
  MR_ASSIGN_OR_RETURN(InterpolatedString cursor, component.Template("cursor_value"));
  std::optional<InterpolatedBoolean> stop;
  if (component.Has("stop_condition")) {
    MR_ASSIGN_OR_RETURN(stop, component.Condition("stop_condition"));
  }
  for (const std::string_view field : {"stop_condition", "cursor_value"}) {
    const PyValue* text = component.Field(field);
    if (size || text == nullptr || !text->is_str() || !Names(text->str(), kPageSizeVariable)) {
      continue;
    }
    return component.FieldError(
        field, "it reads page_size, and there is no page_size: set it on the strategy");
  }
  return std::make_unique<CursorPagination>(size, std::move(cursor), std::move(stop), environment);
}

}  // namespace

Result<std::unique_ptr<PaginationStrategy>> MakePaginationStrategy(
    const Component& component, const EngineEnvironment& environment) {
  if (component.type() == "CursorPagination") return MakeCursorPagination(component, environment);
  MR_ASSIGN_OR_RETURN(const auto size, PageSizeOf(component, environment));
  MR_ASSIGN_OR_RETURN(const bool names_first, component.BoolOr("inject_on_first_request", false));
  if (component.type() == "PageIncrement") {
    MR_ASSIGN_OR_RETURN(const int64_t first, component.IntOr("start_from_page", 0));
    return std::make_unique<PageIncrement>(size, first, names_first);
  }
  if (component.type() == "OffsetIncrement") {
    const PyValue* field = component.Field("page_size");
    InterpolatedString text;
    if (field != nullptr && field->is_str()) {
      MR_ASSIGN_OR_RETURN(text, component.Template("page_size"));
      if (text.is_plain()) text = {};
    }
    return std::make_unique<OffsetIncrement>(size, std::move(text), names_first, environment);
  }
  return component.UnknownType("pagination strategy");
}

}  // namespace millrace
