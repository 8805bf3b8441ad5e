#include "control/jobs/generation_table.h"

#include <nlohmann/json.hpp>

namespace millrace {

Result<StreamGenerations> LoadGenerations(SqlTransaction& transaction,
                                          const std::string& connection_id) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(
          "SELECT namespace, name, document FROM stream_generation WHERE connection_id = :1",
          {connection_id}));
  StreamGenerations generations;
  for (const SqlRow& row : rows) {
    StreamDescriptor stream{row.Text(1), std::nullopt};
    if (!row.Text(0).empty()) stream.name_space = row.Text(0);
    generations.Set(stream, GenerationFromJson(Json::parse(row.Text(2))));
  }
  return generations;
}

Status SaveGenerations(SqlTransaction& transaction, const std::string& connection_id,
                       const StreamGenerations& generations) {
  for (const auto& [stream, generation] : generations.all()) {
    MR_RETURN_IF_ERROR(
        transaction
            .Execute("INSERT INTO stream_generation (connection_id, namespace, name, generation, "
                     "document) VALUES (:1, :2, :3, :4, :5) "
                     "ON CONFLICT (connection_id, namespace, name) DO UPDATE SET "
                     "generation = excluded.generation, document = excluded.document",
                     {connection_id, stream.name_space.value_or(""), stream.name, generation.id,
                      ToJson(generation).dump()})
            .status());
  }
  return Status::Ok();
}

Status CompleteGeneration(SqlTransaction& transaction, const std::string& connection_id,
                          const StreamDescriptor& stream) {
  MR_ASSIGN_OR_RETURN(const StreamGenerations all, LoadGenerations(transaction, connection_id));
  const auto found = all.all().find(stream);
  if (found == all.all().end()) return Status::Ok();
  StreamGenerations one;
  one.Set(stream, found->second);
  return one.Complete(stream) ? SaveGenerations(transaction, connection_id, one) : Status::Ok();
}

}  // namespace millrace
