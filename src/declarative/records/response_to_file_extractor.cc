#include "declarative/records/response_to_file_extractor.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/view_reader.h"
#include "formats/csv_layout.h"
#include "formats/csv_options.h"
#include "formats/csv_row_reader.h"
#include "formats/csv_values.h"
#include "formats/decompressor.h"

namespace millrace {
namespace {

/// What another reader has from some place on.
Result<std::unique_ptr<ByteReader>> SkipTo(std::unique_ptr<ByteReader> reader, int64_t offset) {
  char passed[4096];
  while (offset > 0) {
    MR_ASSIGN_OR_RETURN(
        const int64_t read,
        reader->Read(passed, std::min(offset, static_cast<int64_t>(sizeof(passed)))));
    if (read == 0) break;
    offset -= read;
  }
  return reader;
}

/// A cell ends before its first NUL for pandas.
std::string_view UpToNul(std::string_view text) { return text.substr(0, text.find('\0')); }

class ResponseToFileExtractor final : public RecordExtractor {
 public:
  explicit ResponseToFileExtractor(CsvOptions options)
      : options_(std::move(options)), values_(options_) {}

  bool reads_text() const override { return true; }

  Status Extract(const DecodedPage& page, const ValueSink& record,
                 std::stop_token stop) const override {
    return page([&](PyValue element) -> Status {
      std::string text = element.str();
      const bool packed =
          CompressionOfBytes(std::string_view(text).substr(0, 6)) == Compression::kGzip;
      // Some exports are full of NULs, which are no part of the data.
      if (!packed) std::erase(text, '\0');
      const auto open = [&](int64_t offset) -> Result<std::unique_ptr<ByteReader>> {
        if (!packed) {
          return std::make_unique<ViewReader>(
              std::string_view(text).substr(static_cast<size_t>(offset)));
        }
        MR_ASSIGN_OR_RETURN(auto reader, OpenGzip(std::make_unique<ViewReader>(text)));
        return SkipTo(std::move(reader), offset);
      };
      return ReadRows(open, record, stop);
    });
  }

 private:
  Status ReadRows(const OpenTextAt& open, const ValueSink& record,
                  const std::stop_token& stop) const {
    {
      MR_ASSIGN_OR_RETURN(const auto probe, open(0));
      CsvRowReader rows(*probe, options_.dialect);
      MR_ASSIGN_OR_RETURN(const bool any, rows.Next());
      if (!any) return Status::Ok();  // nothing was found: no records
    }
    MR_ASSIGN_OR_RETURN(const CsvLayout layout, ReadCsvLayout(open, options_));
    PyList names;
    for (const std::string& name : layout.names) names.emplace_back(UpToNul(name));
    MR_ASSIGN_OR_RETURN(const auto text, open(layout.data_offset));
    CsvRowReader rows(*text, options_.dialect, layout.data_line);
    for (;;) {
      MR_ASSIGN_OR_RETURN(const bool more, rows.Next());
      if (!more) return Status::Ok();
      if (stop.stop_requested()) return Status::Canceled();
      if (rows.fields().size() > names.size()) {
        return SystemError("the CSV reply has {} fields on line {}, its header has {}",
                           rows.fields().size(), rows.line(), names.size());
      }
      MR_RETURN_IF_ERROR(record(RowAsDict(rows, names)));
    }
  }

  PyValue RowAsDict(const CsvRowReader& rows, const PyList& names) const {
    PyDict dict;
    dict.Reserve(names.size());
    std::string scratch;
    for (size_t at = 0; at < names.size(); ++at) {
      PyValue value;
      if (at < rows.fields().size()) {
        const std::string_view text = UpToNul(rows.Decode(rows.fields()[at], scratch));
        if (!text.empty() && !values_.IsNull(text)) value = PyValue(text);
      }
      dict.Append(names[at], std::move(value));
    }
    return PyValue(std::move(dict));
  }

  const CsvOptions options_;
  const CsvValues values_;
};

}  // namespace

Result<std::unique_ptr<RecordExtractor>> MakeResponseToFileExtractor(const Component& component,
                                                                     const EngineEnvironment&) {
  CsvOptions options;
  MR_ASSIGN_OR_RETURN(const bool preserve, component.BoolOr("preserve_na_values", false));
  options.keep_default_na = !preserve;
  return std::make_unique<ResponseToFileExtractor>(std::move(options));
}

}  // namespace millrace
