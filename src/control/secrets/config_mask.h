#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace millrace {

/// The configuration with every text in a field that the specification marks `airbyte_secret`
/// replaced by kSecretMask. Numbers and objects stay what they are: clients parse them.
Json MaskSecrets(const Json& connection_specification, const Json& configuration);

/// `incoming` with each mask in a secret field replaced by what `stored` has there: a client that
/// sends back what it was shown keeps the secret. A mask for which nothing is stored stays.
Json RestoreSecrets(const Json& connection_specification, const Json& stored, const Json& incoming);

/// Every text in a secret field.
std::vector<std::string> SecretTexts(const Json& connection_specification,
                                     const Json& configuration);

}  // namespace millrace
