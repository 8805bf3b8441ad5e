#include "declarative/streams/simple_retriever.h"

#include <unordered_map>

#include "declarative/jinja/py_operators.h"
#include "declarative/streams/repeated_pages.h"

namespace millrace {

/// One page and what came of it.
struct SimpleRetriever::Page {
  PyValue token;
  std::optional<int64_t> page_size;  // instead of the manifest's
  ApiReply reply;
  PyValue first_element = PyValue(PyDict());
  bool from_parent = false;  // first_element is all of it
  int64_t extracted = 0;
  int64_t records = 0;
  std::optional<DeclarativeRecord> last;
};

/// One call of ReadRecords.
struct SimpleRetriever::Reading {
  const StreamSlice& slice;  // as it was asked for: what records and states belong to
  RecordConsumer& consumer;
  std::stop_token stop;
  int64_t records_since_reset = 0;
  int resets_of_same_slice = 0;
  int64_t handed_on = 0;
  bool enough = false;
};

Status SimpleRetriever::ReadRecords(const StreamSlice& slice, RecordConsumer& consumer,
                                    std::stop_token stop) {
  Reading reading{slice, consumer, std::move(stop)};
  return ReadWindow(reading, slice, 0);
}

Status SimpleRetriever::ReadWindow(Reading& reading, const StreamSlice& slice, int splits) {
  bool split = false;
  MR_RETURN_IF_ERROR(ReadPages(reading, slice, &split));
  if (!split) return Status::Ok();
  if (!parts_.splits_windows || parts_.cursor == nullptr) {
    return ConfigError(
        "stream {} is to ask for smaller windows (SPLIT_REQUEST_WINDOW), but its retriever has no "
        "request_window_splitting",
        parts_.stream);
  }
  const std::string advice =
      parts_.window_failure_message.empty() ? "" : ". " + parts_.window_failure_message;
  if (splits >= kWindowSplitsMax) {
    return TransientError(
        "the API refuses the windows of stream {}, however small they are: {} "
        "times cut in parts{}",
        parts_.stream, splits, advice);
  }
  MR_ASSIGN_OR_RETURN(const std::vector<StreamSlice> parts,
                      parts_.cursor->SplitWindow(slice, parts_.smallest_window));
  if (parts.empty()) {
    return TransientError(
        "the API refuses the windows of stream {}, also the smallest that its "
        "cursor can ask for{}",
        parts_.stream, advice);
  }
  for (const StreamSlice& part : parts) {
    MR_RETURN_IF_ERROR(ReadWindow(reading, part, splits + 1));
    if (reading.enough) break;
  }
  return Status::Ok();
}

Status SimpleRetriever::ReadPages(Reading& reading, StreamSlice slice, bool* split) {
  std::optional<PageSizeReducer> reducer;
  if (parts_.page_size_reduction) {
    reducer.emplace(*parts_.page_size_reduction, parts_.paginator->PageSize(), parts_.stream,
                    environment_);
  }
  RepeatedPages repeated;
  PyValue token = parts_.paginator->InitialToken();
  for (int64_t pages = 1; pages <= kPagesMax; ++pages) {
    if (reading.stop.stop_requested()) return Status::Canceled();
    Page page;
    page.token = token;
    if (reducer) page.page_size = reducer->page_size();
    MR_RETURN_IF_ERROR(ReadPage(reading, slice, &page));
    if (reading.enough) return Status::Ok();
    const ApiOutcome outcome = page.reply.outcome;
    if (outcome == ApiOutcome::kSplitRequestWindow) {
      *split = true;
      return Status::Ok();
    }
    if (outcome == ApiOutcome::kReducePageSize) {
      if (!reducer) {
        return ConfigError(
            "stream {} is to ask for smaller pages (REDUCE_PAGE_SIZE), but its retriever has no "
            "page_size_reduction",
            parts_.stream);
      }
      MR_RETURN_IF_ERROR(reducer->Reduce(reading.stop));
      continue;
    }
    if (reducer && outcome != ApiOutcome::kResetPagination) reducer->PageSucceeded();
    if (outcome == ApiOutcome::kIgnored) return Status::Ok();
    const bool full = parts_.records_before_reset > 0 &&
                      reading.records_since_reset >= parts_.records_before_reset;
    if (full || outcome == ApiOutcome::kResetPagination) {
      MR_ASSIGN_OR_RETURN(slice, SliceAfterReset(reading, slice));
      token = parts_.paginator->InitialToken();
      continue;
    }
    if (environment_.pages_max > 0 && pages >= environment_.pages_max) return Status::Ok();
    MR_ASSIGN_OR_RETURN(token, NextToken(page, slice));
    if (token.is_none()) return Status::Ok();
    if (page.reply.response &&
        repeated.Add(page.reply.response->body, page.records, PyEqual(token, page.token))) {
      return SystemError(
          "stream {}: the API answered {} times in a row with the same page: it doesn't heed which "
          "page it is asked for (see page_token_option and pagination_strategy)",
          parts_.stream, repeated.row());
    }
  }
  return SystemError("stream {}: the API has no last page: given up after {} pages of one slice",
                     parts_.stream, kPagesMax);
}

Status SimpleRetriever::ReadPage(Reading& reading, const StreamSlice& slice, Page* page) {
  if (parts_.properties) return ReadPieces(reading, slice, page);
  MR_RETURN_IF_ERROR(Fetch(reading, slice, page));
  return SelectRecords(reading, slice, page, [&](DeclarativeRecord record) {
    return HandOn(reading, std::move(record), page);
  });
}

Status SimpleRetriever::ReadPieces(Reading& reading, const StreamSlice& slice, Page* page) {
  MR_ASSIGN_OR_RETURN(const auto pieces, parts_.properties->Pieces(reading.stop));
  // The records of a page, until all of its pieces are there.
  std::vector<DeclarativeRecord> merged;
  std::unordered_map<std::string, size_t> places;
  for (const std::vector<std::string>& piece : pieces) {
    PyList names;
    for (const std::string& name : piece) names.push_back(PyValue(name));
    StreamSlice with_names = slice;
    with_names.extra_fields =
        PyValue(PyDict{{"query_properties", PyValue::List(std::move(names))}});
    MR_RETURN_IF_ERROR(Fetch(reading, with_names, page));
    if (page->reply.outcome != ApiOutcome::kSuccess &&
        page->reply.outcome != ApiOutcome::kIgnored) {
      return Status::Ok();
    }
    page->extracted = 0;
    MR_RETURN_IF_ERROR(
        SelectRecords(reading, with_names, page, [&](DeclarativeRecord record) -> Status {
          const auto key =
              parts_.properties->merges() ? parts_.properties->MergeKey(record) : std::nullopt;
          if (!key) return HandOn(reading, std::move(record), page);
          const auto [place, fresh] = places.try_emplace(*key, merged.size());
          if (fresh) {
            merged.push_back(std::move(record));
          } else {
            DeepMerge(record.data, merged[place->second].data);
          }
          return Status::Ok();
        }));
    if (reading.enough) return Status::Ok();
  }
  for (DeclarativeRecord& record : merged) {
    MR_RETURN_IF_ERROR(HandOn(reading, std::move(record), page));
  }
  return Status::Ok();
}

Status SimpleRetriever::Fetch(Reading& reading, const StreamSlice& slice, Page* page) {
  page->first_element = PyValue(PyDict());
  if (parts_.first_page_from_parent && page->token.is_none()) {
    const PyValue* given = slice.extra_fields.Find("child_response");
    if (given != nullptr) {
      page->first_element = *given;
      page->from_parent = true;
      page->reply = {ApiOutcome::kSuccess, std::make_shared<ApiResponse>(), {}};
      return Status::Ok();
    }
  }
  ApiCall call;
  call.slice = &slice;
  if (!page->token.is_none()) {
    call.next_page_token = PyValue(PyDict{{"next_page_token", page->token}});
  }
  MR_ASSIGN_OR_RETURN(call.path, parts_.paginator->PathFor(page->token));
  MR_ASSIGN_OR_RETURN(call.options, parts_.paginator->OptionsFor(page->token, page->page_size));
  const bool paginated = !page->token.is_none();
  if (parts_.slice_options && !(paginated && parts_.slice_options_on_first_page_only)) {
    MR_ASSIGN_OR_RETURN(RequestOptions more, parts_.slice_options(slice));
    MR_RETURN_IF_ERROR(MergeRequestOptions(std::move(more), &call.options));
  }
  call.stop = reading.stop;
  MR_ASSIGN_OR_RETURN(page->reply, parts_.requester->Send(std::move(call)));
  return Status::Ok();
}

Status SimpleRetriever::SelectRecords(Reading& reading, const StreamSlice& slice, Page* page,
                                      const std::function<Status(DeclarativeRecord)>& sink) {
  if (page->reply.outcome != ApiOutcome::kSuccess) return Status::Ok();
  RecordSelector::Call call;
  call.stream_slice = slice.ToPyValue();
  if (!page->token.is_none()) {
    call.next_page_token = PyValue(PyDict{{"next_page_token", page->token}});
  }
  if (parts_.schema && parts_.selector->normalizes()) {
    MR_ASSIGN_OR_RETURN(call.normalizer, parts_.schema->Normalizer(reading.stop));
  }
  if (parts_.filters_by_cursor) {
    call.should_be_synced = [&](const DeclarativeRecord& record) {
      return parts_.cursor->ShouldBeSynced(slice, record);
    };
  }
  const bool keeps_page = parts_.paginator->reads_pages() && !parts_.decoder->streams();
  call.page_is_kept = keeps_page || page->from_parent;
  call.stop = reading.stop;
  const RecordSelector::RecordSink hand_on = [&](DeclarativeRecord record) -> Status {
    if (reading.enough) return Status::Ok();
    return sink(std::move(record));
  };
  if (parts_.decoder->reads_json() && !call.page_is_kept &&
      page->reply.response->body.size() >= kLargeReplyBytes) {
    MR_ASSIGN_OR_RETURN(const bool selected,
                        parts_.selector->SelectInPieces(page->reply.response->body, call,
                                                        &page->extracted, hand_on));
    if (selected) return Status::Ok();
  }
  bool first = keeps_page;
  const DecodedPage decoded = [&](const ValueSink& element) -> Status {
    if (page->from_parent) return element(page->first_element);
    return parts_.decoder->Decode(*page->reply.response, [&](PyValue value) {
      if (std::exchange(first, false)) page->first_element = value;
      return element(std::move(value));
    });
  };
  return parts_.selector->Select(decoded, call, &page->extracted, hand_on);
}

Status SimpleRetriever::HandOn(Reading& reading, DeclarativeRecord record, Page* page) {
  ++reading.records_since_reset;
  ++page->records;
  if (!reading.consumer.wants_more()) {
    reading.enough = true;
    return Status::Ok();
  }
  page->last = record;
  if (parts_.cursor != nullptr) {
    if (parts_.reset_narrows_window) {
      MR_RETURN_IF_ERROR(parts_.cursor->Observe(reading.slice, record));
    }
    if (parts_.is_data_feed) {
      MR_ASSIGN_OR_RETURN(const bool wanted, parts_.cursor->ShouldBeSynced(reading.slice, record));
      if (!wanted) return Status::Ok();
    }
  }
  ++reading.handed_on;
  MR_RETURN_IF_ERROR(reading.consumer.Take(std::move(record)));
  reading.enough = !reading.consumer.wants_more();
  return Status::Ok();
}

Result<PyValue> SimpleRetriever::NextToken(const Page& page, const StreamSlice& slice) const {
  if (parts_.is_data_feed && page.last && parts_.cursor != nullptr) {
    MR_ASSIGN_OR_RETURN(const bool wanted, parts_.cursor->ShouldBeSynced(slice, *page.last));
    if (!wanted) return PyValue();
  }
  return parts_.paginator->NextToken({*page.reply.response, page.first_element, page.records,
                                      page.extracted, page.last ? &*page.last : nullptr, page.token,
                                      page.page_size, slice});
}

Result<StreamSlice> SimpleRetriever::SliceAfterReset(Reading& reading, const StreamSlice& now) {
  reading.records_since_reset = 0;
  StreamSlice next = now;
  if (parts_.reset_narrows_window && parts_.cursor != nullptr) {
    MR_ASSIGN_OR_RETURN(next, parts_.cursor->ReduceSlice(reading.slice));
  }
  const bool same = next == now;
  reading.resets_of_same_slice = same ? reading.resets_of_same_slice + 1 : 0;
  const int allowed = parts_.reset_narrows_window ? 1 : 2;
  if (same && reading.resets_of_same_slice >= allowed) {
    return SystemError("stream {}: the pages of a slice were begun anew {} times and end no sooner",
                       parts_.stream, reading.resets_of_same_slice);
  }
  return next;
}

}  // namespace millrace
