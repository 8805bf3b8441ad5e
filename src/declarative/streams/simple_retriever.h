#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "declarative/records/record_selector.h"
#include "declarative/requests/requester.h"
#include "declarative/requests/response_decoder.h"
#include "declarative/slices/stream_cursor.h"
#include "declarative/streams/page_size_reducer.h"
#include "declarative/streams/paginator.h"
#include "declarative/streams/query_properties.h"
#include "declarative/streams/retriever.h"
#include "declarative/streams/stream_schema.h"

namespace millrace {

/// SimpleRetriever: asks for a slice's pages one after the other and selects their records.
class SimpleRetriever final : public Retriever {
 public:
  /// Beyond this a window is not cut in halves any more, whatever the cursor says.
  static constexpr int kWindowSplitsMax = 10;
  /// Replies from this size on are read record by record, where nothing needs all of them at once:
  /// their values take many times the memory of their text.
  static constexpr size_t kLargeReplyBytes = 4 << 20;
  /// A slice that has more pages than this goes round in circles.
  static constexpr int64_t kPagesMax = 10'000'000;

  struct Parts {
    std::string stream;
    std::unique_ptr<Requester> requester;
    std::unique_ptr<ResponseDecoder> decoder;
    std::unique_ptr<RecordSelector> selector;
    std::unique_ptr<Paginator> paginator;
    /// What requests carry because of their slice; empty: nothing.
    std::function<Result<RequestOptions>(const StreamSlice&)> slice_options;
    bool slice_options_on_first_page_only = false;
    std::unique_ptr<QueryProperties> properties;  ///< null: none
    /// The stream's, borrowed. Null: there is none (an endpoint of names or components).
    StreamCursor* cursor = nullptr;
    /// Records that the cursor doesn't want are left out (is_client_side_incremental).
    bool filters_by_cursor = false;
    std::shared_ptr<StreamSchema> schema;  ///< what records are cast to; null: nothing
    bool is_data_feed = false;  ///< ends with the page whose last record is older than the state
    /// PaginationReset: records after which pages are counted anew; 0: never. `splits`: with what
    /// is left of the window.
    int64_t records_before_reset = 0;
    bool reset_narrows_window = false;
    std::optional<PageSizeReduction> page_size_reduction;
    /// RequestWindowSplitting: present, with the smallest window that the manifest allows.
    bool splits_windows = false;
    std::optional<std::chrono::microseconds> smallest_window;
    std::string window_failure_message;
    /// The first page of a slice is part of its parent's record (lazy_read_pointer).
    bool first_page_from_parent = false;
  };

  SimpleRetriever(Parts parts, const EngineEnvironment& environment)
      : parts_(std::move(parts)), environment_(environment) {}

  Status ReadRecords(const StreamSlice& slice, RecordConsumer& consumer,
                     std::stop_token stop) override;

 private:
  struct Page;
  struct Reading;

  Status ReadWindow(Reading& reading, const StreamSlice& slice, int splits);
  /// *split: the API wants a smaller window.
  Status ReadPages(Reading& reading, StreamSlice slice, bool* split);
  Status ReadPage(Reading& reading, const StreamSlice& slice, Page* page);
  Status ReadPieces(Reading& reading, const StreamSlice& slice, Page* page);
  Status Fetch(Reading& reading, const StreamSlice& slice, Page* page);
  Status SelectRecords(Reading& reading, const StreamSlice& slice, Page* page,
                       const std::function<Status(DeclarativeRecord)>& sink);
  Status HandOn(Reading& reading, DeclarativeRecord record, Page* page);
  /// None: the page was the last.
  Result<PyValue> NextToken(const Page& page, const StreamSlice& slice) const;
  Result<StreamSlice> SliceAfterReset(Reading& reading, const StreamSlice& now);

  const Parts parts_;
  const EngineEnvironment& environment_;
};

}  // namespace millrace
