#include <algorithm>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/body_parser.h"

namespace millrace {
namespace {

/// Reads rows as Python's csv module does in its excel dialect.
class CsvRows {
 public:
  CsvRows(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {}

  /// False at the end. A row without anything in it has no fields.
  bool Next(std::vector<std::string>* fields) {
    fields->clear();
    if (at_ >= text_.size()) return false;
    if (IsEnd(text_[at_])) {
      SkipEnd();
      return true;
    }
    for (;;) {
      fields->push_back(Field());
      if (at_ >= text_.size()) return true;
      if (text_[at_] == delimiter_) {
        ++at_;
        continue;
      }
      SkipEnd();
      return true;
    }
  }

 private:
  static bool IsEnd(char c) { return c == '\n' || c == '\r'; }
  void SkipEnd() { at_ += text_.substr(at_).starts_with("\r\n") ? 2 : 1; }

  std::string Field() {
    std::string field;
    if (at_ < text_.size() && text_[at_] == '"') {
      ++at_;
      while (at_ < text_.size()) {
        if (text_[at_] != '"') {
          // Python's text files know one kind of line end.
          if (text_[at_] == '\r') {
            SkipEnd();
            field.push_back('\n');
          } else {
            field.push_back(text_[at_++]);
          }
        } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
          field.push_back('"');
          at_ += 2;
        } else {
          ++at_;
          break;  // what follows the quotes belongs to the field, too
        }
      }
    }
    while (at_ < text_.size() && text_[at_] != delimiter_ && !IsEnd(text_[at_])) {
      field.push_back(text_[at_++]);
    }
    return field;
  }

  const std::string_view text_;
  const char delimiter_;
  size_t at_ = 0;
};

/// Rows as dicts by the first row's names, all text. What a row has too much is a list under None;
/// what it lacks is None.
class CsvParser final : public BodyParser {
 public:
  Status Parse(std::string_view body, const ResponseDecoder::Sink& sink) const override {
    MR_ASSIGN_OR_RETURN(const std::string text, BodyInUtf8(body, encoding));
    CsvRows rows(text, delimiter);
    std::vector<std::string> names, fields;
    if (!rows.Next(&names)) return Status::Ok();
    while (rows.Next(&fields)) {
      if (fields.empty()) continue;
      MR_RETURN_IF_ERROR(sink(Row(names, fields)));
    }
    return Status::Ok();
  }

  std::string encoding = "utf-8";
  char delimiter = ',';
  std::vector<std::string> none_values;

 private:
  PyValue Field(std::string text) const {
    if (std::find(none_values.begin(), none_values.end(), text) != none_values.end()) {
      return PyValue();
    }
    return PyValue(std::move(text));
  }
  PyValue Row(const std::vector<std::string>& names, std::vector<std::string>& fields) const {
    PyDict row;
    row.Reserve(names.size());
    for (size_t i = 0; i < names.size(); ++i) {
      row.Set(std::string_view(names[i]),
              i < fields.size() ? Field(std::move(fields[i])) : PyValue());
    }
    if (fields.size() > names.size()) {
      PyList rest;
      for (size_t i = names.size(); i < fields.size(); ++i) {
        rest.push_back(PyValue(std::move(fields[i])));
      }
      row.Set(PyValue(), PyValue::List(std::move(rest)));
    }
    return row;
  }
};

/// "\t" written with a backslash is a tab.
std::string Unescaped(const std::string& text) {
  if (text == "\\t") return "\t";
  if (text == "\\n") return "\n";
  if (text == "\\r") return "\r";
  if (text == "\\\\") return "\\";
  if (text.size() == 4 && text.starts_with("\\x")) {
    return std::string(1, static_cast<char>(std::strtol(text.c_str() + 2, nullptr, 16)));
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<BodyParser>> MakeCsvParser(const Component& decoder) {
  auto parser = std::make_unique<CsvParser>();
  MR_ASSIGN_OR_RETURN(parser->encoding, decoder.TextOr("encoding", "utf-8"));
  MR_ASSIGN_OR_RETURN(const std::string given, decoder.TextOr("delimiter", ","));
  const std::string delimiter = Unescaped(given.empty() ? "," : given);
  if (delimiter.size() != 1) {
    return decoder.FieldError("delimiter", "expected one character (or \\t)");
  }
  parser->delimiter = delimiter[0];
  MR_ASSIGN_OR_RETURN(parser->none_values, decoder.TextList("set_values_to_none"));
  return std::unique_ptr<BodyParser>(std::move(parser));
}

}  // namespace millrace
