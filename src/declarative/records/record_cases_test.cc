// What becomes of a page's records: every row of testdata/record_cases.jsonl is an answer of
// Airbyte's CDK (testdata/record_cases.py asks it).

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"
#include "declarative/records/raw_records.h"
#include "declarative/records/record_selector.h"
#include "declarative/records/testing/case_rows.h"
#include "formats/json_scanner.h"

namespace millrace {
namespace {

/// What a JsonDecoder makes of a body: the items of a list at the top, else the value; nothing
/// readable is an empty object.
Status Decode(const std::string& body, const ValueSink& element) {
  const Result<PyValue> value = ParsePyJson(body);
  if (!value.ok()) return element(PyValue(PyDict()));
  if (!value->is_list()) return element(*value);
  for (const PyValue& item : value->items()) MR_RETURN_IF_ERROR(element(item));
  return Status::Ok();
}

/// The record as the table has it: Python's repr, its keys in order where the CDK has none.
std::string Shown(const PyValue& record, bool unordered) {
  if (!unordered || !record.is_dict()) return PyRepr(record);
  std::vector<PyDict::Entry> entries(record.dict().begin(), record.dict().end());
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return PyRepr(a.first) < PyRepr(b.first); });
  PyDict sorted;
  for (auto& [key, value] : entries) sorted.Append(key, value);
  return PyRepr(PyValue(std::move(sorted)));
}

struct Outcome {
  Status status;
  bool in_pieces = false;
  int64_t extracted = 0;
  std::vector<std::string> records;
};

/// The row's RecordSelector as a manifest has it.
PyValue SelectorOf(const PyValue& row) {
  PyDict selector{{"type", "RecordSelector"}};
  if (const PyValue* path = row.Find("path")) {
    selector.Append("extractor",
                    PyValue(PyDict{{"type", "DpathExtractor"}, {"field_path", *path}}));
  } else {
    selector.Append("extractor", *row.Find("extractor"));
  }
  if (const PyValue* condition = row.Find("filter")) {
    selector.Append("record_filter",
                    PyValue(PyDict{{"type", "RecordFilter"}, {"condition", *condition}}));
  }
  if (const PyValue* more = row.Find("selector")) {
    for (const auto& [name, value] : more->dict()) selector.Append(name, value);
  }
  return PyValue(std::move(selector));
}

PyValue Or(const PyValue* given, PyValue missing) { return given ? *given : missing; }

/// `in_pieces`: where that's possible.
Status SelectAll(const PyValue& row, const EngineEnvironment& environment, bool in_pieces,
                 Outcome* outcome) {
  RecordTransformations transformations;
  const PyValue components = Or(row.Find("transformations"), PyValue::List());
  for (const PyValue& each : components.items()) {
    MR_ASSIGN_OR_RETURN(auto made, MakeRecordTransformation(Component(each, "test"), environment));
    transformations.push_back(std::move(made));
  }
  MR_ASSIGN_OR_RETURN(const auto selector,
                      RecordSelector::Make(Component(SelectorOf(row), "test"),
                                           std::move(transformations), false, environment, {}));
  const PyValue schema = selector->normalizes() ? Or(row.Find("schema"), PyValue()) : PyValue();
  MR_ASSIGN_OR_RETURN(const SchemaNormalizer normalizer, SchemaNormalizer::Make(schema));
  RecordSelector::Call call;
  call.stream_slice = Or(row.Find("slice"), PyValue(PyDict()));
  call.next_page_token = Or(row.Find("token"), PyValue());
  call.normalizer = &normalizer;
  std::string body;
  if (const PyValue* text = row.Find("text")) {
    body = text->str();
  } else {
    MR_RETURN_IF_ERROR(AppendPyJson(*row.Find("page"), {}, &body));
  }
  const auto take = [&](DeclarativeRecord record) {
    const bool unordered = row.Find("unordered") != nullptr;
    outcome->records.push_back(Shown(record.data, unordered));
    return Status::Ok();
  };
  if (in_pieces) {
    outcome->in_pieces = true;  // a failure comes of a record
    MR_ASSIGN_OR_RETURN(outcome->in_pieces,
                        selector->SelectInPieces(body, call, &outcome->extracted, take));
    if (outcome->in_pieces) return Status::Ok();
  }
  return selector->Select([&](const ValueSink& element) { return Decode(body, element); }, call,
                          &outcome->extracted, take);
}

