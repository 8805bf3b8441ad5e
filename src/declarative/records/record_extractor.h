#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"

namespace millrace {

using ValueSink = std::function<Status(PyValue)>;

/// What a decoder makes of one reply: hands its elements over, in order (most formats have one;
/// a list at the top of a JSON text gives its items). Called anew it begins anew, with values that
/// nobody else holds or changes. Of an extractor that reads text: the reply's bytes as they came,
/// as one kBytes.
using DecodedPage = std::function<Status(const ValueSink& element)>;

/// Reads the records of a retriever that belongs to another component (the complete list of a
/// truncated record, the fields of a dynamic schema): those of the slice whose partition is given,
/// until `record` returns false.
using ReadOtherRecords = std::function<Status(
    const PyValue& partition, const std::function<Result<bool>(PyValue)>& record, std::stop_token)>;
/// Builds that from the retriever's component. `name` as in requests' logs.
using MakeOtherReader =
    std::function<Result<ReadOtherRecords>(const Component& retriever, std::string_view name)>;

/// Finds the records in a reply. Const; from several threads at once.
class RecordExtractor {
 public:
  virtual ~RecordExtractor() = default;

  /// Hands over what stands where records are expected, in order: mostly dicts, but anything may
  /// stand there. Undefined: a record that was left out and counts only for the page's size.
  /// Fails as `page` and `record` fail; PyErrors of the path.
  virtual Status Extract(const DecodedPage& page, const ValueSink& record,
                         std::stop_token stop) const = 0;

  /// The keys at which the records stand, when they are just that: no patterns, nothing expanded.
  /// See raw_records.h.
  virtual std::optional<std::vector<std::string>> plain_path() const { return std::nullopt; }
  /// Whether it reads the reply's own text instead of what a decoder makes of it.
  virtual bool reads_text() const { return false; }
  /// Whether a page has more records than the API counts: those of several extractors. No offset
  /// can be told from that (OffsetIncrement refuses it).
  virtual bool counts_parts() const { return false; }
  /// Whether the same page is asked for more than once: not possible with decoders that stream.
  virtual bool reads_twice() const { return false; }
};

/// DpathExtractor, CombinedExtractor or ResponseToFileExtractor. Config errors name the manifest's
/// line.
Result<std::unique_ptr<RecordExtractor>> MakeRecordExtractor(const Component& component,
                                                             const EngineEnvironment& environment,
                                                             const MakeOtherReader& make_reader);

}  // namespace millrace
