#include "declarative/requests/response_decoder.h"

#include <atomic>
#include <optional>

#include "base/log.h"
#include "base/secrets.h"
#include "declarative/jinja/py_error.h"
#include "declarative/requests/body_parser.h"
#include "declarative/requests/content_encoding.h"
#include "declarative/requests/zip_archive.h"

namespace millrace {
namespace {

/// What a reply begins with, on one line.
std::string BeginningOf(std::string_view body) {
  constexpr size_t kBytesMax = 60;
  std::string text(body.substr(0, kBytesMax));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return Secrets::Redact(text);
}

/// JSON, for which anything that can't be read is an empty object (two of them, in Airbyte: one for
/// the failure, and one because there was nothing), or a failure.
class JsonDecoder final : public ResponseDecoder {
 public:
  explicit JsonDecoder(bool wrong_replies_fail) : wrong_replies_fail_(wrong_replies_fail) {}

  bool reads_json() const override { return true; }
  Status Decode(const ApiResponse& response, const Sink& sink) const override {
    bool any = false;
    Status refused;  // by who takes the values, as opposed to the parser
    const Status parsed = parser_->Parse(response.body, [&](PyValue value) {
      any = true;
      refused = sink(std::move(value));
      return refused;
    });
    if (!refused.ok()) return refused;
    if (parsed.canceled()) return parsed;
    if (!parsed.ok() && wrong_replies_fail_ && !response.body.empty()) {
      return ConfigError(
          "the reply is no JSON (status {}, {}; it begins with \"{}\"): is this the URL of the "
          "API?",
          response.status, response.Header("content-type"), BeginningOf(response.body));
    }
    if (!parsed.ok()) {
      Warn(response);
      MR_RETURN_IF_ERROR(sink(PyValue(PyDict())));
    }
    return any ? Status::Ok() : sink(PyValue(PyDict()));
  }

 private:
  /// Of the first reply that should have been JSON: a table may be replaced by nothing for it.
  void Warn(const ApiResponse& response) const {
    if (!response.ok() || response.body.empty() || warned_.exchange(true)) return;
    const std::string_view type = response.Header("content-type");
    Log(LogLevel::kWarn,
        "{} answered with {} bytes of {} that are no JSON: no record is taken of such a reply",
        std::string_view(response.url).substr(0, response.url.find('?')), response.body.size(),
        type.empty() ? "no named type" : type);
  }

  const bool wrong_replies_fail_;
  const std::unique_ptr<BodyParser> parser_ = MakeJsonParser();
  mutable std::atomic<bool> warned_ = false;
};

/// What Airbyte reads while it comes: lines, rows, the items of a large document, packed ones.
class StreamDecoder final : public ResponseDecoder {
 public:
  explicit StreamDecoder(std::unique_ptr<BodyParser> parser) : parser_(std::move(parser)) {}
  bool streams() const override { return true; }
  Status Decode(const ApiResponse& response, const Sink& sink) const override {
    const std::string_view encoding = response.Header("content-encoding");
    if (response.decoded || encoding.empty()) return parser_->Parse(response.body, sink);
    MR_ASSIGN_OR_RETURN(const std::string body,
                        UndoContentEncoding(response.body, encoding, kUnpackedBytesMax));
    return parser_->Parse(body, sink);
  }

