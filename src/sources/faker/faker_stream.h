#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "connector/source.h"
#include "protocol/catalog.h"

namespace millrace {

/// What the rows of one read are a function of, besides their ids. A plain value.
struct FakerRowRule {
  uint64_t seed = 0;
  /// updated_at of every row; nullopt: a fixed moment plus the row's id in milliseconds, so that
  /// rows are the same in every sync and later ids have later cursors.
  std::optional<WallTime> updated_at;

  WallTime UpdatedAt(int64_t id) const;
};

/// One of the three streams. Rows are numbered by units: a unit is a user and what belongs to it
/// (users: one row; purchases: none, one or two), or a product. Immutable; any thread.
class FakerStream {
 public:
  virtual ~FakerStream() = default;

  virtual std::string_view name() const = 0;
  virtual const SchemaPtr& schema() const = 0;
  /// How many units there are when the configuration asks for `count` users.
  virtual int64_t NumUnits(int64_t count) const = 0;
  /// About the bytes of a row, for estimates.
  virtual int64_t row_bytes() const = 0;
  /// The rows of units `first` (from 0) to first + num_units - 1; the same whoever makes them and
  /// in whatever portions.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> MakeRows(const FakerRowRule& rule,
                                                               int64_t first,
                                                               int64_t num_units) const = 0;

  /// The stream as discovered, with Airbyte's JSON schema.
  Stream Describe() const;

  static const FakerStream& Users();
  static const FakerStream& Products();
  static const FakerStream& Purchases();
  /// Null for a name that is none of the three.
  static const FakerStream* Find(std::string_view name);
};

}  // namespace millrace
