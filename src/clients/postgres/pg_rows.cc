#include "clients/postgres/pg_rows.h"

#include <libpq-fe.h>

#include <charconv>

namespace millrace {

PgRows::PgRows(pg_result* result) : result_(result, &PQclear) {}

int PgRows::num_rows() const { return result_ ? PQntuples(result_.get()) : 0; }

int PgRows::num_columns() const { return result_ ? PQnfields(result_.get()) : 0; }

int64_t PgRows::affected_rows() const {
  if (!result_) return 0;
  const std::string_view text = PQcmdTuples(result_.get());
  int64_t rows = 0;
  std::from_chars(text.data(), text.data() + text.size(), rows);
  return rows;
}

bool PgRows::IsNull(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view PgRows::Value(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

int64_t PgRows::Int(int row, int column) const {
  const std::string_view text = Value(row, column);
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace millrace
