// The only file that sees valijson: its headers cost seconds wherever they are included.
#include "catalogue/schema_validator.h"

#include <exception>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace millrace {

std::vector<SchemaViolation> ValidateSchema(const Json& schema, const Json& document) {
  std::vector<SchemaViolation> violations;
  try {
    const nlohmann::json plain_schema = schema;
    const nlohmann::json plain_document = document;
    valijson::Schema parsed;
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(plain_schema), parsed);
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    if (validator.validate(parsed, valijson::adapters::NlohmannJsonAdapter(plain_document),
                           &results)) {
      return violations;
    }
    for (const auto& error : results) {
      SchemaViolation violation{{}, error.description};
      // The first part of a context is "<root>", the others are "[key]".
      for (size_t i = 1; i < error.context.size(); ++i) {
        const std::string& part = error.context[i];
        violation.path.push_back(part.size() >= 2 ? part.substr(1, part.size() - 2) : part);
      }
      violations.push_back(std::move(violation));
    }
  } catch (const std::exception& error) {
    violations.push_back({{}, error.what()});
  }
  return violations;
}

}  // namespace millrace
