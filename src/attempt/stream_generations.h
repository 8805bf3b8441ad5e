#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "base/stream_descriptor.h"
#include "protocol/catalog.h"

namespace millrace {

/// What a refresh does with a stream's table.
enum class RefreshMode {
  kNone,      ///< no refresh
  kTruncate,  ///< it is built anew, and shown when it is complete
  kMerge,     ///< all is read again into it; what is there stays until then
};

/// Each stream's generation, as a connection counts them over its syncs. A plain value.
class StreamGenerations {
 public:
  struct Generation {
    int64_t id = 0;
    /// A generation that replaces the table was begun and has not been completed: the next attempt
    /// begins another one and reads from the start.
    bool replacing = false;
    /// A full refresh was begun and has not been completed; it can be gone on with. What its rows
    /// look like and where they go, in a word of the caller's. Empty: there is none.
    std::string unfinished;
  };

  /// Gives the stream its generation_id and minimum_generation_id for an attempt. A full refresh
  /// that overwrites, and any stream that is refreshed or whose last replacement was not completed,
  /// gets a new generation, which replaces the table unless it is merged; a full refresh that
  /// appends gets a new one when it is `retried`; the others keep theirs. So does a full refresh
  /// that goes on: one whose goes_on is set when this is called (there is a state) and stays set,
  /// because it is unfinished, and of the same `shape`. Returns true when what was saved about the
  /// stream is void because its table is built, or read, anew.
  bool Assign(ConfiguredStream* stream, RefreshMode refresh, bool retried,
              const std::string& shape = {});
  bool IsUnfinished(const StreamDescriptor& stream) const;
  /// The stream's table is finished. True when that was news to be saved.
  bool Complete(const StreamDescriptor& stream);

  const std::map<StreamDescriptor, Generation>& all() const { return generations_; }
  void Set(const StreamDescriptor& stream, Generation generation);

 private:
  std::map<StreamDescriptor, Generation> generations_;
};

/// {"generation_id", "replacing", "unfinished"?}; reading throws as the JSON library does.
Json ToJson(const StreamGenerations::Generation& generation);
StreamGenerations::Generation GenerationFromJson(const Json& json);

}  // namespace millrace
