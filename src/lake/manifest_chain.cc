#include "lake/manifest_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace millrace {
namespace {

constexpr std::string_view kName = "manifest-";
constexpr std::string_view kExtension = ".json";
constexpr std::string_view kNoteExtension = ".done";
constexpr int64_t kKept = 3;        // besides the newest: for people who look for what happened
constexpr int64_t kPruneEvery = 8;  // one request now and then; at most kKept + kPruneEvery exist
/// Nobody takes a table over and appends so many that numbers are free again, all in this time: a
/// lost attempt is given up after 10 s at the earliest.
constexpr std::chrono::seconds kCertain{10};
constexpr int64_t kManifestBytesMax = int64_t{1} << 30;

/// The number in the name of a chain's object; 0 when it is none.
int64_t SequenceIn(std::string_view name, std::string_view extension) {
  if (!name.starts_with(kName) || !name.ends_with(extension)) return 0;
  name = name.substr(kName.size(), name.size() - kName.size() - extension.size());
  int64_t sequence = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), sequence);
  return parsed.ptr == name.data() + name.size() ? sequence : 0;
}

}  // namespace

std::string ManifestChain::KeyOf(int64_t sequence) const {
  return fmt::format("{}{}{:012}{}", folder_, kName, sequence, kExtension);
}

std::string ManifestChain::NoteKeyOf(int64_t sequence) const {
  return fmt::format("{}{}{:012}{}", folder_, kName, sequence, kNoteExtension);
}

ChainEnd ManifestChain::FindEnd(const std::vector<std::string>& keys) const {
  ChainEnd end;
  int64_t newest_note = 0;
  for (const std::string& key : keys) {
    if (!key.starts_with(folder_)) continue;
    const std::string_view name = std::string_view(key).substr(folder_.size());
    end.sequence = std::max(end.sequence, SequenceIn(name, kExtension));
    newest_note = std::max(newest_note, SequenceIn(name, kNoteExtension));
  }
  // A note without its manifest: somebody took that away; reading it says so.
  end.carried_out = newest_note >= end.sequence;
  end.sequence = std::max(end.sequence, newest_note);
  return end;
}

Result<std::string> ManifestChain::ReadText(int64_t sequence) const {
  const std::string key = KeyOf(sequence);
  MR_ASSIGN_OR_RETURN(auto reader, store_.OpenReader(key));
  std::string text;
  char buffer[65536];
  for (;;) {
    MR_ASSIGN_OR_RETURN(const int64_t got, reader->Read(buffer, sizeof buffer));
    if (got == 0) break;
    text.append(buffer, static_cast<size_t>(got));
    if (static_cast<int64_t>(text.size()) > kManifestBytesMax) {
      return SystemError("the manifest {} is larger than {} bytes", key, kManifestBytesMax);
    }
  }
  return text;
}

Result<Manifest> ManifestChain::ReadNewest(const ChainEnd& end) const {
  MR_ASSIGN_OR_RETURN(const std::string text, ReadText(end.sequence));
  auto newest = ManifestFromText(text, KeyOf(end.sequence));
  if (!newest.ok() && newest.status().error().type == FailureType::kSystemError) {
    return ConfigError(
        "{}. Restore it; or take the table's files and the folder {} in {} away, and run with "
        "--full-refresh",
        newest.status().ToString(), folder_, store_.Name());
  }
  if (newest.ok() && end.carried_out) {
    newest->removing_first.clear();
    newest->completing.clear();
    newest->removing.clear();
  }
  return newest;
}

Status ManifestChain::NoteCarriedOut(int64_t sequence) {
  return store_.PutRepeatable(NoteKeyOf(sequence), "carried out\n", {}).status();
}

Status ManifestChain::CheckIsEnd(int64_t sequence) const {
  MR_ASSIGN_OR_RETURN(const auto objects, store_.List(folder_ + std::string(kName)));
  std::vector<std::string> keys;
  for (const ObjectInfo& object : objects) keys.push_back(object.key);
  const int64_t end = FindEnd(keys).sequence;
  if (end <= sequence) return Status::Ok();
  (void)store_.Delete({KeyOf(sequence)}).ok();  // nobody goes by it
  return TransientError(
      "another attempt has written to the same table meanwhile ({} in {} is there already); let it "
      "end, then run again",
      KeyOf(end), store_.Name());
}

Status ManifestChain::Append(const Manifest& manifest) {
  MR_ASSIGN_OR_RETURN(const PutOutcome outcome,
                      store_.Put(KeyOf(manifest.sequence), ManifestToText(manifest),
                                 {PutCondition::Kind::kIfAbsent, ""}));
  if (outcome == PutOutcome::kConditionFailed) {
    return TransientError(
        "another attempt wrote to the same table at the same time ({} in {} was there already); "
        "let it end, then run again",
        KeyOf(manifest.sequence), store_.Name());
  }
  // Whoever stood still long enough may have been given a number that others used and pruned.
  if (Clock::System().Now() - end_known_at_ > kCertain) {
    MR_RETURN_IF_ERROR(CheckIsEnd(manifest.sequence));
  }
  end_known_at_ = Clock::System().Now();
  if (manifest.sequence % kPruneEvery != 0) return Status::Ok();
  std::vector<std::string> old;
  for (int64_t i = 0; i < kPruneEvery; ++i) {
    const int64_t sequence = manifest.sequence - kKept - 1 - i;
    if (sequence <= 0) break;
    old.push_back(KeyOf(sequence));
    old.push_back(NoteKeyOf(sequence));
  }
  return store_.Delete(old);
}

}  // namespace millrace