Outcome OutcomeOf(const PyValue& row, bool in_pieces) {
  EngineEnvironment environment;
  environment.clock = &Clock::System();
  environment.config = Or(row.Find("config"), PyValue(PyDict()));
  Outcome outcome;
  outcome.status = SelectAll(row, environment, in_pieces, &outcome);
  return outcome;
}

/// What isn't as the CDK has it; "" when everything is.
std::string Difference(const PyValue& row, const Outcome& outcome) {
  const PyValue* const error = row.Find("error");
  if (error != nullptr && outcome.status.ok()) return "no error, but " + error->str();
  if (error == nullptr && !outcome.status.ok()) return outcome.status.ToString();
  // These two are no exceptions of Python's own.
  const bool named = error != nullptr && error->str() != "AirbyteTracedException" &&
                     error->str() != "_WrappedReferencingError";
  if (named && !IsPyError(outcome.status, error->str())) {
    return error->str() + ", but " + outcome.status.ToString();
  }
  const PyList& expected = row.Find("records")->items();
  for (size_t at = 0; at < std::max(expected.size(), outcome.records.size()); ++at) {
    const std::string want = at < expected.size() ? expected[at].str() : "nothing";
    const std::string got = at < outcome.records.size() ? outcome.records[at] : "nothing";
    if (want != got) return fmt::format("record {}: got {} want {}", at, got, want);
  }
  const PyValue* const count = row.Find("count");
  if (count != nullptr && count->as_int() != outcome.extracted) {
    return fmt::format("{} extracted, but {}", outcome.extracted, count->as_int());
  }
  return "";
}

TEST(RecordCases, AreTheCdks) {
  int rows = 0;
  for (const PyValue& row : CaseRows("record_cases.jsonl")) {
    ++rows;
    const std::string difference = Difference(row, OutcomeOf(row, /*in_pieces=*/false));
    EXPECT_EQ(difference, "") << "row " << rows << ": " << PyRepr(row);
  }
  EXPECT_GT(rows, 1000);
}

TEST(RecordCases, AreTheCdksWhenALargeReplyIsReadInPieces) {
  int in_pieces = 0;
  for (const PyValue& row : CaseRows("record_cases.jsonl")) {
    const Outcome outcome = OutcomeOf(row, /*in_pieces=*/true);
    in_pieces += outcome.in_pieces;
    EXPECT_EQ(Difference(row, outcome), "") << PyRepr(row);
  }
  EXPECT_GT(in_pieces, 100);
}

/// The records at "data" as SelectInPieces makes them, and as values made at once would be.
std::pair<std::vector<std::string>, std::vector<std::string>> BothWays(const std::string& body) {
  EngineEnvironment environment;
  environment.clock = &Clock::System();
  const PyValue row(PyDict{{"path", PyValue::List({PyValue("data")})}});
  const auto selector =
      RecordSelector::Make(Component(SelectorOf(row), "test"), {}, false, environment, {});
  std::pair<std::vector<std::string>, std::vector<std::string>> both;
  const auto into = [](std::vector<std::string>* records) {
    return [records](const DeclarativeRecord& record) {
      records->push_back(PyRepr(record.data));
      return Status::Ok();
    };
  };
  int64_t extracted = 0, extracted_at_once = 0;
  const auto selected = (*selector)->SelectInPieces(body, {}, &extracted, into(&both.first));
  EXPECT_TRUE(selected.ok() && *selected) << body;
  const Status at_once =
      (*selector)->Select([&](const ValueSink& element) { return Decode(body, element); }, {},
                          &extracted_at_once, into(&both.second));
  EXPECT_TRUE(at_once.ok()) << at_once.ToString();
  EXPECT_EQ(extracted, extracted_at_once);
  return both;
}

