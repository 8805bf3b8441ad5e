#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/requests/body_parser.h"

namespace millrace {
namespace {

/// The items of an array within one document, found by a dotted path as ijson reads it: names of
/// members, and "item" for each item of an array.
class JsonItemsParser final : public BodyParser {
 public:
  Status Parse(std::string_view body, const ResponseDecoder::Sink& sink) const override {
    MR_ASSIGN_OR_RETURN(const std::string text, BodyInUtf8(body, encoding));
    auto document = ParsePyJson(std::string_view(text), PyJsonDialect::kPython);
    if (!document.ok()) {
      return PyError("IncompleteJSONError",
                     "the reply is no JSON document: " + document.status().ToString());
    }
    return Walk(*document, path + ".item", sink);
  }

  std::string path, encoding = "utf-8";

 private:
  /// Hands over what stands at `rest` below `value`. Names may hold dots themselves: all that fit
  /// are followed.
  Status Walk(const PyValue& value, std::string_view rest,
              const ResponseDecoder::Sink& sink) const {
    if (rest.empty()) return sink(value);
    if (value.is_list()) {
      if (!rest.starts_with("item")) return Status::Ok();
      std::string_view below = rest.substr(4);
      if (!below.empty() && !below.starts_with('.')) return Status::Ok();
      if (!below.empty()) below.remove_prefix(1);
      for (const PyValue& item : value.items()) MR_RETURN_IF_ERROR(Walk(item, below, sink));
      return Status::Ok();
    }
    if (!value.is_dict()) return Status::Ok();
    for (const auto& [name, member] : value.dict()) {
      const std::string& key = name.str();
      if (!rest.starts_with(key)) continue;
      const std::string_view below = rest.substr(key.size());
      if (below.empty()) {
        MR_RETURN_IF_ERROR(sink(member));
      } else if (below[0] == '.') {
        MR_RETURN_IF_ERROR(Walk(member, below.substr(1), sink));
      }
    }
    return Status::Ok();
  }
};

}  // namespace

Result<std::unique_ptr<BodyParser>> MakeJsonItemsParser(const Component& decoder) {
  auto parser = std::make_unique<JsonItemsParser>();
  MR_ASSIGN_OR_RETURN(parser->path, decoder.Text("items_path"));
  if (parser->path.empty()) return decoder.FieldError("items_path", "it is empty");
  MR_ASSIGN_OR_RETURN(parser->encoding, decoder.TextOr("encoding", "utf-8"));
  return std::unique_ptr<BodyParser>(std::move(parser));
}

}  // namespace millrace
