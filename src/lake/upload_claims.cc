#include "lake/upload_claims.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/log.h"
#include "lake/name_template.h"

namespace millrace {
namespace {

constexpr int64_t kClaimBytesMax = 64 << 20;

int64_t MillisOf(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

struct ParsedClaim {
  std::string connection;
  int64_t at_ms = 0;
  std::vector<KeyPattern> names;
};

Result<ParsedClaim> ParseClaim(std::string_view text, std::string_view key) {
  try {
    const Json json = Json::parse(text);
    ParsedClaim claim{json.at("connection"), json.at("at"), {}};
    for (const Json& name : json.at("names")) {
      claim.names.push_back({name.at("fixed_parts"), name.at("tells_parts_apart")});
    }
    return claim;
  } catch (const Json::exception& error) {
    return SystemError("{} is damaged: {}", key, error.what());
  }
}

}  // namespace

std::string UploadClaims::key() const { return folder_ + EncodedNamePart(connection_) + ".json"; }

Status UploadClaims::Claim(const std::vector<KeyPattern>& names) {
  Json json{{"connection", connection_}, {"at", MillisOf(now_)}, {"names", Json::array()}};
  for (const KeyPattern& name : names) {
    json["names"].push_back(
        {{"fixed_parts", name.fixed_parts}, {"tells_parts_apart", name.tells_parts_apart}});
  }
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return store_.PutRepeatable(key(), text, {}).status();
}

Result<std::vector<KeyPattern>> UploadClaims::ReadOthers() const {
  constexpr int64_t kClaimMillis = int64_t{kClaimDays} * 86'400'000;
  std::vector<KeyPattern> names;
  MR_ASSIGN_OR_RETURN(const auto objects, store_.List(folder_));
  for (const ObjectInfo& object : objects) {
    MR_ASSIGN_OR_RETURN(const std::string text,
                        store_.ReadRange(object.key, 0, std::min(object.size, kClaimBytesMax)));
    MR_ASSIGN_OR_RETURN(ParsedClaim claim, ParseClaim(text, object.key));
    const bool over = MillisOf(now_) - claim.at_ms > kClaimMillis;
    if (claim.connection == connection_ || over) continue;
    names.insert(names.end(), std::make_move_iterator(claim.names.begin()),
                 std::make_move_iterator(claim.names.end()));
  }
  return names;
}

bool UploadClaims::MayBeAnothers(std::string_view key) {
  if (!others_) {
    others_ = ReadOthers();
    if (!others_->ok()) {
      Log(LogLevel::kWarn, "unfinished uploads of earlier attempts are left where they are: {}",
          others_->status().ToString());
    }
  }
  if (!others_->ok()) return true;
  return std::any_of((*others_)->begin(), (*others_)->end(),
                     [&](const KeyPattern& name) { return name.Matches(key); });
}

}  // namespace millrace
