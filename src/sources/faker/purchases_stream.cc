#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "connector/arrow_status.h"
#include "sources/faker/faker_random.h"
#include "sources/faker/faker_stream.h"

namespace millrace {
namespace {

constexpr uint64_t kPurchasesNumber = 3;
constexpr std::string_view kMakingPurchases = "making purchases";
constexpr int64_t kDayUs = 86400LL * 1000000;
constexpr int64_t kProductsSold = 100;

// Ten users have ten purchases, as Airbyte deals them: the seventh of each ten has none, the ninth
// has two, so ids are dense and each is known from its user alone.
struct Cart {
  int64_t first_id;
  int count;
};

Cart CartOf(int64_t user) {
  switch (user % 10) {
    case 6:
      return {0, 0};
    case 7:
      return {user, 1};
    case 8:
      return {user, 2};
    default:
      return {user + 1, 1};
  }
}

SchemaPtr PurchasesSchema() {
  const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return arrow::schema(
      {arrow::field("id", arrow::int64(), false), arrow::field("product_id", arrow::int64(), false),
       arrow::field("user_id", arrow::int64(), false), arrow::field("added_to_cart_at", time),
       arrow::field("purchased_at", time), arrow::field("returned_at", time),
       arrow::field("created_at", time, false), arrow::field("updated_at", time, false)});
}

class PurchasesBatch {
 public:
  arrow::Status Reserve(int64_t num_rows) {
    for (auto* column : {&id_, &product_id_, &user_id_}) {
      ARROW_RETURN_NOT_OK(column->Reserve(num_rows));
    }
    for (auto& column : times_) ARROW_RETURN_NOT_OK(column.Reserve(num_rows));
    return arrow::Status::OK();
  }

  void Add(const FakerRowRule& rule, int64_t id, int64_t user_id) {
    FakerRandom random(rule.seed, kPurchasesNumber, static_cast<uint64_t>(id));
    id_.UnsafeAppend(id);
    product_id_.UnsafeAppend(random.Between(1, kProductsSold));
    user_id_.UnsafeAppend(user_id);
    // Created from 2000 to the end of 2022; what follows stays before 2024.
    const int64_t created = random.Between(946684800, 1672531199) * 1000000;
    const int64_t added = created + random.Between(0, 120) * kDayUs;
    const int64_t bought = added + random.Between(0, 90) * kDayUs;
    const int64_t returned = bought + random.Between(1, 60) * kDayUs;
    const bool is_bought = random.Below(100) < 70;
    const bool is_returned = is_bought && random.Below(100) < 15;
    times_[kAdded].UnsafeAppend(added);
    Append(times_[kBought], is_bought, bought);
    Append(times_[kReturned], is_returned, returned);
    times_[kCreated].UnsafeAppend(created);
    times_[kUpdated].UnsafeAppend(rule.UpdatedAt(id).time_since_epoch().count());
  }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Finish(const SchemaPtr& schema) {
    const int64_t num_rows = id_.length();
    arrow::ArrayVector columns;
    for (auto* column : {&id_, &product_id_, &user_id_}) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), column->Finish());
    }
    for (auto& column : times_) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), column.Finish());
    }
    return arrow::RecordBatch::Make(schema, num_rows, std::move(columns));
  }

 private:
  enum Time { kAdded, kBought, kReturned, kCreated, kUpdated };

  static void Append(arrow::TimestampBuilder& column, bool present, int64_t value) {
    if (present) {
      column.UnsafeAppend(value);
    } else {
      column.UnsafeAppendNull();
    }
  }
  static arrow::TimestampBuilder TimeColumn() {
    return {arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool()};
  }

  arrow::Int64Builder id_, product_id_, user_id_;
  arrow::TimestampBuilder times_[5] = {TimeColumn(), TimeColumn(), TimeColumn(), TimeColumn(),
                                       TimeColumn()};
};

class PurchasesStream : public FakerStream {
 public:
  std::string_view name() const override { return "purchases"; }
  const SchemaPtr& schema() const override { return schema_; }
  int64_t NumUnits(int64_t count) const override { return count; }
  int64_t row_bytes() const override { return 65; }

  Result<std::shared_ptr<arrow::RecordBatch>> MakeRows(const FakerRowRule& rule, int64_t first,
                                                       int64_t num_units) const override {
    PurchasesBatch batch;
    // Ten users in a row have ten; a part of ten has at most one more than it has users.
    MR_ARROW_RETURN_IF_ERROR(batch.Reserve(num_units + 2), kMakingPurchases);
    for (int64_t user = first; user < first + num_units; ++user) {
      const Cart cart = CartOf(user);
      for (int i = 0; i < cart.count; ++i) batch.Add(rule, cart.first_id + i, user + 1);
    }
    MR_ARROW_ASSIGN_OR_RETURN(auto rows, batch.Finish(schema_), kMakingPurchases);
    return rows;
  }

 private:
  const SchemaPtr schema_ = PurchasesSchema();
};

}  // namespace

const FakerStream& FakerStream::Purchases() {
  static const PurchasesStream stream;
  return stream;
}

}  // namespace millrace
