#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "declarative/jinja/py_value.h"
#include "formats/json_inference.h"

namespace millrace {

/// The schema of a stream as a sample of its records shows it: what JsonInference finds, and dates
/// and times among the texts. One thread.
class SampledSchema {
 public:
  /// `record` is a dict; anything else is left out.
  void Add(const PyValue& record);
  int64_t rows() const { return inference_.rows(); }

  /// The JSON schema of the records, every column nullable, in the order in which they were seen.
  /// `columns` that no record had are text, at the end.
  Json Schema(const std::vector<std::string>& columns) const;

 private:
  /// What the texts of a column have all been so far. A value of 0: nothing.
  using Kinds = unsigned;

  JsonInference inference_;
  std::map<std::string, Kinds, std::less<>> texts_;
  std::string text_;
};

/// `json_schema` as records are to arrive: objects, and lists of anything but scalars, as JSON text
/// whatever is declared of their insides, so that no member which the sample didn't have is lost.
Json WithTextObjects(const Json& json_schema);

}  // namespace millrace
