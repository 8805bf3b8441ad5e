#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "connector/arrow_status.h"
#include "sources/faker/faker_random.h"
#include "sources/faker/faker_stream.h"
#include "sources/faker/faker_words.h"

namespace millrace {
namespace {

constexpr uint64_t kProductsNumber = 2;
constexpr int64_t kNumProducts = 100;

SchemaPtr ProductsSchema() {
  const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return arrow::schema(
      {arrow::field("id", arrow::int64(), false), arrow::field("make", arrow::utf8(), false),
       arrow::field("model", arrow::utf8(), false), arrow::field("year", arrow::int64(), false),
       arrow::field("price", arrow::float64(), false), arrow::field("created_at", time, false),
       arrow::field("updated_at", time, false)});
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> Make(const SchemaPtr& schema,
                                                        const FakerRowRule& rule, int64_t first,
                                                        int64_t num_rows) {
  const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::Int64Builder id, year;
  arrow::StringBuilder make, model;
  arrow::DoubleBuilder price;
  arrow::TimestampBuilder created_at(time, arrow::default_memory_pool());
  arrow::TimestampBuilder updated_at(time, arrow::default_memory_pool());
  for (int64_t i = first + 1; i <= first + num_rows; ++i) {
    // The same hundred cars for every seed, as Airbyte's are: purchases of any sync fit them.
    FakerRandom random(0, kProductsNumber, static_cast<uint64_t>(i));
    const faker::CarModel& car = faker::kCars[random.Below(std::size(faker::kCars))];
    ARROW_RETURN_NOT_OK(id.Append(i));
    ARROW_RETURN_NOT_OK(make.Append(car.make));
    ARROW_RETURN_NOT_OK(model.Append(car.model));
    ARROW_RETURN_NOT_OK(year.Append(random.Between(1995, 2023)));
    ARROW_RETURN_NOT_OK(price.Append(static_cast<double>(random.Between(4000, 90000))));
    ARROW_RETURN_NOT_OK(created_at.Append(random.Between(946684800, 1704067199) * 1000000));
    ARROW_RETURN_NOT_OK(updated_at.Append(rule.UpdatedAt(i).time_since_epoch().count()));
  }
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* column : std::initializer_list<arrow::ArrayBuilder*>{
           &id, &make, &model, &year, &price, &created_at, &updated_at}) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), column->Finish());
  }
  return arrow::RecordBatch::Make(schema, num_rows, std::move(columns));
}

class ProductsStream : public FakerStream {
 public:
  std::string_view name() const override { return "products"; }
  const SchemaPtr& schema() const override { return schema_; }
  int64_t NumUnits(int64_t count) const override { return std::min(count, kNumProducts); }
  int64_t row_bytes() const override { return 60; }

  Result<std::shared_ptr<arrow::RecordBatch>> MakeRows(const FakerRowRule& rule, int64_t first,
                                                       int64_t num_units) const override {
    MR_ARROW_ASSIGN_OR_RETURN(auto rows, Make(schema_, rule, first, num_units), "making products");
    return rows;
  }

 private:
  const SchemaPtr schema_ = ProductsSchema();
};

}  // namespace

const FakerStream& FakerStream::Products() {
  static const ProductsStream stream;
  return stream;
}

}  // namespace millrace
