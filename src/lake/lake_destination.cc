#include "lake/lake_destination.h"

#include <utility>

#include "base/log.h"
#include "base/uuid.h"
#include "lake/lake_load.h"
#include "lake/lake_scan.h"

namespace millrace {
namespace {

/// What two writers of one table are kept apart by.
enum class Exclusion {
  kAtomic,  ///< of two creations of one name, the store lets exactly one win
  kLeased   ///< the store has no such thing: by a lock object
};

/// Creates the probe twice; only a store with conditions refuses the second.
Result<Exclusion> RaceProbe(ObjectStore& store, const std::string& key) {
  const PutCondition if_absent{PutCondition::Kind::kIfAbsent, ""};
  MR_ASSIGN_OR_RETURN(const PutOutcome first, store.Put(key, "probe", if_absent));
  if (first != PutOutcome::kWritten) {
    return SystemError("{} says that a new object {} is there already", store.Name(), key);
  }
  // Another text: what a client finds written just as it wanted, it takes for its own.
  MR_ASSIGN_OR_RETURN(const PutOutcome second, store.Put(key, "probed", if_absent));
  return second == PutOutcome::kConditionFailed ? Exclusion::kAtomic : Exclusion::kLeased;
}

Result<Exclusion> ProbeStore(ObjectStore& store, const std::string& key) {
  // Some servers make a bucket for whoever writes to it; none has one for whoever looks.
  MR_RETURN_IF_ERROR(store.Head(key).status());
  auto exclusion = RaceProbe(store, key);
  if (!exclusion.ok()) return exclusion.status();
  auto content = store.ReadRange(key, 0, 5);
  if (!content.ok()) return content.status();
  if (*content != "probe") {
    return SystemError("{} returned something else than was written to {}", store.Name(), key);
  }
  return exclusion;
}

class LakeDestination : public ReadableDestination {
 public:
  LakeDestination(OpenStore open_store, LayoutConfig layout, FileFormat format, DedupOptions dedup)
      : open_store_(std::move(open_store)),
        layout_(std::move(layout)),
        format_(std::move(format)),
        dedup_(dedup) {}

  Status Check() override {
    MR_ASSIGN_OR_RETURN(auto store, open_store_({}));
    const std::string key = InternalFolderOf(layout_) + "check-" + RandomUuid();
    auto exclusion = ProbeStore(*store, key);
    const Status removed = store->Delete({key});
    if (!exclusion.ok()) return exclusion.status().WithContext("checking " + store->Name());
    MR_RETURN_IF_ERROR(removed.WithContext("removing the check's object"));
    Log(LogLevel::kInfo, "{}: concurrent writers are kept apart {}", store->Name(),
        *exclusion == Exclusion::kAtomic ? "by the store (level: atomic)"
                                         : "by a lock object (level: leased)");
    return Status::Ok();
  }

  Result<std::unique_ptr<Load>> OpenLoad(const ConfiguredCatalog& catalog,
                                         const LoadContext& context,
                                         CommitListener& listener) override {
    MR_RETURN_IF_ERROR(CheckLakeCatalog(catalog, layout_, format_));  // before any contact
    MR_ASSIGN_OR_RETURN(auto store, open_store_(context.abandon));
    return OpenLakeLoad(std::move(store), layout_, format_, dedup_, catalog, context, listener);
  }

  Result<std::unique_ptr<TableScan>> Scan(const ConfiguredStream& stream,
                                          const std::vector<std::string>& columns) override {
    MR_ASSIGN_OR_RETURN(auto store, open_store_({}));
    return OpenLakeScan(std::move(store), layout_, format_, stream, columns);
  }

 private:
  const OpenStore open_store_;
  const LayoutConfig layout_;
  const FileFormat format_;
  const DedupOptions dedup_;
};

}  // namespace

std::unique_ptr<ReadableDestination> MakeLakeDestination(OpenStore open_store, LayoutConfig layout,
                                                         FileFormat format, DedupOptions dedup) {
  return std::make_unique<LakeDestination>(std::move(open_store), std::move(layout),
                                           std::move(format), dedup);
}

}  // namespace millrace
