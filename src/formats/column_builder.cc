#include "formats/column_builder.h"

#include <arrow/array.h>
#include <arrow/array/data.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "connector/arrow_status.h"
#include "connector/block_pool.h"
#include "connector/number_type.h"

namespace millrace {
namespace {

constexpr int64_t kFirstCapacity = 1024;
/// Readers of Arrow buffers may look at whole words.
constexpr int64_t kSlack = 64;

Result<ColumnBuilder::Storage> StorageOf(const arrow::DataType& type) {
  using Storage = ColumnBuilder::Storage;
  if (IsNumber(type) || IsJsonText(type)) return Storage::kText;
  switch (type.id()) {
    case arrow::Type::BOOL:
      return Storage::kBool;
    case arrow::Type::DATE32:
      return Storage::kInt32;
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::TIME64:
      return Storage::kInt64;
    case arrow::Type::DOUBLE:
      return Storage::kDouble;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return Storage::kText;
    case arrow::Type::LIST:
      return Storage::kList;
    case arrow::Type::STRUCT:
      return Storage::kStruct;
    default:
      return SystemError("no column can be built of the type {}", type.ToString());
  }
}

}  // namespace

void ColumnBytes::Grow(int64_t bytes) {
  const int64_t wanted = std::max(
      {size_ + bytes, capacity_ + capacity_ / 2, std::max(first_capacity_, kFirstCapacity)});
  if (buffer_ == nullptr) {
    auto made = arrow::AllocateResizableBuffer(wanted + kSlack, BlockPool());
    MR_CHECK(made.ok(), made.status().ToString());
    buffer_ = std::move(made).ValueUnsafe();
  } else {
    const arrow::Status grown = buffer_->Resize(wanted + kSlack, false);
    MR_CHECK(grown.ok(), grown.ToString());
  }
  data_ = buffer_->mutable_data();
  capacity_ = wanted;
}

std::shared_ptr<arrow::Buffer> ColumnBytes::Take() {
  if (buffer_ == nullptr) Grow(0);
  first_capacity_ = size_ + size_ / 16;
  const arrow::Status fitted = buffer_->Resize(size_, false);
  MR_CHECK(fitted.ok(), fitted.ToString());
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
  return std::shared_ptr<arrow::Buffer>(std::move(buffer_));
}

ColumnBuilder::ColumnBuilder(std::shared_ptr<arrow::DataType> type, Storage storage)
    : type_(std::move(type)), storage_(storage) {}

ColumnBuilder::~ColumnBuilder() = default;

Result<std::unique_ptr<ColumnBuilder>> ColumnBuilder::Make(std::shared_ptr<arrow::DataType> type) {
  MR_ASSIGN_OR_RETURN(const Storage storage, StorageOf(*type));
  std::unique_ptr<ColumnBuilder> builder(new ColumnBuilder(std::move(type), storage));
  if (storage == Storage::kList || storage == Storage::kStruct) {
    for (const auto& field : builder->type_->fields()) {
      MR_ASSIGN_OR_RETURN(std::unique_ptr<ColumnBuilder> child, Make(field->type()));
      builder->children_.push_back(std::move(child));
    }
  }
  return builder;
}

int64_t ColumnBuilder::bytes() const {
  int64_t bytes = values_.size() + offsets_.size() + validity_.size();
  for (const auto& child : children_) bytes += child->bytes();
  return bytes;
}

int64_t ColumnBuilder::width() const {
  switch (storage_) {
    case Storage::kBool:
      return 1;
    case Storage::kInt32:
      return 4;
    case Storage::kInt64:
    case Storage::kDouble:
      return 8;
    default:
      return 0;
  }
}

void ColumnBuilder::AppendNulls(int64_t count) {
  if (count <= 0) return;
  // Only now is it known that validity is needed: what came before was valid.
  if (null_count_ == 0) validity_.Truncate(0);
  if (null_count_ == 0 && length_ > 0) {
    std::memset(validity_.Room(length_), 1, static_cast<size_t>(length_));
    validity_.Advance(length_);
  }
  std::memset(validity_.Room(count), 0, static_cast<size_t>(count));
  validity_.Advance(count);
  if (const int64_t bytes = width() * count; bytes > 0) {
    std::memset(values_.Room(bytes), 0, static_cast<size_t>(bytes));
    values_.Advance(bytes);
  } else if (has_offsets()) {
    const int64_t end = storage_ == Storage::kList ? items().length() : values_.size();
    for (int64_t i = 0; i < count; ++i) PushOffset(end);
  } else {
    for (const auto& child : children_) child->AppendNulls(length_ + count - child->length());
  }
  null_count_ += count;
  length_ += count;
}

void ColumnBuilder::CommitList() {
  PushOffset(items().length());
  Valid();
}

void ColumnBuilder::CommitStruct() {
  for (const auto& child : children_) child->AppendNulls(length_ + 1 - child->length());
  Valid();
}

void ColumnBuilder::RemoveLast() {
  MR_CHECK(length_ > 0, "there is no value to take back");
  --length_;
  if (null_count_ != 0) {
    if (validity_.data()[length_] == 0) --null_count_;
    validity_.Truncate(length_);
  }
  if (width() > 0) {
    values_.Truncate(length_ * width());
    return;
  }
  if (storage_ == Storage::kStruct) {
    for (const auto& child : children_) {
      if (child->length() > length_) child->RemoveLast();
    }
    return;
  }
  offsets_.Truncate(length_ * static_cast<int64_t>(sizeof(int32_t)));
  int32_t end = 0;
  if (length_ > 0) {
    std::memcpy(&end, offsets_.data() + offsets_.size() - sizeof(end), sizeof(end));
  }
  if (storage_ == Storage::kText) {
    values_.Truncate(end);
  } else {
    while (items().length() > end) items().RemoveLast();
  }
}

std::shared_ptr<arrow::Buffer> ColumnBuilder::PackBits(ColumnBytes& bytes) {
  ColumnBytes bits;
  const int64_t packed = (length_ + 7) / 8;
  uint8_t* out = bits.Room(packed);
  std::memset(out, 0, static_cast<size_t>(packed));
  const uint8_t* in = bytes.data();
  for (int64_t i = 0; i < length_; ++i) {
    out[i / 8] = static_cast<uint8_t>(out[i / 8] | (in[i] << (i % 8)));
  }
  bits.Advance(packed);
  bytes.Truncate(0);
  return bits.Take();
}

Result<std::shared_ptr<arrow::Array>> ColumnBuilder::Finish() {
  std::vector<std::shared_ptr<arrow::Buffer>> buffers;
  buffers.push_back(null_count_ != 0 ? PackBits(validity_) : nullptr);
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  if (storage_ == Storage::kBool) {
    buffers.push_back(PackBits(values_));
  } else if (width() > 0) {
    buffers.push_back(values_.Take());
  } else if (has_offsets()) {
    ColumnBytes starts;  // Arrow's offsets begin with a zero
    const int64_t size = offsets_.size();
    uint8_t* out = starts.Room(size + 4);
    std::memset(out, 0, 4);
    if (size > 0) std::memcpy(out + 4, offsets_.data(), static_cast<size_t>(size));
    starts.Advance(size + 4);
    offsets_.Truncate(0);
    buffers.push_back(starts.Take());
    if (storage_ == Storage::kText) buffers.push_back(values_.Take());
  }
  for (const auto& child : children_) {
    MR_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> array, child->Finish());
    children.push_back(array->data());
  }
  auto data =
      arrow::ArrayData::Make(type_, length_, std::move(buffers), std::move(children), null_count_);
  length_ = 0;
  null_count_ = 0;
  validity_.Truncate(0);
  return arrow::MakeArray(std::move(data));
}

}  // namespace millrace
