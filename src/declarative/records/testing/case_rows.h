#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "declarative/jinja/py_json.h"

namespace millrace {

/// The rows of a table of answers in testdata, a JSON object a line.
inline std::vector<PyValue> CaseRows(const std::string& name) {
  std::ifstream file(std::string(RECORDS_TESTDATA) + "/" + name);
  EXPECT_TRUE(file) << "the table " << name << " is missing";
  std::vector<PyValue> rows;
  for (std::string line; std::getline(file, line);) {
    Result<PyValue> row = ParsePyJson(line, PyJsonDialect::kPython);
    EXPECT_TRUE(row.ok()) << name << ": " << row.status().ToString();
    if (row.ok()) rows.push_back(*std::move(row));
  }
  EXPECT_FALSE(rows.empty());
  return rows;
}

/// What is wrong with an outcome: the row has the answer or the exception that the CDK gave.
inline std::string Mismatch(const PyValue& row, const Result<std::string>& outcome) {
  const PyValue* const answer = row.Find("answer");
  if (!outcome.ok()) return answer == nullptr ? "" : outcome.status().ToString();
  if (answer == nullptr) return "no " + row.Find("error")->str() + " but " + *outcome;
  return *outcome == answer->str() ? "" : "got " + *outcome + "\nwant " + answer->str();
}

}  // namespace millrace
