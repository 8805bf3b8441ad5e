#include "server/openapi/openapi_document.h"

namespace millrace {

HttpResponse OpenApiDocument() { return {200, "application/yaml", std::string(OpenApiText()), {}}; }

}  // namespace millrace