TEST(RecordsInPieces, AreThoseOfTheWholeReply) {
  for (const char* const records :
       {R"({"a": 1, "b": [1.50, -0, -0.0, true, null]}, {"a": 2, "b": []}, {"b": 1, "a": 2})",
        R"({"a": 1, "a": 2}, {"a": 3, "b": {"a": 4, "a": 5}}, {})",
        R"({"a": "\ud800"}, {"a": "\u00e9\ud83d\ude00"}, {"\ud800": 1e400}, {"a": 1})",
        R"({"a\u0062": 1, "ab": 2} , {"ab": 3},{ "ab" : 4 })", ""}) {
    const auto [in_pieces, at_once] = BothWays(std::string(R"({"data": [)") + records + "]}");
    EXPECT_EQ(in_pieces, at_once) << records;
  }
}

/// The records of a page's text; nothing where they have to be values.
std::optional<std::vector<std::string>> RawRecordsOf(const PyValue& row, const std::string& body) {
  EngineEnvironment environment;
  environment.clock = &Clock::System();
  environment.config = Or(row.Find("config"), PyValue(PyDict()));
  const auto selector =
      RecordSelector::Make(Component(SelectorOf(row), "test"), {}, false, environment, {});
  if (!selector.ok() || row.Find("transformations") != nullptr) return std::nullopt;
  std::vector<std::string> records;
  int64_t extracted = 0;
  const auto selected =
      (*selector)->SelectRaw(body, "id", &extracted, [&](const DeclarativeRecord& record) {
        const Result<PyValue> whole = WholeRecord(record);
        EXPECT_TRUE(whole.ok() && whole->is_dict()) << record.text;
        if (!whole.ok()) return whole.status();
        records.push_back(PyRepr(*whole));
        const PyValue *const id = whole->Find("id"), *const seen = record.data.Find("id");
        EXPECT_EQ(record.data.dict().size(), id == nullptr ? 0 : 1);
        EXPECT_TRUE(id == nullptr || PyRepr(*id) == PyRepr(*seen)) << record.text;
        return Status::Ok();
      });
  EXPECT_TRUE(selected.ok());
  EXPECT_EQ(static_cast<size_t>(extracted), records.size());
  if (!selected.ok() || !*selected) return std::nullopt;
  return records;
}

TEST(RecordCases, AreTheSameInText) {
  int compared = 0;
  for (const PyValue& row : CaseRows("record_cases.jsonl")) {
    const PyValue* const page = row.Find("page");
    std::string body;
    if (page == nullptr) {
      body = row.Find("text")->str();
    } else {
      ASSERT_TRUE(AppendPyJson(*page, {}, &body).ok());
    }
    const auto records = RawRecordsOf(row, body);
    if (!records) continue;
    ++compared;
    EXPECT_EQ(row.Find("error"), nullptr) << PyRepr(row);
    std::vector<std::string> expected;
    for (const PyValue& record : row.Find("records")->items()) expected.push_back(record.str());
    EXPECT_EQ(*records, expected) << PyRepr(row);
  }
  EXPECT_GT(compared, 20);
}

TEST(RawRecords, LeaveLongNumbersToValues) {
  const auto found = [](const std::string& number) {
    std::string body = "{\"data\": [{\"id\":" + number + "}]}";
    const size_t size = body.size();
    body.append(static_cast<size_t>(JsonScanner::kPadding), '\0');
    const std::vector<std::string> path = {"data"};
    return FindRawRecords(std::string_view(body).substr(0, size), path).has_value();
  };
  for (const char* const given : {"1", "-1234567890123456", "1234567.12345678", "1e5",
                                  "\"12345678901234567890\"", "\"1234567890123456789\""}) {
    EXPECT_TRUE(found(given)) << given;
  }
  for (const char* const given : {"12345678901234567", "-12345678901234567890",
                                  "0.1234567890123456789", "1234567890.1234567890", "NaN", "01"}) {
    EXPECT_FALSE(found(given)) << given;
    EXPECT_FALSE(found(std::string(" ") + given)) << given;
    EXPECT_FALSE(found(std::string("1, \"b\": ") + given)) << given;
  }
}

}  // namespace
}  // namespace millrace
