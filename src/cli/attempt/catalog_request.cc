#include "cli/attempt/catalog_request.h"

#include <nlohmann/json.hpp>

namespace millrace {

Status AskForCatalog(Source& source, AttemptChannel& channel, StartDocument* start) {
  constexpr auto kAnswerLimit = std::chrono::seconds(60);
  MR_ASSIGN_OR_RETURN(const Catalog discovered, source.Discover());
  MR_ASSIGN_OR_RETURN(
      const Json answer,
      channel.Ask({{"type", "CATALOG"}, {"catalog", ToJson(discovered)}}, kAnswerLimit));
  MR_ASSIGN_OR_RETURN(start->catalog, ConfiguredCatalogFromJson(answer.value("catalog", Json())));
  MR_ASSIGN_OR_RETURN(start->saved, SavedStateFromJson(answer.value("saved", Json())));
  return Status::Ok();
}

}  // namespace millrace
