#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/interpolation.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/request_options.h"

namespace millrace {

/// What of an OAuthAuthenticator says how a token is asked for and how the answer reads. Built
/// once; const, any thread.
struct OauthSettings {
  static Result<OauthSettings> Make(const Component& component,
                                    const EngineEnvironment& environment);

  /// The parts of the request for a new token. `refresh_token` is None when there is none.
  Result<RequestOptions> Request(const InterpolationContext& context, const PyValue& client_id,
                                 const PyValue& client_secret, const PyValue& refresh_token) const;
  /// Whether an answer says that the refresh token is no good any more.
  bool IsRejection(int status, const PyValue& answer) const;

  InterpolatedString endpoint, client_id, client_secret, refresh_token;
  InterpolatedString client_id_name, client_secret_name, refresh_token_name, access_token_name,
      expires_in_name, grant_type_name, grant_type;
  InterpolatedMapping body, headers;
  PyValue scopes;
  bool has_endpoint = false, has_refresh_token = false, as_query = false;
  bool expires_at = false;  ///< the answer tells when, not for how long
  std::vector<int> error_statuses;
  std::string error_key;
  std::vector<std::string> error_values;
};

}  // namespace millrace
