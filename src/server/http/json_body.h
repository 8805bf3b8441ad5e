#pragma once

#include "base/json.h"
#include "server/http/http_message.h"

namespace millrace {

/// The request's document: {} when there was none; a discarded one when the body is no JSON object,
/// or nested deeper than 64.
Json JsonBodyOf(const HttpRequest& request);

/// The request's fields, whichever way they were sent: as a document, or as a form
/// (application/x-www-form-urlencoded). Of a form, all are texts. Discarded when it is neither.
Json FieldsOf(const HttpRequest& request);

/// A document's text. What is no UTF-8 in it is replaced: it came from elsewhere.
std::string JsonText(const Json& document);

/// A reply that is a document.
HttpResponse JsonResponse(int status, const Json& document);

/// The text of a field; empty when it is absent, null, or no text.
std::string TextOf(const Json& body, std::string_view field);

}  // namespace millrace
