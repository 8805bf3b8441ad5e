#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "clients/object_store/object_store.h"

namespace millrace {

/// An ObjectStore that is a folder; keys are paths below it. What is not complete yet lies in the
/// hidden folder `_airbyte_internal/staging/` of the same file system, under names that no reader's
/// pattern matches, and is renamed into place. Everything is synced, files and folders, before it
/// is reported as done. Conditions hold against any process of this machine.
///
/// Makes the folder when it is not there; a config error when that can't be done.
Result<std::unique_ptr<ObjectStore>> OpenLocalStore(const std::filesystem::path& root);

}  // namespace millrace
