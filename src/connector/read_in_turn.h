#pragma once

#include <functional>

#include "connector/source.h"

namespace millrace {

/// Runs `read` (it opens the stream, emits its rows and checkpoints) between the stream's statuses
/// kStarted and kComplete or kIncomplete with its error; without one when the stream's writing was
/// given up. Returns what `read` returned; kCanceled reports no end. On the caller's thread.
Status ReadReported(const StreamDescriptor& stream, SourceOutput& output,
                    const std::function<Status()>& read);

/// A Source::Read for sources that read one stream after another: each through ReadReported, until
/// one is kCanceled. A failed stream doesn't end the read.
Status ReadInTurn(const ConfiguredCatalog& catalog, SourceOutput& output,
                  const std::function<Status(const ConfiguredStream&)>& read);

}  // namespace millrace
