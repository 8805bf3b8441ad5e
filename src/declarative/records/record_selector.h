#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/records/declarative_record.h"
#include "declarative/records/record_extractor.h"
#include "declarative/records/record_filter.h"
#include "declarative/records/record_transformation.h"
#include "declarative/records/schema_normalizer.h"

namespace millrace {

/// RecordSelector: makes records of a page, one by one: extract, filter, transform (or transform,
/// filter), normalise. Const; from several threads at once.
class RecordSelector {
 public:
  struct Parts {
    std::unique_ptr<RecordExtractor> extractor;
    std::optional<RecordFilter> filter;
    RecordTransformations transformations;
    bool transforms_first = false;
    bool normalizes = false;  ///< schema_normalization: Default
  };

  /// What the records of one page (or slice) have in common. All but the token are borrowed.
  struct Call {
    PyValue stream_slice;     ///< as templates see it (StreamSlice::ToPyValue); None: none
    PyValue next_page_token;  ///< a dict, or None
    /// Of the stream's schema; null or empty: nothing is cast. Only looked at when normalizes().
    const SchemaNormalizer* normalizer = nullptr;
    /// Whether a record belongs to what this sync reads, for streams that filter by their cursor
    /// themselves (is_client_side_incremental); empty: all do.
    std::function<Result<bool>(const DeclarativeRecord&)> should_be_synced;
    /// Somebody else looks at the page's values afterwards (a paginator at the response): records
    /// are copied before they are changed.
    bool page_is_kept = false;
    std::stop_token stop;
  };
  using RecordSink = std::function<Status(DeclarativeRecord)>;

  /// `component` is a RecordSelector; `transformations` stand with the stream. The default of
  /// transform_before_filtering is `client_side_incremental`. Config errors name the line.
  static Result<std::unique_ptr<RecordSelector>> Make(const Component& component,
                                                      RecordTransformations transformations,
                                                      bool client_side_incremental,
                                                      const EngineEnvironment& environment,
                                                      const MakeOtherReader& make_reader);
  RecordSelector(Parts parts, const EngineEnvironment& environment)
      : parts_(std::move(parts)), environment_(environment) {}

  /// Hands over the records of the page as each is ready. `*extracted` grows by what the page had
  /// before anything was filtered. Fails as `page` and `sink` fail; PyErrors of templates.
  Status Select(const DecodedPage& page, const Call& call, int64_t* extracted,
                const RecordSink& sink) const;
  /// The same for a JsonDecoder's reply that nobody else looks at: its records are found first and
  /// become values one by one, so that a large reply costs little more than its text. False, and
  /// then nothing was handed over: the reply has to be a value as a whole.
  Result<bool> SelectInPieces(std::string_view body, const Call& call, int64_t* extracted,
                              const RecordSink& sink) const;
  /// The same for records that are there already (of asynchronous jobs).
  Status Process(PyValue record, const Call& call, RecordContext& context,
                 const RecordSink& sink) const;

  const RecordExtractor& extractor() const { return *parts_.extractor; }
  bool normalizes() const { return parts_.normalizes; }
  /// The same for a JsonDecoder's reply whose records nothing looks into but a cursor, at its field
  /// (empty: none): hands them over as text. False, and then nothing was handed over: they have to
  /// be values. For outputs that make columns; others would make values of them after all.
  Result<bool> SelectRaw(std::string_view body, std::string_view cursor_field, int64_t* extracted,
                         const RecordSink& sink) const;

  /// The keys at which the records stand, when nothing on the way filters, changes or casts them:
  /// their text will do (raw_records.h). Nothing: they have to be values.
  std::optional<std::vector<std::string>> raw_path() const {
    if (parts_.filter || !parts_.transformations.empty() || parts_.normalizes) return std::nullopt;
    return parts_.extractor->plain_path();
  }

 private:
  Result<bool> Passes(const PyValue& record, const Call& call, RecordContext& context) const;
  Status Transform(const PyValue& record, RecordContext& context) const;

  const Parts parts_;
  const EngineEnvironment& environment_;
};

}  // namespace millrace
