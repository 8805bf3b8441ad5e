#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/records/declarative_record.h"
#include "declarative/requests/api_response.h"
#include "declarative/slices/stream_slice.h"

namespace millrace {

/// What is known when a page was read, and where the next one comes from. Borrowed.
struct PageRead {
  const ApiResponse& response;
  /// The reply's first decoded element; an empty dict of streamed formats.
  const PyValue& decoded;
  int64_t records = 0;                      ///< that were emitted
  int64_t extracted = 0;                    ///< that the page had, before any filter
  const DeclarativeRecord* last = nullptr;  ///< emitted; null: none
  PyValue token;                            ///< of this page; None: it had none
  std::optional<int64_t> page_size;         ///< that was asked for instead of the manifest's
  const StreamSlice& slice;
};

/// How an API's pages follow each other. From several threads at once; it holds nothing of a page.
class PaginationStrategy {
 public:
  virtual ~PaginationStrategy() = default;

  /// What the first page is asked for by; None: by nothing.
  virtual PyValue InitialToken() const = 0;
  /// What the next page is asked for by; a value that is false to Python: there is none.
  virtual Result<PyValue> NextToken(const PageRead& page) const = 0;
  virtual std::optional<int64_t> PageSize() const = 0;
  /// Whether NextToken looks at the decoded reply.
  virtual bool reads_pages() const { return false; }
};

/// PageIncrement, OffsetIncrement or CursorPagination. Config errors name the manifest's line.
Result<std::unique_ptr<PaginationStrategy>> MakePaginationStrategy(
    const Component& component, const EngineEnvironment& environment);

}  // namespace millrace
