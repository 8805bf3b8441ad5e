#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/streams/retriever.h"

namespace millrace {

/// QueryProperties: the names of the properties that requests ask for, in as many pieces as the API
/// wants them. From several threads at once.
class QueryProperties {
 public:
  using MakeRetriever = std::function<Result<std::unique_ptr<Retriever>>(const Component&)>;
  using Names = std::vector<std::string>;

  /// `component` is a QueryProperties, or a PropertiesFromEndpoint by itself. `selected`: the
  /// properties of the stream's configured schema; absent: there is no catalog.
  static Result<std::unique_ptr<QueryProperties>> Make(const Component& component,
                                                       const EngineEnvironment& environment,
                                                       const std::optional<PyValue>& selected,
                                                       const MakeRetriever& make_retriever);

  /// The pieces; asks the API at the first call where the names come from there.
  Result<std::vector<Names>> Pieces(std::stop_token stop);

  /// Whether the records of the pieces are put together again.
  bool merges() const { return merges_; }
  /// What tells records apart; none when this record lacks it.
  std::optional<std::string> MergeKey(const DeclarativeRecord& record) const;

 private:
  QueryProperties() = default;

  Result<Names> AllNames(std::stop_token stop);
  std::vector<Names> Chunks(const Names& names) const;

  const EngineEnvironment* environment_ = nullptr;
  Names always_;
  std::optional<std::set<std::string>> selected_;
  bool merges_ = false;
  int64_t limit_ = 0;  // of a piece; 0: none
  bool limit_is_characters_ = false;
  Names merge_keys_;
  std::unique_ptr<Retriever> endpoint_;  // null: names_ are the manifest's
  std::vector<InterpolatedString> field_path_;

  std::mutex mutex_;
  std::optional<Names> names_;  // guarded by mutex_
};

/// Puts `more` into `into`: dicts in both become one, of anything else the later counts.
void DeepMerge(const PyValue& more, const PyValue& into);

}  // namespace millrace
