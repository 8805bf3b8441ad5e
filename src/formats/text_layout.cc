#include "formats/text_layout.h"

#include <arrow/type.h>

#include <algorithm>
#include <array>

#include "connector/meta_column.h"

namespace millrace {
namespace {

/// Current and classic names.
constexpr std::array<std::string_view, 6> kMetadataColumns = {
    kRawIdColumn,        kExtractedAtColumn, kMetaColumn,
    kGenerationIdColumn, "_airbyte_ab_id",   "_airbyte_emitted_at"};

}  // namespace

TextLayout TextLayoutOf(const arrow::Schema& schema, bool flatten) {
  TextLayout layout;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const bool metadata = std::find(kMetadataColumns.begin(), kMetadataColumns.end(),
                                    schema.field(i)->name()) != kMetadataColumns.end();
    (metadata ? layout.plain : layout.data).push_back(i);
  }
  const bool raw = schema.GetFieldIndex(std::string(TextLayout::kDataColumn)) >= 0;
  layout.wrapped = !flatten && !raw && !layout.plain.empty();
  if (!layout.wrapped) {
    layout.data.clear();
    layout.plain.clear();
    for (int i = 0; i < schema.num_fields(); ++i) layout.plain.push_back(i);
  }
  return layout;
}

}  // namespace millrace
