#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "protocol/catalog.h"
#include "transform/normalization.h"
#include "transform/table_plan.h"

namespace millrace {

/// The tables that one stream of the source is written to. Made from the configured catalog before
/// anything is read; a plain value.
///
/// The stream itself comes first, then its child tables (a table before its own children), then its
/// raw table. All have the stream's sync mode and generations; the raw table, which is a log of
/// records, appends where the others deduplicate.
struct StreamOutputs {
  std::vector<ConfiguredStream> streams;

  /// Normalised streams only.
  bool normalized = false;
  TablePlan plan;      ///< by the schema that the catalog declares
  std::string hashid;  ///< the column that names a row of the stream
  /// What the hash ids are made of: the key where each row has one of its own (the modes that
  /// deduplicate or overwrite); empty: each row's id.
  std::vector<FieldPath> key;
  std::vector<std::shared_ptr<arrow::Field>> declared;  ///< the columns, as the catalog has them
  bool has_raw = false;

  const ConfiguredStream& table() const { return streams.front(); }
  const ConfiguredStream* raw() const { return has_raw ? &streams.back() : nullptr; }
};

/// What becomes of every stream of the catalog, in its order. A config error names two streams
/// whose tables would have one name.
Result<std::vector<StreamOutputs>> PlanOutputs(const ConfiguredCatalog& catalog,
                                               const NormalizationOptions& options);

/// All their streams: the catalog that a destination gets.
ConfiguredCatalog CatalogOf(const std::vector<StreamOutputs>& outputs);

}  // namespace millrace
