#include "declarative/requests/request_matcher.h"

#include <algorithm>
#include <cctype>

#include "base/lower_case.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/python_number.h"
#include "declarative/requests/python_url.h"

namespace millrace {
namespace {

std::string UpperCase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string WithoutTrailingSlashes(std::string_view text) {
  return std::string(text.substr(0, text.find_last_not_of('/') + 1));
}

/// A template over the configuration, or a number; at least 1.
Result<int> Weight(const Component& component, const EngineEnvironment& environment) {
  if (!component.Has("weight")) return 1;
  MR_ASSIGN_OR_RETURN(const InterpolatedString text, component.Template("weight"));
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const PyValue value, text.Evaluate(context));
  const auto number = PyInt64Of(value);
  if (!number.ok() || *number < 1 || *number > 1'000'000'000) {
    return component.FieldError("weight",
                                "expected a whole number from 1 on, not " + PyRepr(value));
  }
  return static_cast<int>(*number);
}

bool Holds(const std::vector<std::pair<std::string, std::string>>& wanted,
           const std::vector<std::pair<std::string, std::string>>& there) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
    return std::find(there.begin(), there.end(), pair) != there.end();
  });
}

}  // namespace

Result<RequestMatcher> RequestMatcher::Make(const Component& component,
                                            const EngineEnvironment& environment) {
  RequestMatcher matcher;
  MR_ASSIGN_OR_RETURN(matcher.method_, component.TextOr("method", ""));
  matcher.method_ = UpperCase(matcher.method_);
  MR_ASSIGN_OR_RETURN(const std::string base, component.TextOr("url_base", ""));
  matcher.url_base_ = WithoutTrailingSlashes(base);
  MR_ASSIGN_OR_RETURN(const std::string pattern, component.TextOr("url_path_pattern", ""));
  if (!pattern.empty()) {
    auto compiled = PyRegex::Make(pattern);
    if (!compiled.ok()) {
      return component.FieldError("url_path_pattern", compiled.status().ToString());
    }
    matcher.path_ = *std::move(compiled);
  }
  for (const char* name : {"params", "headers"}) {
    const PyValue* field = component.Field(name);
    if (field == nullptr) continue;
    if (!field->is_dict()) return component.FieldError(name, "expected a mapping");
    const bool headers = std::string_view(name) == "headers";
    for (const auto& [key, value] : field->dict()) {
      const std::string text = PyStr(key);
      (headers ? matcher.headers_ : matcher.params_)
          .emplace_back(headers ? LowerCaseOf(text) : text, PyStr(value));
    }
  }
  MR_ASSIGN_OR_RETURN(matcher.weight_, Weight(component, environment));
  return matcher;
}

bool RequestMatcher::Matches(const ApiRequest& request) const {
  if (!method_.empty() && request.method != method_) return false;
  const SplitUrl url = UrlSplit(request.url);
  if (!url_base_.empty() &&
      url_base_ != std::string(url.scheme) + "://" + std::string(url.netloc)) {
    return false;
  }
  if (path_ != nullptr) {
    const auto found = path_->Search(WithoutTrailingSlashes(url.path));
    if (!found.ok() || !found->has_value()) return false;
  }
  if (!params_.empty()) {
    // Of a repeated parameter the last value counts.
    Pairs query;
    for (auto& pair : ParseQuery(url.query)) {
      std::erase_if(query, [&](const auto& old) { return old.first == pair.first; });
      query.push_back(std::move(pair));
    }
    if (!Holds(params_, query)) return false;
  }
  if (headers_.empty()) return true;
  Pairs lower;
  for (const auto& [name, value] : request.headers) lower.emplace_back(LowerCaseOf(name), value);
  return Holds(headers_, lower);
}

Result<std::vector<RequestMatcher>> MakeRequestMatchers(const Component& component,
                                                        const EngineEnvironment& environment) {
  std::vector<RequestMatcher> matchers;
  MR_ASSIGN_OR_RETURN(const auto children, component.Children("matchers"));
  for (const Component& child : children) {
    MR_ASSIGN_OR_RETURN(RequestMatcher matcher, RequestMatcher::Make(child, environment));
    matchers.push_back(std::move(matcher));
  }
  return matchers;
}

}  // namespace millrace
