#include "sources/postgres/cursor_state.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sources/postgres/row_hash.h"
#include "sources/postgres/wire_value.h"

namespace millrace {
namespace {

const StreamDescriptor kStream{"orders", "public"};

State StateOf(const char* stream_state) {
  State state;
  state.Merge(StateMessage::OfStream(kStream, Json::parse(stream_state)));
  return state;
}

TEST(CursorState, ReadsAirbytesOwn) {
  const auto saved = FindCursorState(StateOf(R"({
      "state_type": "cursor_based", "version": 2, "stream_name": "orders",
      "stream_namespace": "public", "cursor_field": ["updated_at"],
      "cursor": "2024-01-01T00:00:00.123456Z", "cursor_record_count": 3})"),
                                     kStream, "updated_at");
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->cursor, "2024-01-01T00:00:00.123456Z");
  EXPECT_EQ(saved->record_count, 3);
  EXPECT_FALSE(saved->has_row_hashes);
  const auto newer = FindCursorState(
      StateOf(R"({"state_type": "cursor_based", "version": 3, "cursors": {"id": 17}})"), kStream,
      "id");
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->cursor, "17");
}

TEST(CursorState, ReadsWhatItWrote) {
  CursorState state;
  state.cursor_field = "id";
  state.cursor = "42";
  state.record_count = 2;
  state.row_hashes = {0, 0xFEDCBA9876543210};
  state.has_row_hashes = true;
  State saved;
  saved.Merge(ToStateMessage(kStream, state));
  const auto read = FindCursorState(saved, kStream, "id");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->cursor, "42");
  EXPECT_EQ(read->row_hashes, state.row_hashes);
  EXPECT_TRUE(read->has_row_hashes);
}

TEST(CursorState, StartsAnewWhereThereIsNothingToGoOnFrom) {
  EXPECT_FALSE(FindCursorState(State(), kStream, "id"));
  for (const char* other :
       {"{}", R"({"__ab_no_cursor_state_message": true})",
        R"({"state_type": "xmin", "xmin_xid_value": 7})",
        R"({"state_type": "cursor_based", "cursor_field": ["other"], "cursor": "1"})",
        R"({"state_type": "cursor_based", "cursor_field": ["id"], "cursor": null})",
        R"({"state_type": 5, "cursor_field": 7, "cursor": []})"}) {
    EXPECT_FALSE(FindCursorState(StateOf(other), kStream, "id")) << other;
  }
}

TEST(RowHash, TellsRowsApart) {
  const auto hash = [](std::vector<std::optional<std::string>> values) {
    std::vector<WireField> fields;
    for (const auto& value : values) {
      fields.push_back(value ? WireField{value->data(), static_cast<int32_t>(value->size())}
                             : WireField{});
    }
    return HashRow(fields, static_cast<int>(fields.size()));
  };
  EXPECT_EQ(hash({"a", "bc"}), hash({"a", "bc"}));
  EXPECT_NE(hash({"a", "bc"}), hash({"ab", "c"}));
  EXPECT_NE(hash({std::nullopt}), hash({""}));
  EXPECT_NE(hash({"12345678", ""}), hash({"1234567", "8"}));
  EXPECT_NE(hash({std::string(9, '\0')}), hash({std::string(10, '\0')}));
  // Part of the state's format: states saved by earlier versions must go on to work.
  EXPECT_EQ(hash({"millrace", std::nullopt}), 11011143105642630894U);
}

TEST(CursorText, DatesAndTimes) {
  EXPECT_EQ(DateText(19782), "2024-02-29");
  EXPECT_EQ(DateText(-719163), "0001-12-31 BC");
  EXPECT_EQ(TimestampText(-1, "Z"), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(TimestampText(0, ""), "1970-01-01T00:00:00.000000");
  EXPECT_EQ(TimeText(86399000001), "23:59:59.000001");
}

}  // namespace
}  // namespace millrace
