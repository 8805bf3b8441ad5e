#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "clients/object_store/object_store.h"
#include "connector/destination.h"
#include "connector/source.h"
#include "formats/file_format.h"
#include "lake/dedup_options.h"
#include "lake/manifest.h"
#include "lake/merge/merge_rules.h"
#include "protocol/merge_totals.h"

namespace millrace {

/// The rules of a stream's table; none when it does not deduplicate.
std::optional<MergeRules> MergeRulesOf(const ConfiguredStream& stream, const DedupOptions& options);

/// A config error that names what the stream lacks to be deduplicated into files.
Status CheckDedupStream(const ConfiguredStream& stream, const FileFormat& format);

/// What a merge of a table's staged changes needs; the things outlive the call.
struct TableMerge {
  ObjectStore& store;
  const ConfiguredStream& stream;
  const FileFormat& format;
  const DedupOptions& options;
  MergeRules rules;
  SchemaPtr schema;       ///< in the types of files; null: the newest changes' own
  bool replaces = false;  ///< the changes of the generation that replaces the table
  std::function<Result<std::unique_ptr<ObjectUpload>>()> start_file;
  std::function<void(const PendingUpload&)> finished;
  std::stop_token stop;
  int threads = 1;
};

/// Merges what is staged into the table's files and writes into `next` what has to be done to show
/// it: files to complete, files and staged objects to remove. `next.files` are those that take
/// part; when `rules` have another key than the table, all of them are written anew. `as` gives
/// new files their generation, epoch and checkpoint. Says what it took.
Result<MergeTotals> MergeStaged(const TableMerge& merge, const DataFile& as, Manifest& next);

}  // namespace millrace
