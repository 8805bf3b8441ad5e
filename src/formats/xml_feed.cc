#include "formats/xml_feed.h"

#include <expat.h>

#include <cstring>

namespace millrace {
namespace {

constexpr int kFedBytes = 64 << 10;

std::string_view LocalName(const char* name) {
  const char* const colon = std::strrchr(name, ':');
  return colon == nullptr ? name : colon + 1;
}

}  // namespace

struct XmlFeed::Parser {
  explicit Parser(XmlEvents& wanted) : events(wanted), expat(XML_ParserCreate(nullptr)) {
    XML_SetUserData(expat, this);
    XML_SetElementHandler(expat, &OnStart, &OnEnd);
    XML_SetCharacterDataHandler(expat, &OnText);
    XML_SetStartDoctypeDeclHandler(expat, &OnDoctype);
  }
  ~Parser() { XML_ParserFree(expat); }

  void StopUnless(bool goes_on) {
    if (!goes_on) XML_StopParser(expat, XML_FALSE);
  }
  static void OnStart(void* self, const XML_Char* name, const XML_Char** attributes) {
    auto* const parser = static_cast<Parser*>(self);
    parser->attributes.clear();
    for (; *attributes != nullptr; attributes += 2) {
      parser->attributes.push_back({LocalName(attributes[0]), attributes[1]});
    }
    parser->StopUnless(parser->events.Start(LocalName(name), parser->attributes));
  }
  static void OnEnd(void* self, const XML_Char* name) {
    auto* const parser = static_cast<Parser*>(self);
    parser->StopUnless(parser->events.End(LocalName(name)));
  }
  static void OnText(void* self, const XML_Char* text, int size) {
    auto* const parser = static_cast<Parser*>(self);
    parser->StopUnless(parser->events.Text({text, static_cast<size_t>(size)}));
  }
  static void OnDoctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    auto* const parser = static_cast<Parser*>(self);
    parser->doctype = true;
    XML_StopParser(parser->expat, XML_FALSE);
  }

  XmlEvents& events;
  const XML_Parser expat;
  std::vector<XmlEvents::Attribute> attributes;
  bool doctype = false;
};

XmlFeed::XmlFeed(ByteReader& input, XmlEvents& events)
    : input_(input), parser_(std::make_unique<Parser>(events)), block_(kFedBytes) {}

XmlFeed::~XmlFeed() = default;

Result<bool> XmlFeed::Step() {
  if (ended_) return false;
  MR_ASSIGN_OR_RETURN(const int64_t got, input_.Read(block_.data(), kFedBytes));
  bytes_ += got;
  if (bytes_ > kBytesMax) return ConfigError("it unpacks to more than {} GiB", kBytesMax >> 30);
  ended_ = got == 0;
  const XML_Status parsed =
      XML_Parse(parser_->expat, block_.data(), static_cast<int>(got), ended_ ? 1 : 0);
  if (parsed == XML_STATUS_OK) return !ended_;
  MR_RETURN_IF_ERROR(parser_->events.Failure());
  if (parser_->doctype) return ConfigError("it has a document type, which no workbook has");
  return ConfigError("line {}: malformed XML: {}", XML_GetCurrentLineNumber(parser_->expat),
                     XML_ErrorString(XML_GetErrorCode(parser_->expat)));
}

Status XmlFeed::Finish() {
  for (bool more = true; more;) {
    MR_ASSIGN_OR_RETURN(more, Step());
  }
  return Status::Ok();
}

}  // namespace millrace
