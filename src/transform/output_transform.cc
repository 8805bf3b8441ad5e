#include "transform/output_transform.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "connector/number_type.h"
#include "transform/normalized_columns.h"

namespace millrace {
namespace {

constexpr const char* kDeletedAtColumn = "_ab_cdc_deleted_at";

/// What the selecting stage leaves to this one.
MetadataMode SelectingMode(const StreamOutputs& outputs, MetadataMode metadata) {
  return outputs.streams.size() == 1 && !outputs.normalized ? metadata : MetadataMode::kNone;
}

arrow::FieldVector Concat(arrow::FieldVector fields, const arrow::FieldVector& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

}  // namespace

Result<std::unique_ptr<OutputTransform>> OutputTransform::Make(const StreamOutputs& outputs,
                                                               std::shared_ptr<arrow::Schema> input,
                                                               MetadataMode metadata,
                                                               const Clock& clock,
                                                               MissingFields missing) {
  // The stream as the source has it, but for its key: only selection and names matter here.
  MR_ASSIGN_OR_RETURN(StreamTransform select,
                      StreamTransform::Make(outputs.table(), std::move(input),
                                            SelectingMode(outputs, metadata), clock, missing));
  std::unique_ptr<OutputTransform> transform(
      new OutputTransform(outputs, std::move(select), metadata, clock));
  MR_RETURN_IF_ERROR(transform->PlanTables());
  return transform;
}

OutputTransform::OutputTransform(const StreamOutputs& outputs, StreamTransform select,
                                 MetadataMode metadata, const Clock& clock)
    : outputs_(outputs),
      select_(std::move(select)),
      metadata_(metadata, outputs.table(), clock),
      schemas_(outputs.streams.size()) {}

Status OutputTransform::PlanTables() {
  const auto& selected = select_.schema();
  schemas_.front() = selected;
  if (outputs_.has_raw) {
    MR_ASSIGN_OR_RETURN(raw_, RawColumn::Make(selected));
    schemas_.back() = arrow::schema(
        Concat(metadata_.fields(),
               {arrow::field(std::string(kDataColumn), json_text(), /*nullable=*/false)}));
    schemas_.front() = arrow::schema(Concat(metadata_.fields(), selected->fields()));
  }
  if (!outputs_.normalized) return outputs_.has_raw ? CheckNames() : Status::Ok();

  MR_ASSIGN_OR_RETURN(json_text_, JsonTextColumns::Make(outputs_.table().descriptor().ToString(),
                                                        outputs_.declared, selected));
  TablePlan plan = PlanTable(json_text_->schema()->fields(), &outputs_.plan);
  for (const FieldPath& part : outputs_.key) {
    if (const FlatColumn* column = plan.Find(part)) {
      key_.push_back(column->place);
    } else if (outputs_.table().deduplicates()) {
      return ConfigError("{} has no column {}, which is its key",
                         outputs_.table().descriptor().ToString(), fmt::join(part, "."));
    } else {
      key_.clear();
      break;
    }
  }
  columns_ = plan.columns;
  arrow::FieldVector fields = metadata_.fields();
  fields.push_back(MetadataColumns::StampField(kNormalizedAtColumn));
  fields.push_back(arrow::field(outputs_.hashid, arrow::utf8(), /*nullable=*/false));
  for (const FlatColumn& column : columns_) fields.push_back(column.field);
  schemas_.front() = arrow::schema(std::move(fields));
  children_.emplace(outputs_, std::move(plan), metadata_);
  children_->AddSchemas(&schemas_);
  return CheckNames();
}

Status OutputTransform::CheckNames() const {
  for (size_t i = 0; i < schemas_.size(); ++i) {
    for (const auto& field : schemas_[i]->fields()) {
      if (schemas_[i]->GetAllFieldIndices(field->name()).size() == 1) continue;
      const ConfiguredStream& stream = outputs_.streams[i];
      return ConfigError(
                 "the table {} of {} has a column {} of its own, the name of a column that is "
                 "added: leave it out of selected_fields, or set metadata or normalization: none",
                 stream.destination.ToString(), outputs_.table().descriptor().ToString(),
                 field->name())
          .WithStream(outputs_.table().descriptor());
    }
  }
  return Status::Ok();
}

Result<std::vector<ChangeBatch>> OutputTransform::Apply(ChangeBatch batch, int64_t first_row) {
  std::vector<ChangeBatch> applied(outputs_.streams.size());
  if (outputs_.streams.size() == 1 && !outputs_.normalized) {
    MR_ASSIGN_OR_RETURN(applied.front(), select_.Apply(std::move(batch)));
    return applied;
  }
  MR_ASSIGN_OR_RETURN(ChangeBatch selected, select_.Select(std::move(batch)));
  const ChangeBatch arrived = raw_ ? selected : ChangeBatch();
  if (json_text_) {
    const size_t before = selected.changes.size();
    MR_RETURN_IF_ERROR(json_text_->Apply(&selected));
    values_not_parsed_ += static_cast<int64_t>(selected.changes.size() - before);
  }
  MR_ASSIGN_OR_RETURN(const auto ids, metadata_.MakeIds(selected.num_rows()));
  MR_ASSIGN_OR_RETURN(const auto metadata,
                      metadata_.MakeFor(ids, selected.extracted_at.get(), selected.changes));
  if (raw_) {
    // What could not be parsed is whole here.
    const bool parsed = arrived.changes.size() != selected.changes.size();
    arrow::ArrayVector columns = metadata;
    if (parsed) {
      MR_ASSIGN_OR_RETURN(columns,
                          metadata_.MakeFor(ids, arrived.extracted_at.get(), arrived.changes));
    }
    MR_ASSIGN_OR_RETURN(columns.emplace_back(), raw_->Apply(arrived));
    applied.back().rows =
        arrow::RecordBatch::Make(schemas_.back(), arrived.num_rows(), std::move(columns));
  }
  Hashids hashids;
  if (outputs_.normalized) {
    MR_ASSIGN_OR_RETURN(hashids, MakeHashids(selected, *ids));
  }
  MR_ASSIGN_OR_RETURN(applied.front(), MakeTable(selected, metadata, hashids));
  if (outputs_.normalized) {
    const auto deleted_at = selected.rows->GetColumnByName(kDeletedAtColumn);
    const ParentRows parents{
        selected.rows->columns(),    ids,      hashids, &selected.unchanged, deleted_at.get(),
        selected.extracted_at.get(), first_row};
    MR_RETURN_IF_ERROR(children_->Apply(parents, &applied));
  }
  return applied;
}

Result<Hashids> OutputTransform::MakeHashids(const ChangeBatch& batch,
                                             const arrow::StringArray& ids) const {
  if (key_.empty()) return RowHashids(ids);
  const arrow::ArrayVector columns = batch.rows->columns();
  arrow::ArrayVector key;
  for (const NestedPlace& place : key_) {
    MR_ASSIGN_OR_RETURN(key.emplace_back(), ColumnAt(columns, place));
  }
  return KeyHashids(key, batch.num_rows());
}

Result<ChangeBatch> OutputTransform::MakeTable(const ChangeBatch& batch,
                                               const arrow::ArrayVector& metadata,
                                               const Hashids& hashids) {
  const int64_t num_rows = batch.num_rows();
  const arrow::ArrayVector arrived = batch.rows->columns();
  arrow::ArrayVector columns = metadata;
  ChangeBatch table;
  if (outputs_.normalized) {
    MR_ASSIGN_OR_RETURN(columns.emplace_back(), metadata_.MakeNow(num_rows));
    columns.push_back(hashids);
  }
  const auto& masks = batch.unchanged.columns;
  if (!masks.empty()) table.unchanged.columns.resize(columns.size());
  const auto add = [&](std::shared_ptr<arrow::Array> column, size_t source) {
    columns.push_back(std::move(column));
    if (!masks.empty()) table.unchanged.columns.push_back(masks[source]);
  };
  if (!outputs_.normalized) {
    for (size_t i = 0; i < arrived.size(); ++i) add(arrived[i], i);
  }
  for (const FlatColumn& column : columns_) {
    MR_ASSIGN_OR_RETURN(auto values, ColumnAt(arrived, column.place));
    add(std::move(values), static_cast<size_t>(column.place.positions.front()));
  }
  table.rows = arrow::RecordBatch::Make(schemas_.front(), num_rows, std::move(columns));
  return table;
}

}  // namespace millrace
