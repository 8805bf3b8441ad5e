#include "server/config_api/state_calls.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "control/schema/sync_catalog.h"
#include "control/store/connection_states.h"
#include "control/store/connections.h"
#include "server/config_api/request_fields.h"
#include "server/config_api/state_json.h"

namespace millrace {
namespace {

ApiReply Locked() {
  return {423, Json{{"message",
                     "the connection has a job under way, which would overwrite the "
                     "state: cancel it, or wait for its end"}}};
}

/// The first stream of `state` that is neither in the connection's catalog nor in its state: what
/// was read may be sent back. A namespace that one side leaves out is any.
Result<std::optional<StreamDescriptor>> StreamOfNobody(SqlTransaction& transaction,
                                                       const Connection& connection,
                                                       const State& state) {
  std::set<StreamDescriptor> known;
  for (const Json& entry : FieldOf(FieldOf(*connection.document, "syncCatalog"), "streams")) {
    known.insert(DescriptorOf(entry));
  }
  MR_ASSIGN_OR_RETURN(const auto before, FindConnectionState(transaction, connection.id));
  if (before) {
    for (const auto& [stream, value] : before->saved.state.streams()) known.insert(stream);
  }
  for (const auto& [stream, value] : state.streams()) {
    const auto same = [&stream](const StreamDescriptor& other) {
      return stream.name == other.name &&
             (!stream.name_space || !other.name_space || stream.name_space == other.name_space);
    };
    if (std::ranges::none_of(known, same)) return std::optional(stream);
  }
  return std::optional<StreamDescriptor>();
}

}  // namespace

ApiReply StateCalls::Get(const Json& body) const {
  const std::string id = TextOf(body, "connectionId");
  Json json;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto connection, FindConnection(transaction, id));
    if (!connection) return Status::Ok();
    MR_ASSIGN_OR_RETURN(const auto state, FindConnectionState(transaction, id));
    json = ConnectionStateJson(state ? state->saved.state : State());
    json["connectionId"] = id;
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (json.is_null()) return NotFound("connection", id);
  return {200, std::move(json)};
}

ApiReply StateCalls::GetType(const Json& body) const {
  const ApiReply reply = Get(body);
  return reply.status == 200 ? ApiReply{200, (*reply.body)["stateType"]} : reply;
}

ApiReply StateCalls::Replace(const Json& body) const {
  const Json& sent = FieldOf(body, "connectionState");
  if (!sent.is_object()) {
    return Unprocessable("connectionState", "connectionState must be an object");
  }
  auto state = StateOfConnectionState(sent);
  if (!state.ok()) return Failure(state.status());
  const std::string id = TextOf(body, "connectionId");
  bool found = false, busy = false;
  std::optional<StreamDescriptor> unknown;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto connection, FindConnection(transaction, id));
    found = connection.has_value();
    if (!found) return Status::Ok();
    MR_ASSIGN_OR_RETURN(const auto active, ActiveJob(transaction, id));
    busy = active.has_value();
    if (busy) return Status::Ok();
    MR_ASSIGN_OR_RETURN(unknown, StreamOfNobody(transaction, *connection, *state));
    if (unknown) return Status::Ok();
    return ReplaceConnectionState(transaction, id, *state, services_.Now());
  });
  if (!written.ok()) return Failure(written);
  if (!found) return NotFound("connection", id);
  if (unknown) {
    return Unprocessable("connectionState",
                         fmt::format("the connection has no stream {}", unknown->ToString()));
  }
  return busy ? Locked() : Get(body);
}

}  // namespace millrace
