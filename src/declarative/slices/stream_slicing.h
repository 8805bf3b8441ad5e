#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/slices/parent_stream.h"
#include "declarative/slices/partition_router.h"
#include "declarative/slices/stream_cursor.h"

namespace millrace {

/// What is known about a stream before it is built, besides its component.
struct StreamSlicing {
  std::string stream;             ///< its name
  PyValue state = PyDict();       ///< the last sync's, a dict; empty: none
  std::string configured_cursor;  ///< of the configured catalog's stream; empty: none
  ParentStreamMaker make_parent;  ///< null: parents are refused
  const EngineEnvironment* environment = nullptr;  ///< outlives what is made with it
};

/// The cursor of a DeclarativeStream: its incremental_sync over its retriever's partition_router,
/// standing where its migrated state says. A stream without incremental_sync gets one that tells no
/// position. Config errors name the manifest's line.
Result<std::unique_ptr<StreamCursor>> MakeStreamCursor(const Component& stream,
                                                       const StreamSlicing& slicing);

/// The partition_router of a retriever: one, a list of them (their product), or none.
Result<std::unique_ptr<PartitionRouter>> MakePartitionRouter(const Component& retriever,
                                                             const StreamSlicing& slicing);

/// `slicing.state` after the stream's state_migrations: what its parts start from.
Result<PyValue> MigratedState(const Component& stream, const StreamSlicing& slicing);

}  // namespace millrace
