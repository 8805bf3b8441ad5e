#include "server/config_api/request_workspace.h"

#include <nlohmann/json.hpp>

#include "server/config_api/request_fields.h"

namespace millrace {

ApiReply WithWorkspace(const Services& services, const Json& body,
                       const std::function<ApiReply(Workspace workspace)>& answer) {
  std::optional<Workspace> workspace;
  const Status read = services.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(workspace, WorkspaceOf(transaction, body));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!workspace) return NotFound("workspace", TextOf(body, "workspaceId"));
  return answer(*std::move(workspace));
}

}  // namespace millrace
