#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/store/sql_database.h"

namespace millrace {

/// The end of a WHERE clause, built from what a filter asks for, with its numbered parameters. A
/// plain value.
class SqlCondition {
 public:
  /// For a statement of `transaction`.
  explicit SqlCondition(const SqlTransaction& transaction) : engine_(transaction.engine()) {}

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
  /// What follows a column that is one of `texts`: one parameter, however many there are, since
  /// engines look parameters up one by one and bound their number.
  std::string OneOf(const std::vector<std::string>& texts);

  const std::string& text() const { return text_; }
  const std::vector<SqlValue>& parameters() const { return parameters_; }

 private:
  SqlEngine engine_;
  std::string text_;
  std::vector<SqlValue> parameters_;
};

}  // namespace millrace
