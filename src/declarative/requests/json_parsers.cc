#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/body_parser.h"
#include "declarative/requests/content_encoding.h"
#include "formats/utf8_text.h"

namespace millrace {
namespace {

Status HandOver(const PyValue& value, const ResponseDecoder::Sink& sink) {
  if (!value.is_list()) return sink(value);
  for (const PyValue& item : value.items()) MR_RETURN_IF_ERROR(sink(item));
  return Status::Ok();
}

class JsonParser final : public BodyParser {
 public:
  Status Parse(std::string_view body, const ResponseDecoder::Sink& sink) const override {
    const auto value = ParsePyJson(body, PyJsonDialect::kResponse);
    if (!value.ok() || value->is_none()) {
      return SystemError("Response JSON data failed to be parsed. See logs for more information.");
    }
    return HandOver(*value, sink);
  }
};

/// One value a line; lines that are none are left out.
class JsonLinesParser final : public BodyParser {
 public:
  Status Parse(std::string_view body, const ResponseDecoder::Sink& sink) const override {
    while (!body.empty()) {
      const size_t end = std::min(body.find('\n'), body.size());
      const std::string_view line = body.substr(0, end);
      body.remove_prefix(std::min(end + 1, body.size()));
      MR_ASSIGN_OR_RETURN(const std::string text, BodyInUtf8(line, "utf-8"));
      auto value = ParsePyJson(std::string_view(text), PyJsonDialect::kPython);
      if (value.ok()) MR_RETURN_IF_ERROR(sink(*std::move(value)));
    }
    return Status::Ok();
  }
};

/// Unpacks what begins as gzip does, and leaves the rest as it is.
class GzipParser final : public BodyParser {
 public:
  explicit GzipParser(std::unique_ptr<BodyParser> inner) : inner_(std::move(inner)) {}
  Status Parse(std::string_view body, const ResponseDecoder::Sink& sink) const override {
    if (!body.starts_with("\x1f\x8b")) return inner_->Parse(body, sink);
    MR_ASSIGN_OR_RETURN(const std::string plain, Gunzip(body, kUnpackedBytesMax));
    return inner_->Parse(plain, sink);
  }

 private:
  const std::unique_ptr<BodyParser> inner_;
};

}  // namespace

std::unique_ptr<BodyParser> MakeJsonParser() { return std::make_unique<JsonParser>(); }

std::unique_ptr<BodyParser> MakeJsonLinesParser() { return std::make_unique<JsonLinesParser>(); }

std::unique_ptr<BodyParser> MakeGzipParser(std::unique_ptr<BodyParser> inner) {
  return std::make_unique<GzipParser>(std::move(inner));
}

Result<std::unique_ptr<BodyParser>> MakeBodyParser(const Component& decoder) {
  const std::string_view type = decoder.type();
  if (type == "JsonDecoder") return MakeJsonParser();
  if (type == "JsonlDecoder") return MakeJsonLinesParser();
  if (type == "JsonItemsDecoder") return MakeJsonItemsParser(decoder);
  if (type == "CsvDecoder") return MakeCsvParser(decoder);
  if (type != "GzipDecoder") return decoder.UnknownType("decoder that can be read from bytes");
  MR_ASSIGN_OR_RETURN(const Component inner, decoder.Child("decoder"));
  MR_ASSIGN_OR_RETURN(auto parser, MakeBodyParser(inner));
  return MakeGzipParser(std::move(parser));
}

}  // namespace millrace
