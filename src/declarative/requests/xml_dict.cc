#include <expat.h>

#include <memory>
#include <vector>

#include "declarative/jinja/py_error.h"
#include "declarative/requests/body_parser.h"

namespace millrace {
namespace {

constexpr size_t kDepthMax = 1000;

/// Builds what xmltodict makes of a document: attributes as "@name", text as the element's value or
/// its "#text", repeated elements as a list.
class XmlDictBuilder {
 public:
  void Start(const char* name, const char** attributes) {
    if (open_.size() >= kDepthMax) too_deep_ = true;
    Element element;
    element.name = name;
    for (; *attributes != nullptr; attributes += 2) {
      element.members.Append(PyValue(std::string("@") + attributes[0]), PyValue(attributes[1]));
    }
    open_.push_back(std::move(element));
  }
  void Text(const char* text, int size) {
    if (!open_.empty()) open_.back().text.append(text, static_cast<size_t>(size));
  }
  void End() {
    Element element = std::move(open_.back());
    open_.pop_back();
    const std::string text = Stripped(element.text);
    PyValue value;
    if (!element.members.empty()) {
      if (!text.empty()) Push(&element.members, "#text", PyValue(text));
      value = PyValue(std::move(element.members));
    } else if (!text.empty()) {
      value = PyValue(text);
    }
    Push(open_.empty() ? &document_ : &open_.back().members, element.name, std::move(value));
  }
  bool too_deep() const { return too_deep_; }
  PyDict TakeDocument() { return std::move(document_); }

 private:
  struct Element {
    std::string name, text;
    PyDict members;
  };

  static std::string Stripped(const std::string& text) {
    const size_t begin = text.find_first_not_of(" \t\n\r\v\f\x1c\x1d\x1e\x1f");
    if (begin == std::string::npos) return "";
    return text.substr(begin, text.find_last_not_of(" \t\n\r\v\f\x1c\x1d\x1e\x1f") - begin + 1);
  }
  static void Push(PyDict* members, const std::string& name, PyValue value) {
    PyValue* there = members->Find(std::string_view(name));
    if (there == nullptr) {
      members->Append(PyValue(name), std::move(value));
    } else if (there->is_list()) {
      there->mutable_items().push_back(std::move(value));
    } else {
      *there = PyValue::List({*there, std::move(value)});
    }
  }

  std::vector<Element> open_;
  PyDict document_;
  bool too_deep_ = false;
};

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

XmlDictBuilder& BuilderOf(void* data) { return *static_cast<XmlDictBuilder*>(data); }

}  // namespace

Result<PyValue> ParseXmlDict(std::string_view text) {
  const std::unique_ptr<XML_ParserStruct, FreeParser> parser(XML_ParserCreate("utf-8"));
  XmlDictBuilder builder;
  XML_SetUserData(parser.get(), &builder);
  XML_SetElementHandler(
      parser.get(),
      [](void* data, const char* name, const char** attributes) {
        BuilderOf(data).Start(name, attributes);
      },
      [](void* data, const char*) { BuilderOf(data).End(); });
  XML_SetCharacterDataHandler(parser.get(), [](void* data, const char* characters, int size) {
    BuilderOf(data).Text(characters, size);
  });
  // Entities of a document's own are not expanded.
  XML_SetDefaultHandler(parser.get(), [](void*, const char*, int) {});
  size_t at = 0;
  // In pieces, as the parser counts in ints.
  while (true) {
    const size_t size = std::min<size_t>(text.size() - at, 1 << 24);
    const bool last = at + size == text.size();
    if (XML_Parse(parser.get(), text.data() + at, static_cast<int>(size), last) != XML_STATUS_OK) {
      return PyError("ExpatError", fmt::format("{}: line {}, column {}",
                                               XML_ErrorString(XML_GetErrorCode(parser.get())),
                                               XML_GetCurrentLineNumber(parser.get()),
                                               XML_GetCurrentColumnNumber(parser.get())));
    }
    if (builder.too_deep()) return PyError("ExpatError", "elements nest too deeply");
    if (last) break;
    at += size;
  }
  return PyValue(builder.TakeDocument());
}

}  // namespace millrace
