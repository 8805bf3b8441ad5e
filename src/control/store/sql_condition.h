#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/store/sql_row.h"

namespace millrace {

/// The end of a WHERE clause, built from what a filter asks for, with its numbered parameters. A
/// plain value.
class SqlCondition {
 public:
  /// Adds nothing when the text is empty. `column` is a name of ours, never a user's text.
  void AndEqual(std::string_view column, const std::string& text);
  /// One of several; adds nothing when there are none.
  void AndIn(std::string_view column, const std::vector<std::string>& texts);
  /// Letters' case doesn't matter; % and _ in the text stand for themselves.
  void AndContains(std::string_view column, const std::string& text);
  /// " AND <condition>", with {} where the parameter goes.
  void And(std::string_view condition, SqlValue parameter);

  /// " AND <condition>", whose parameters Next gave.
  void AndText(std::string_view condition);

  /// The placeholder of a parameter that is added.
  std::string Next(SqlValue parameter);

  const std::string& text() const { return text_; }
  const std::vector<SqlValue>& parameters() const { return parameters_; }

 private:
  std::string text_;
  std::vector<SqlValue> parameters_;
};

}  // namespace millrace
