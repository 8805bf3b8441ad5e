#pragma once

#include <string>

#include "base/json.h"
#include "server/http/http_message.h"

namespace millrace {

/// An error in the form of the API that the request's path belongs to: below /api/public a problem
/// document ({status, type, title, detail, documentationUrl, data}), elsewhere {"message": …}.
HttpResponse ErrorDocument(const HttpRequest& request, int status, const std::string& message);

/// 405; `allowed`: "GET, POST", what the path takes.
HttpResponse OtherMethodDocument(const HttpRequest& request, const std::string& allowed);

/// A problem document with what `data` tells besides.
HttpResponse ProblemDocument(int status, const std::string& detail, const Json& data);

}  // namespace millrace
