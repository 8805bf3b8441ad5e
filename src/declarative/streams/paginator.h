#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "declarative/requests/request_option.h"
#include "declarative/streams/pagination_strategy.h"

namespace millrace {

/// DefaultPaginator or NoPagination: how a request asks for a page, and what page comes next. Const
/// after it was made; from several threads at once.
class Paginator {
 public:
  /// `component` null: NoPagination. Config errors name the manifest's line.
  static Result<std::unique_ptr<Paginator>> Make(const Component* component,
                                                 const EngineEnvironment& environment);

  /// None: the first page isn't asked for by anything.
  PyValue InitialToken() const;
  std::optional<int64_t> PageSize() const;
  /// Whether the next page's place stands in the reply.
  bool reads_pages() const { return strategy_ != nullptr && strategy_->reads_pages(); }
  /// What the request of a page carries. `page_size`: instead of the manifest's.
  Result<RequestOptions> OptionsFor(const PyValue& token, std::optional<int64_t> page_size) const;
  /// The path or URL of a page that is addressed by one; empty: the requester's.
  Result<std::string> PathFor(const PyValue& token) const;
  /// None: the page was the last one.
  Result<PyValue> NextToken(const PageRead& page) const;

 private:
  explicit Paginator(const EngineEnvironment& environment) : environment_(environment) {}

  const EngineEnvironment& environment_;
  std::unique_ptr<PaginationStrategy> strategy_;  // null: one page
  std::optional<RequestOption> size_option_, token_option_;
  bool token_is_path_ = false;
};

}  // namespace millrace
