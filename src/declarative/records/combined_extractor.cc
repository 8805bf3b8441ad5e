#include "declarative/records/combined_extractor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

class CombinedExtractor final : public RecordExtractor {
 public:
  CombinedExtractor(std::vector<std::unique_ptr<RecordExtractor>> parts, bool first_match,
                    bool skip_empty, EngineMessages* messages)
      : parts_(std::move(parts)),
        first_match_(first_match),
        skip_empty_(skip_empty),
        messages_(messages) {}

  Status Extract(const DecodedPage& page, const ValueSink& record,
                 std::stop_token stop) const override {
    for (size_t at = 0; at < parts_.size(); ++at) {
      bool matched = false;
      if (!first_match_) {
        MR_RETURN_IF_ERROR(ExtractPart(at, page, record, stop));
        continue;
      }
      // What was left out counts only for a part that wins, so it waits for the first record.
      int64_t left_out = 0;
      const auto take = [&](PyValue found) -> Status {
        if (found.is_undefined() && !matched) {
          ++left_out;
          return Status::Ok();
        }
        matched = true;
        for (; left_out > 0; --left_out) MR_RETURN_IF_ERROR(record(PyValue::Undefined()));
        return record(std::move(found));
      };
      MR_RETURN_IF_ERROR(ExtractPart(at, page, take, stop));
      if (matched) break;
    }
    return Status::Ok();
  }

  bool reads_twice() const override { return true; }
  bool counts_parts() const override {
    return !first_match_ ||
           std::ranges::any_of(parts_, [](const auto& part) { return part->counts_parts(); });
  }

 private:
  Status ExtractPart(size_t at, const DecodedPage& page, const ValueSink& record,
                     std::stop_token stop) const {
    if (!skip_empty_) return parts_[at]->Extract(page, record, std::move(stop));
    int64_t left_out = 0;
    const auto take = [&](PyValue found) -> Status {
      if (found.is_undefined() || PyTruthy(found)) return record(std::move(found));
      ++left_out;
      return record(PyValue::Undefined());
    };
    MR_RETURN_IF_ERROR(parts_[at]->Extract(page, take, std::move(stop)));
    if (left_out > 0 && messages_ != nullptr) {
      messages_->Log(LogLevel::kWarn,
                     fmt::format("{} empty records of extractor {} were left out "
                                 "(skip_empty_records): the API may say why in its reply",
                                 left_out, at + 1));
    }
    return Status::Ok();
  }

  const std::vector<std::unique_ptr<RecordExtractor>> parts_;
  const bool first_match_, skip_empty_;
  EngineMessages* const messages_;
};

}  // namespace

Result<std::unique_ptr<RecordExtractor>> MakeCombinedExtractor(const Component& component,
                                                               const EngineEnvironment& environment,
                                                               const MakeOtherReader& make_reader) {
  MR_ASSIGN_OR_RETURN(const std::vector<Component> children, component.Children("extractors"));
  if (children.empty()) return component.FieldError("extractors", "needs one extractor at least");
  std::vector<std::unique_ptr<RecordExtractor>> parts;
  for (const Component& child : children) {
    MR_ASSIGN_OR_RETURN(auto part, MakeRecordExtractor(child, environment, make_reader));
    if (part->reads_text()) return child.Error("can't be one of a CombinedExtractor's");
    parts.push_back(std::move(part));
  }
  MR_ASSIGN_OR_RETURN(const std::string mode, component.TextOr("mode", "union"));
  if (mode != "union" && mode != "first_match") {
    return component.FieldError("mode", "is union or first_match");
  }
  MR_ASSIGN_OR_RETURN(const bool skip_empty, component.BoolOr("skip_empty_records", false));
  return std::make_unique<CombinedExtractor>(std::move(parts), mode == "first_match", skip_empty,
                                             environment.messages);
}

}  // namespace millrace
