#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstring>

#include "connector/arrow_status.h"
#include "sources/faker/faker_random.h"
#include "sources/faker/faker_stream.h"
#include "sources/faker/faker_words.h"

namespace millrace {
namespace {

constexpr uint64_t kUsersNumber = 1;
constexpr std::string_view kMakingUsers = "making users";

/// A short text put together on the stack. Its capacity is above what any combination of the
/// lists needs.
class ShortText {
 public:
  ShortText& Clear() {
    size_ = 0;
    return *this;
  }
  ShortText& Add(std::string_view text) {
    std::memcpy(data_ + size_, text.data(), text.size());
    size_ += text.size();
    return *this;
  }
  ShortText& AddLower(std::string_view text) {
    for (const char c : text) data_[size_++] = static_cast<char>(c | 0x20);  // letters only
    return *this;
  }
  ShortText& AddNumber(int64_t number) {
    char digits[20];
    char* at = digits + sizeof digits;
    do {
      *--at = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    return Add({at, static_cast<size_t>(digits + sizeof digits - at)});
  }
  /// The last `width` digits, with leading zeros.
  ShortText& AddDigits(uint64_t number, int width) {
    for (int i = width - 1; i >= 0; --i, number /= 10) {
      data_[size_ + i] = static_cast<char>('0' + number % 10);
    }
    size_ += width;
    return *this;
  }
  std::string_view view() const { return {data_, size_}; }

 private:
  char data_[96];
  size_t size_ = 0;
};

arrow::FieldVector AddressFields() {
  arrow::FieldVector fields;
  for (const char* name : {"street_number", "street_name", "city", "state", "province",
                           "postal_code", "country_code"}) {
    fields.push_back(arrow::field(name, arrow::utf8(), false));
  }
  return fields;
}

SchemaPtr UsersSchema() {
  const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::FieldVector fields{arrow::field("id", arrow::int64(), false),
                            arrow::field("created_at", time, false),
                            arrow::field("updated_at", time, false)};
  const auto add = [&](const char* name, std::shared_ptr<arrow::DataType> type) {
    fields.push_back(arrow::field(name, std::move(type), false));
  };
  add("name", arrow::utf8());
  add("title", arrow::utf8());
  add("age", arrow::int64());
  for (const char* name : {"email", "telephone", "gender", "language", "academic_degree",
                           "nationality", "occupation", "height", "blood_type"}) {
    add(name, arrow::utf8());
  }
  add("weight", arrow::int64());
  add("address", arrow::struct_(AddressFields()));
  return arrow::schema(std::move(fields));
}

/// Builds one batch of users; the columns' memory is reserved before the first row, so that rows
/// are written without a check each.
class UsersBatch {
 public:
  explicit UsersBatch(int64_t num_rows) : num_rows_(num_rows) {}

  arrow::Status Reserve() {
    for (auto* column : {&id_, &age_, &weight_}) ARROW_RETURN_NOT_OK(column->Reserve(num_rows_));
    ARROW_RETURN_NOT_OK(created_at_.Reserve(num_rows_));
    ARROW_RETURN_NOT_OK(updated_at_.Reserve(num_rows_));
    for (auto& column : texts_) ARROW_RETURN_NOT_OK(ReserveText(column));
    for (auto& column : address_) ARROW_RETURN_NOT_OK(ReserveText(column));
    return arrow::Status::OK();
  }

  void Add(const FakerRowRule& rule, int64_t id) {
    FakerRandom random(rule.seed, kUsersNumber, static_cast<uint64_t>(id));
    id_.UnsafeAppend(id);
    // Whole seconds from 2000 to the end of 2023.
    created_at_.UnsafeAppend(random.Between(946684800, 1704067199) * 1000000);
    updated_at_.UnsafeAppend(rule.UpdatedAt(id).time_since_epoch().count());
    age_.UnsafeAppend(random.Between(18, 80));
    weight_.UnsafeAppend(random.Between(45, 110));
    AddTexts(random, id);
    AddAddress(random);
  }

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Finish(const SchemaPtr& schema) {
    arrow::ArrayVector address(std::size(address_));
    for (size_t i = 0; i < std::size(address_); ++i) {
      ARROW_ASSIGN_OR_RAISE(address[i], address_[i].Finish());
    }
    arrow::ArrayVector columns;
    const auto take = [&](arrow::ArrayBuilder& builder) -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder.Finish());
      return arrow::Status::OK();
    };
    for (arrow::ArrayBuilder* column : std::initializer_list<arrow::ArrayBuilder*>{
             &id_, &created_at_, &updated_at_, &texts_[kName], &texts_[kTitle], &age_}) {
      ARROW_RETURN_NOT_OK(take(*column));
    }
    for (int text = kEmail; text < kNumTexts; ++text) ARROW_RETURN_NOT_OK(take(texts_[text]));
    ARROW_RETURN_NOT_OK(take(weight_));
    columns.push_back(std::make_shared<arrow::StructArray>(schema->field(16)->type(), num_rows_,
                                                           std::move(address)));
    return arrow::RecordBatch::Make(schema, num_rows_, std::move(columns));
  }

