#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"

namespace millrace {

/// Hash ids: 32 hexadecimal digits that name a row, so that the rows of its child tables can say
/// whose they are. Stable over versions of the program: they are stored.
inline constexpr int32_t kHashidWidth = 32;
using Hashids = std::shared_ptr<arrow::StringArray>;

/// From the values of a key, all parts together: XXH3's 128 bits over their JSON text, numbers in
/// canonical form, so that 1, 1.0 and 1.00 are one key whatever type the column has today. Null is
/// a value of its own.
Result<Hashids> KeyHashids(const arrow::ArrayVector& key, int64_t num_rows);

/// From the rows' ids (UUIDs as text): their digits. For rows without a key.
Result<Hashids> RowHashids(const arrow::StringArray& ids);

/// Of the elements of an array: from the parent's hash id and the element's place in the array.
/// `parents`: each element's row in `of_parents`, ascending.
Result<Hashids> ElementHashids(const arrow::StringArray& of_parents,
                               const std::vector<int32_t>& parents);

/// The texts (all of one width) of other rows: row i of the result is row rows[i] of `texts`, null
/// where rows[i] is negative.
Result<std::shared_ptr<arrow::StringArray>> RepeatTexts(const arrow::StringArray& texts,
                                                        int32_t width,
                                                        const std::vector<int32_t>& rows);

}  // namespace millrace
