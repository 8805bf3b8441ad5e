#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"

namespace millrace {

// The types that travel from sources to destinations, and how the rest of Arrow's types become one
// of them without losing anything:
//
//   int8 … uint32              int64          date64                 date32
//   uint64                     decimal(20,0)  time32, time64[ns]     time64[us]
//   half, float                double         timestamp[any unit]    timestamp[us], UTC or none
//   large, view text, binary   utf8, binary   duration               int64
//   fixed-size binary          binary         uuid                   utf8
//   large, fixed, view lists   list           map                    list<struct<key, value>>
//   dictionary                 its values     null                   utf8
//   decimal32, decimal64       decimal128

/// The travelling type of a type; the same one when it is one already.
std::shared_ptr<arrow::DataType> TravellingType(const std::shared_ptr<arrow::DataType>& type);

/// `array` in TravellingType of its type. Nanoseconds that a timestamp loses are reported in
/// `changes` for the rows of the column `field`.
Result<std::shared_ptr<arrow::Array>> ToTravellingType(const std::shared_ptr<arrow::Array>& array,
                                                       const std::string& field,
                                                       std::vector<FieldChange>* changes);

}  // namespace millrace
