#pragma once

#include <functional>
#include <optional>
#include <string>

#include "control/store/actors.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// sources/* and destinations/*: what people configured. Configurations are checked against the
/// connector's specification, stored sealed, and shown with their secrets masked.
class ActorCalls {
 public:
  ActorCalls(const Services& services, ConnectorType kind) : services_(services), kind_(kind) {}

  ApiReply Create(const Json& body) const;
  ApiReply Get(const Json& body) const;
  /// Also list_paginated and search.
  ApiReply List(const Json& body) const;
  /// `partial`: fields of connectionConfiguration that were not sent stay what they are.
  ApiReply Update(const Json& body, bool partial) const;
  /// With its connections, whose jobs end.
  ApiReply Delete(const Json& body, const Caller& caller) const;

  /// Tries out what is stored.
  ApiReply Check(const Json& body) const;
  /// Tries out what is sent, without storing it; with an id, masks stand for what is stored.
  ApiReply CheckUnsaved(const Json& body) const;
  /// Sources only: what one with the configuration that is sent would offer.
  ApiReply DiscoverUnsaved(const Json& body) const;

 private:
  std::string Field(std::string_view rest) const;  ///< "sourceId" for "Id"
  ApiReply NotThere(const std::string& id) const;
  /// The actor of the body's id with its configuration opened.
  struct Opened {
    Actor actor;
    JsonValue configuration;
    std::optional<Definition> definition;
  };
  Result<std::optional<Opened>> Open(SqlTransaction& transaction, const std::string& id) const;
  /// What `then` makes of it, outside of any transaction; 404 when it isn't there.
  ApiReply WithOpened(const std::string& id,
                      const std::function<ApiReply(const Opened&)>& then) const;
  Json Read(const Actor& actor, const std::optional<Definition>& definition,
            const Json& configuration) const;
  /// Config errors: there is none, it can't be started, the configuration doesn't fit.
  Status CheckConfiguration(const std::optional<Definition>& definition,
                            const std::string& definition_id, const Json& configuration) const;
  /// What `then` makes of the configuration that is sent, checked, masks filled in.
  ApiReply WithUnsaved(const Json& body,
                       const std::function<ApiReply(const Definition& definition,
                                                    const Json& configuration)>& then) const;
  /// Adds numConnections and resourceAllocation to each of `actors`, a list of what Read made.
  Status Complete(Json* actors) const;
  ApiReply Completed(Json actor) const;
  /// Runs `task`, "check" or "discover", with that configuration; `actor_id`: whose limits count,
  /// empty for one that isn't stored. Fails when it can't even begin.
  Result<ProbeOutcome> Probe(std::string_view task, const std::string& actor_id,
                             const Definition& definition, const Json& configuration) const;
  ApiReply RunCheck(const std::string& actor_id, const Definition& definition,
                    const Json& configuration) const;

  Services services_;
  ConnectorType kind_;
};

}  // namespace millrace
