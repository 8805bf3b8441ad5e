#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace millrace {

/// The configuration with every text in a field that the specification marks `airbyte_secret`
/// replaced by kSecretMask. Numbers and objects stay what they are: clients parse them.
Json MaskSecrets(const Json& connection_specification, const Json& configuration);

/// The configuration with every text masked: for one of which it is not known where secrets are.
Json MaskTexts(const Json& configuration);

/// `incoming` with each mask in a secret field replaced by what `stored` has there: a client that
/// sends back what it was shown keeps the secret. A mask for which nothing is stored stays.
Json RestoreSecrets(const Json& connection_specification, const Json& stored, const Json& incoming);

/// The path ("tunnel_method.tunnel_user_password") of a secret field that holds nothing but the
/// mask; empty when none does. Nobody's secret is the mask: it was copied from what a reply shows.
std::string PathOfMask(const Json& connection_specification, const Json& configuration);

/// Every text in a secret field.
std::vector<std::string> SecretTexts(const Json& connection_specification,
                                     const Json& configuration);

}  // namespace millrace
