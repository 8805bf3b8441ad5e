#pragma once

#include <stop_token>
#include <string>

#include "base/result.h"
#include "declarative/builder/read_journal.h"
#include "declarative/streams/declarative_engine.h"

namespace millrace {

/// Reads one stream into the journal: slice after slice in this thread, until it is read or a limit
/// is reached. What fails while it is read is told to the journal, and the reading of other slices
/// goes on, as the CDK's does. `read` names that one stream and its state. Returns the fields of
/// the stream's primary key and cursor. Not ok: the manifest is wrong, or has no such stream: a
/// config error. `engine` was opened with the limits and the journal as its watch.
Result<std::vector<std::string>> ReadForBuilder(DeclarativeEngine& engine,
                                                const DeclarativeRead& read,
                                                const BuilderReadLimits& limits,
                                                ReadJournal& journal, std::stop_token stop);

}  // namespace millrace