 private:
  const std::unique_ptr<BodyParser> parser_;
};

/// The lines of a text, each as {"record": line}.
class IterableDecoder final : public ResponseDecoder {
 public:
  bool streams() const override { return true; }
  Status Decode(const ApiResponse& response, const Sink& sink) const override {
    std::string body = response.body;
    if (!response.decoded) {
      MR_ASSIGN_OR_RETURN(body,
                          UndoContentEncoding(std::move(body), response.Header("content-encoding"),
                                              kUnpackedBytesMax));
    }
    std::string_view rest = body;
    while (!rest.empty()) {
      const size_t end = rest.find_first_of("\n\r\v\f\x1c\x1d\x1e");
      const std::string_view line = rest.substr(0, end);
      size_t next = end == std::string_view::npos ? rest.size() : end + 1;
      if (end != std::string_view::npos && rest.substr(end).starts_with("\r\n")) ++next;
      rest.remove_prefix(next);
      MR_ASSIGN_OR_RETURN(std::string text, BodyInUtf8(line, "utf-8"));
      MR_RETURN_IF_ERROR(sink(PyValue(PyDict({{"record", PyValue(std::move(text))}}))));
    }
    return Status::Ok();
  }
};

/// XML as dicts; what is no XML is an empty one.
class XmlDecoder final : public ResponseDecoder {
 public:
  Status Decode(const ApiResponse& response, const Sink& sink) const override {
    auto document = ParseXmlDict(response.Text());
    if (document.ok()) return sink(*std::move(document));
    if (IsPyError(document.status(), "ExpatError")) return sink(PyValue(PyDict()));
    return document.status();
  }
};

/// Each file of a zip archive, one after the other.
class ZipDecoder final : public ResponseDecoder {
 public:
  explicit ZipDecoder(std::unique_ptr<BodyParser> parser) : parser_(std::move(parser)) {}
  Status Decode(const ApiResponse& response, const Sink& sink) const override {
    return ReadZipArchive(
        response.body, kUnpackedBytesMax,
        [&](const std::string& name, std::string_view content) -> Status {
          Status refused;
          const Status parsed = parser_->Parse(content, [&](PyValue value) {
            refused = sink(std::move(value));
            return refused;
          });
          if (parsed.ok() || parsed.canceled()) return parsed;
          if (!refused.ok()) return refused;
          return Status::Failed({FailureType::kSystemError,
                                 "Failed to parse file: " + name + " from zip file.",
                                 parsed.ToString(),
                                 {}});
        });
  }

 private:
  const std::unique_ptr<BodyParser> parser_;
};

Result<std::unique_ptr<ResponseDecoder>> MakeZip(const Component& component) {
  MR_ASSIGN_OR_RETURN(const Component inner, component.Child("decoder"));
  MR_ASSIGN_OR_RETURN(auto parser, MakeBodyParser(inner));
  return std::unique_ptr<ResponseDecoder>(std::make_unique<ZipDecoder>(std::move(parser)));
}

}  // namespace

Result<PyValue> ResponseDecoder::DecodeForPagination(const ApiResponse& response) const {
  if (streams()) return PyValue(PyDict());
  std::optional<PyValue> first;
  // Canceled by ourselves: one is enough.
  const Status status = Decode(response, [&first](PyValue value) {
    if (first) return Status::Canceled();
    first = std::move(value);
    return Status::Ok();
  });
  if (!first && status.failed()) return status;
  return first.value_or(PyValue(PyDict()));
}

std::unique_ptr<ResponseDecoder> MakeJsonDecoder() {
  return std::make_unique<JsonDecoder>(/*wrong_replies_fail=*/false);
}

Result<std::unique_ptr<ResponseDecoder>> MakeResponseDecoder(const Component& component,
                                                             const EngineEnvironment& environment) {
  const std::string_view type = component.type();
  if (type == "JsonDecoder") {
    return std::unique_ptr<ResponseDecoder>(
        std::make_unique<JsonDecoder>(environment.wrong_replies_fail));
  }
  if (type == "XmlDecoder") {
    return std::unique_ptr<ResponseDecoder>(std::make_unique<XmlDecoder>());
  }
  if (type == "IterableDecoder") {
    return std::unique_ptr<ResponseDecoder>(std::make_unique<IterableDecoder>());
  }
  if (type == "ZipfileDecoder") return MakeZip(component);
  MR_ASSIGN_OR_RETURN(auto parser, MakeBodyParser(component));
  return std::unique_ptr<ResponseDecoder>(std::make_unique<StreamDecoder>(std::move(parser)));
}

}  // namespace millrace
