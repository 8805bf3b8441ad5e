#include "control/store/sql_condition.h"

#include <fmt/format.h>

#include <cctype>

namespace millrace {

std::string SqlCondition::Next(SqlValue parameter) {
  parameters_.push_back(std::move(parameter));
  return fmt::format(":{}", parameters_.size());
}

void SqlCondition::And(std::string_view condition, SqlValue parameter) {
  text_ += " AND " + fmt::format(fmt::runtime(condition), Next(std::move(parameter)));
}

void SqlCondition::AndText(std::string_view condition) {
  text_ += fmt::format(" AND {}", condition);
}

void SqlCondition::AndEqual(std::string_view column, const std::string& text) {
  if (!text.empty()) text_ += fmt::format(" AND {} = {}", column, Next(text));
}

void SqlCondition::AndIn(std::string_view column, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + Next(text);
  text_ += fmt::format(" AND {} IN ({})", column, list);
}

void SqlCondition::AndContains(std::string_view column, const std::string& text) {
  if (text.empty()) return;
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  text_ += fmt::format(" AND replace(lower({0}), {1}, '') <> lower({0})", column, Next(lower));
}

}  // namespace millrace
