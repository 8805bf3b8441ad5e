#pragma once

#include <functional>

#include "control/store/workspaces.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// Answers a call about a workspace: with what `answer` makes of the one that the body names (see
/// WorkspaceOf), read in a transaction of its own; or with why there is none.
ApiReply WithWorkspace(const Services& services, const Json& body,
                       const std::function<ApiReply(Workspace workspace)>& answer);

}  // namespace millrace