 private:
  // In the schema's order from kEmail on.
  enum Text {
    kName,
    kTitle,
    kEmail,
    kTelephone,
    kGender,
    kLanguage,
    kDegree,
    kNationality,
    kOccupation,
    kHeight,
    kBloodType,
    kNumTexts,
  };
  static constexpr int64_t kLongestText = 64;

  arrow::Status ReserveText(arrow::StringBuilder& column) {
    ARROW_RETURN_NOT_OK(column.Reserve(num_rows_));
    return column.ReserveData(num_rows_ * kLongestText);
  }

  void AddTexts(FakerRandom& random, int64_t id) {
    const std::string_view first = random.Pick(faker::kFirstNames);
    const std::string_view last = random.Pick(faker::kLastNames);
    text_.Clear().Add(first).Add(" ").Add(last);
    texts_[kName].UnsafeAppend(text_.view());
    texts_[kTitle].UnsafeAppend(random.Pick(faker::kTitles));
    text_.Clear().AddLower(first).Add(".").AddLower(last).AddNumber(id).Add("@").Add(
        random.Pick(faker::kMailDomains));
    texts_[kEmail].UnsafeAppend(text_.view());
    // 555-01xx is set aside for made-up numbers.
    text_.Clear()
        .Add("+1-")
        .AddDigits(200 + random.Below(800), 3)
        .Add("-555-01")
        .AddDigits(random.Below(100), 2);
    texts_[kTelephone].UnsafeAppend(text_.view());
    texts_[kGender].UnsafeAppend(random.Pick(faker::kGenders));
    texts_[kLanguage].UnsafeAppend(random.Pick(faker::kLanguages));
    texts_[kDegree].UnsafeAppend(random.Pick(faker::kDegrees));
    texts_[kNationality].UnsafeAppend(random.Pick(faker::kNationalities));
    texts_[kOccupation].UnsafeAppend(random.Pick(faker::kOccupations));
    text_.Clear().Add("1.").AddDigits(50 + random.Below(50), 2);
    texts_[kHeight].UnsafeAppend(text_.view());
    texts_[kBloodType].UnsafeAppend(random.Pick(faker::kBloodTypes));
  }

  void AddAddress(FakerRandom& random) {
    const faker::Place& place = faker::kPlaces[random.Below(std::size(faker::kPlaces))];
    text_.Clear().AddNumber(random.Between(1, 1400));
    address_[0].UnsafeAppend(text_.view());
    address_[1].UnsafeAppend(random.Pick(faker::kStreetNames));
    address_[2].UnsafeAppend(place.city);
    address_[3].UnsafeAppend(place.state);
    address_[4].UnsafeAppend(place.state);
    text_.Clear().AddDigits(random.Below(100000), 5);
    address_[5].UnsafeAppend(text_.view());
    address_[6].UnsafeAppend(place.country_code);
  }

  const int64_t num_rows_;
  ShortText text_;
  arrow::Int64Builder id_, age_, weight_;
  arrow::TimestampBuilder created_at_{arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                      arrow::default_memory_pool()};
  arrow::TimestampBuilder updated_at_{arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                      arrow::default_memory_pool()};
  arrow::StringBuilder texts_[kNumTexts];
  arrow::StringBuilder address_[7];
};

class UsersStream : public FakerStream {
 public:
  std::string_view name() const override { return "users"; }
  const SchemaPtr& schema() const override { return schema_; }
  int64_t NumUnits(int64_t count) const override { return count; }
  int64_t row_bytes() const override { return 350; }

  Result<std::shared_ptr<arrow::RecordBatch>> MakeRows(const FakerRowRule& rule, int64_t first,
                                                       int64_t num_units) const override {
    UsersBatch batch(num_units);
    MR_ARROW_RETURN_IF_ERROR(batch.Reserve(), kMakingUsers);
    for (int64_t unit = first; unit < first + num_units; ++unit) batch.Add(rule, unit + 1);
    MR_ARROW_ASSIGN_OR_RETURN(auto rows, batch.Finish(schema_), kMakingUsers);
    return rows;
  }

 private:
  const SchemaPtr schema_ = UsersSchema();
};

}  // namespace

const FakerStream& FakerStream::Users() {
  static const UsersStream stream;
  return stream;
}

}  // namespace millrace
