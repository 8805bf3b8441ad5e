#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// One value as the text that JSON and CSV carry, appended to `out`. Exact; ISO 8601.

/// "2025-01-20"; years before 1 as Airbyte spells them: "0044-03-15 BC".
void AppendDate(int64_t days, std::string& out);
/// "2025-01-20T10:00:00.000001", "Z" behind it when `utc`. A fraction only where it is not zero.
void AppendTimestamp(int64_t value, arrow::TimeUnit::type unit, bool utc, std::string& out);
/// "10:00:00.000001"
void AppendTime(int64_t value, arrow::TimeUnit::type unit, std::string& out);
/// The shortest text that reads back as the same double; "null" when it is not finite.
void AppendDouble(double value, std::string& out);
void AppendFloat(float value, std::string& out);
void AppendBase64(std::string_view bytes, std::string& out);
/// With the quotes, escaped.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace millrace
