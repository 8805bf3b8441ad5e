#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/requests/response_decoder.h"

namespace millrace {

/// Makes values of bytes: what decoders are put together from. Built once; const, any thread.
class BodyParser {
 public:
  virtual ~BodyParser() = default;
  virtual Status Parse(std::string_view body, const ResponseDecoder::Sink& sink) const = 0;
};

/// The parser within a decoder: Json, Jsonl, JsonItems, Csv, or Gzip over one of them.
Result<std::unique_ptr<BodyParser>> MakeBodyParser(const Component& decoder);

// Each in the file of its kind.
Result<std::unique_ptr<BodyParser>> MakeCsvParser(const Component& decoder);
Result<std::unique_ptr<BodyParser>> MakeJsonItemsParser(const Component& decoder);
std::unique_ptr<BodyParser> MakeJsonParser();
std::unique_ptr<BodyParser> MakeJsonLinesParser();
std::unique_ptr<BodyParser> MakeGzipParser(std::unique_ptr<BodyParser> inner);

/// XmlDecoder's values of a document in UTF-8: xmltodict's.
Result<PyValue> ParseXmlDict(std::string_view text);

/// `body` in UTF-8; a PyError UnicodeDecodeError for bytes that the encoding doesn't have, or a
/// config error for an encoding that nobody knows.
Result<std::string> BodyInUtf8(std::string_view body, const std::string& encoding);

/// What a packed reply may unpack to.
inline constexpr int64_t kUnpackedBytesMax = int64_t{1} << 30;

}  // namespace millrace
