#include "declarative/streams/stream_schema.h"

#include <utility>

namespace millrace {

Result<PyValue> StreamSchema::Load(std::stop_token stop) {
  if (!json_) {
    MR_ASSIGN_OR_RETURN(json_, loader_->JsonSchema(std::move(stop)));
  }
  return *json_;
}

Result<PyValue> StreamSchema::Json(std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  return Load(std::move(stop));
}

Result<const SchemaNormalizer*> StreamSchema::Normalizer(std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (!normalizer_) {
    MR_ASSIGN_OR_RETURN(const PyValue json, Load(std::move(stop)));
    MR_ASSIGN_OR_RETURN(normalizer_, SchemaNormalizer::Make(json));
  }
  return &*normalizer_;
}

}  // namespace millrace
