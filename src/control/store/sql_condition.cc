#include "control/store/sql_condition.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/lower_case.h"

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
  if (!texts.empty()) text_ += fmt::format(" AND {} {}", column, OneOf(texts));
}

std::string SqlCondition::OneOf(const std::vector<std::string>& texts) {
  const std::set<std::string> distinct(texts.begin(), texts.end());
  if (distinct.size() == 1) return "= " + Next(*distinct.begin());
  nlohmann::json list = nlohmann::json::array();
  for (const std::string& text : distinct) {
    // No column has such a text, and PostgreSQL refuses the list that does.
    if (text.find('\0') == std::string::npos) list.push_back(text);
  }
  const std::string place =
      Next(list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  if (engine_ == SqlEngine::kSqlite) {
    return fmt::format("IN (SELECT value FROM json_each({}))", place);
  }
  return fmt::format("= ANY (ARRAY(SELECT json_array_elements_text(CAST({} AS json))))", place);
}

void SqlCondition::AndContains(std::string_view column, const std::string& text) {
  if (text.empty()) return;
  text_ += fmt::format(" AND replace(lower({0}), {1}, '') <> lower({0})", column,
                       Next(LowerCaseOf(text)));
}

}  // namespace millrace
