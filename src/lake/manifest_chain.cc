#include "lake/manifest_chain.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "base/log.h"

namespace millrace {
namespace {

constexpr std::string_view kName = "manifest-";
constexpr std::string_view kExtension = ".json";
constexpr int64_t kKept = 3;        // besides the newest: for people who look for what happened
constexpr int64_t kPruneEvery = 8;  // one request now and then; at most kKept + kPruneEvery exist
constexpr int64_t kManifestBytesMax = int64_t{1} << 30;

}  // namespace

std::string ManifestChain::KeyOf(int64_t sequence) const {
  return fmt::format("{}{}{:012}{}", folder_, kName, sequence, kExtension);
}

int64_t ManifestChain::SequenceOf(std::string_view key) const {
  if (!key.starts_with(folder_)) return 0;
  std::string_view name = key.substr(folder_.size());
  if (!name.starts_with(kName) || !name.ends_with(kExtension)) return 0;
  name = name.substr(kName.size(), name.size() - kName.size() - kExtension.size());
  int64_t sequence = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), sequence);
  return parsed.ptr == name.data() + name.size() ? sequence : 0;
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

Result<Manifest> ManifestChain::ReadNewest(int64_t sequence) const {
  MR_ASSIGN_OR_RETURN(const std::string text, ReadText(sequence));
  auto newest = ManifestFromText(text, KeyOf(sequence));
  if (newest.ok() || sequence == 1 || newest.status().error().type != FailureType::kSystemError) {
    return newest;
  }
  Log(LogLevel::kWarn, "{}; going by the one before it", newest.status().ToString());
  MR_ASSIGN_OR_RETURN(const std::string text_before, ReadText(sequence - 1));
  MR_ASSIGN_OR_RETURN(Manifest before, ManifestFromText(text_before, KeyOf(sequence - 1)));
  before.sequence = sequence;  // its name is taken
  return before;
}

Status ManifestChain::Append(const Manifest& manifest) {
  return AfterPut(manifest, store_.Put(KeyOf(manifest.sequence), ManifestToText(manifest),
                                       {PutCondition::Kind::kIfAbsent, ""}));
}

Status ManifestChain::AppendSettled(const Manifest& manifest) {
  return AfterPut(manifest, store_.PutRepeatable(KeyOf(manifest.sequence), ManifestToText(manifest),
                                                 {PutCondition::Kind::kIfAbsent, ""}));
}

Status ManifestChain::AfterPut(const Manifest& manifest, const Result<PutOutcome>& outcome) {
  if (!outcome.ok()) return outcome.status();
  if (*outcome == PutOutcome::kConditionFailed) {
    return TransientError(
        "another attempt wrote to the same table at the same time ({} in {} was there already); "
        "let it end, then run again",
        KeyOf(manifest.sequence), store_.Name());
  }
  if (manifest.sequence % kPruneEvery != 0) return Status::Ok();
  std::vector<std::string> old;
  for (int64_t i = 0; i < kPruneEvery; ++i) {
    const int64_t sequence = manifest.sequence - kKept - 1 - i;
    if (sequence > 0) old.push_back(KeyOf(sequence));
  }
  return store_.Delete(old);
}

}  // namespace millrace
