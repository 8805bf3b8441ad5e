#include "formats/xlsx_workbook.h"

#include <charconv>
#include <map>
#include <string_view>
#include <utility>

#include "formats/decompressor.h"
#include "formats/xml_feed.h"

namespace millrace {
namespace {

using Attributes = std::vector<XmlEvents::Attribute>;

constexpr size_t kPartsMax = 100'000;
constexpr size_t kStylesMax = 1'000'000;

std::string_view Find(const Attributes& attributes, std::string_view name) {
  for (const auto& attribute : attributes) {
    if (attribute.name == name) return attribute.value;
  }
  return {};
}

int Number(std::string_view text) {
  int value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Elements whose text does not matter.
class ElementEvents : public XmlEvents {
 public:
  bool End(std::string_view) override { return true; }
  bool Text(std::string_view) override { return true; }
};

/// xl/workbook.xml: the sheets, in order, and the date system.
class WorkbookEvents : public ElementEvents {
 public:
  struct Entry {
    std::string name, relation;
  };
  bool Start(std::string_view name, const Attributes& attributes) override {
    if (name == "sheet") {
      // Its "r:id" and its "sheetId" differ in their names' ends.
      entries.push_back(
          {std::string(Find(attributes, "name")), std::string(Find(attributes, "id"))});
    } else if (name == "workbookPr") {
      const std::string_view flag = Find(attributes, "date1904");
      from_1904 = flag == "1" || flag == "true";
    }
    return entries.size() < kPartsMax;
  }
  std::vector<Entry> entries;
  bool from_1904 = false;
};

/// xl/_rels/workbook.xml.rels: which part an id stands for.
class RelationEvents : public ElementEvents {
 public:
  bool Start(std::string_view name, const Attributes& attributes) override {
    if (name != "Relationship") return true;
    std::string_view target = Find(attributes, "Target");
    std::string part =
        target.starts_with('/') ? std::string(target.substr(1)) : "xl/" + std::string(target);
    const std::string_view type = Find(attributes, "Type");
    if (type.ends_with("/sharedStrings")) shared_texts = part;
    if (type.ends_with("/styles")) styles = part;
    parts[std::string(Find(attributes, "Id"))] = std::move(part);
    return parts.size() < kPartsMax;
  }
  std::map<std::string, std::string> parts;
  std::string shared_texts, styles;
};

/// xl/styles.xml: the number formats, and which of them each cell style has.
class StyleEvents : public ElementEvents {
 public:
  bool Start(std::string_view name, const Attributes& attributes) override {
    if (name == "numFmt") {
      date_formats[Number(Find(attributes, "numFmtId"))] =
          IsDateFormat(Find(attributes, "formatCode"));
    } else if (name == "cellXfs") {
      in_cells = true;
    } else if (name == "xf" && in_cells) {
      dates.push_back(IsDate(Number(Find(attributes, "numFmtId"))));
    }
    return dates.size() < kStylesMax && date_formats.size() < kStylesMax;
  }
  bool End(std::string_view name) override {
    if (name == "cellXfs") in_cells = false;
    return true;
  }
  std::vector<bool> dates;

 private:
  bool IsDate(int format) const {
    if (const auto given = date_formats.find(format); given != date_formats.end()) {
      return given->second;
    }
    // The formats that every workbook has: dates, dates of East Asia, times.
    return (format >= 14 && format <= 22) || (format >= 27 && format <= 36) ||
           (format >= 45 && format <= 47) || (format >= 50 && format <= 58);
  }
  std::map<int, bool> date_formats;
  bool in_cells = false;
};

/// xl/sharedStrings.xml: the texts of cells, by number.
class SharedTextEvents : public XmlEvents {
 public:
  explicit SharedTextEvents(std::vector<std::string>& texts) : texts_(texts) {}

  bool Start(std::string_view name, const Attributes&) override {
    if (name == "si") {
      texts_.emplace_back();
      bytes_ += sizeof(std::string);
    } else if (name == "rPh") {
      phonetic_ = true;  // how to pronounce it
    } else if (name == "t") {
      in_text_ = !phonetic_ && !texts_.empty();
    }
    return bytes_ <= XlsxWorkbook::kSharedBytesMax;
  }
  bool End(std::string_view name) override {
    if (name == "rPh") phonetic_ = false;
    if (name == "t") in_text_ = false;
    if (name == "si") texts_.back() = UnescapeXlsxText(texts_.back());
    return true;
  }
  bool Text(std::string_view text) override {
    if (!in_text_) return true;
    texts_.back() += text;
    bytes_ += text.size();
    return bytes_ <= XlsxWorkbook::kSharedBytesMax;
  }
  Status Failure() const override {
    if (bytes_ <= XlsxWorkbook::kSharedBytesMax) return Status::Ok();
    return ConfigError("the workbook's texts take more than {} MiB",
                       XlsxWorkbook::kSharedBytesMax >> 20);
  }

 private:
  std::vector<std::string>& texts_;
  size_t bytes_ = 0;
  bool in_text_ = false, phonetic_ = false;
};

Status Parse(const XlsxWorkbook& workbook, const std::string& part, XmlEvents& events) {
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> bytes, workbook.OpenPart(part));
  XmlFeed feed(*bytes, events);
  return feed.Finish().WithContext(part);
}

/// Whether this can be an .xlsx file at all.
Status CheckMagic(ByteReader& input) {
  constexpr std::string_view kOldMagic = "\xD0\xCF\x11\xE0";
  std::string head(4, '\0');
  size_t got = 0;
  for (int64_t more = 1; more > 0 && got < head.size(); got += static_cast<size_t>(more)) {
    MR_ASSIGN_OR_RETURN(more,
                        input.Read(head.data() + got, static_cast<int64_t>(head.size() - got)));
  }
  if (head == kOldMagic) {
    return ConfigError(
        "this is an .xls file of before 2007, or an encrypted workbook: neither is supported; save "
        "it as a plain .xlsx file");
  }
  if (!head.starts_with("PK")) return ConfigError("this is no .xlsx file: it is no zip archive");
  return Status::Ok();
}

}  // namespace

bool IsDateFormat(std::string_view format) {
  bool quoted = false, bracketed = false;
  for (size_t at = 0; at < format.size(); ++at) {
    const char c = format[at];
    if (c == '\\' || c == '_' || c == '*') {
      ++at;  // the next character is no code
    } else if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (c == '[') {
      // A duration ("[h]:mm") is a time; anything else in brackets is a colour or a language.
      const std::string_view rest = format.substr(at + 1);
      if (rest.starts_with("h]") || rest.starts_with("hh]") || rest.starts_with("m]") ||
          rest.starts_with("mm]") || rest.starts_with("s]") || rest.starts_with("ss]")) {
        return true;
      }
      bracketed = true;
    } else if (c == ']') {
      bracketed = false;
    } else if (!bracketed && std::string_view("dmyhsDMYHS").find(c) != std::string_view::npos) {
      return true;
    } else if (c == ';') {
      return false;  // the first section is that of positive numbers
    }
  }
  return false;
}

std::string UnescapeXlsxText(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    unsigned code = 0;
    const bool escaped =
        text[at] == '_' && at + 6 < text.size() && text[at + 1] == 'x' && text[at + 6] == '_' &&
        std::from_chars(&text[at + 2], &text[at + 6], code, 16).ptr == &text[at + 6];
    if (escaped && code < 0x80) {
      plain += static_cast<char>(code);
      at += 6;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

Result<std::unique_ptr<ByteReader>> XlsxWorkbook::OpenPart(const std::string& part) const {
  MR_ASSIGN_OR_RETURN(std::unique_ptr<ByteReader> bytes, open_());
  return Decompress(std::move(bytes), Compression::kZip, part);
}

Status XlsxWorkbook::ReadSheets() {
  WorkbookEvents workbook;
  MR_RETURN_IF_ERROR(Parse(*this, "xl/workbook.xml", workbook));
  RelationEvents relations;
  MR_RETURN_IF_ERROR(Parse(*this, "xl/_rels/workbook.xml.rels", relations));
  from_1904_ = workbook.from_1904;
  for (const WorkbookEvents::Entry& entry : workbook.entries) {
    sheets_.push_back({entry.name, relations.parts[entry.relation]});
  }
  if (!relations.styles.empty()) MR_RETURN_IF_ERROR(ReadStyles(relations.styles));
  if (relations.shared_texts.empty()) return Status::Ok();
  return ReadSharedTexts(relations.shared_texts);
}

Status XlsxWorkbook::ReadStyles(const std::string& part) {
  StyleEvents styles;
  MR_RETURN_IF_ERROR(Parse(*this, part, styles));
  dates_ = std::move(styles.dates);
  return Status::Ok();
}

Status XlsxWorkbook::ReadSharedTexts(const std::string& part) {
  SharedTextEvents texts(shared_texts_);
  return Parse(*this, part, texts);
}

Result<XlsxWorkbook> XlsxWorkbook::Open(OpenWorkbook open) {
  {
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> start, open());
    MR_RETURN_IF_ERROR(CheckMagic(*start));
  }
  XlsxWorkbook workbook(std::move(open));
  MR_RETURN_IF_ERROR(workbook.ReadSheets());
  return workbook;
}

}  // namespace millrace
