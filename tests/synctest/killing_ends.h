#pragma once

#include <csignal>
#include <memory>

#include "connector/destination.h"
#include "protocol/state_store.h"
#include "sync_world.h"

namespace millrace::synctest {

/// Counts how often a sync has come to a place, and ends the process when it is the place's turn.
class Killer {
 public:
  explicit Killer(std::optional<KillPoint> point) : point_(point) {}

  void Reach(KillPoint::Place place) {
    if (point_ && point_->place == place && ++reached_ == point_->nth) std::raise(SIGKILL);
  }

 private:
  const std::optional<KillPoint> point_;
  int reached_ = 0;
};

/// The product's state store, with a killer before and after each save.
class KillingStateStore : public StateStore {
 public:
  KillingStateStore(StateStore& store, Killer& killer) : store_(store), killer_(killer) {}

  Result<SavedState> Load() override { return store_.Load(); }
  Status Save(const StateMessage& state, CheckpointId checkpoint,
              const RecordCounts& counts) override {
    killer_.Reach(KillPoint::Place::kBeforeSave);
    const Status status = store_.Save(state, checkpoint, counts);
    killer_.Reach(KillPoint::Place::kAfterSave);
    return status;
  }

 private:
  StateStore& store_;
  Killer& killer_;
};

/// The product's load, with a killer before and after each FinishStream.
class KillingLoad : public Load {
 public:
  KillingLoad(std::unique_ptr<Load> load, Killer& killer)
      : load_(std::move(load)), killer_(killer) {}

  Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream& stream,
                                                   const SchemaPtr& schema, int lane) override {
    return load_->OpenWriter(stream, schema, lane);
  }
  Status Commit(const Checkpoint& checkpoint, std::vector<StagedParts> parts) override {
    return load_->Commit(checkpoint, std::move(parts));
  }
  Status FinishStream(const StreamDescriptor& stream, StreamStatus status) override {
    killer_.Reach(KillPoint::Place::kBeforeFinish);
    const Status finished = load_->FinishStream(stream, status);
    killer_.Reach(KillPoint::Place::kAfterFinish);
    return finished;
  }
  bool HasCommitsOf(const StreamDescriptor& stream) const override {
    return load_->HasCommitsOf(stream);
  }
  Status Close() override { return load_->Close(); }

 private:
  std::unique_ptr<Load> load_;
  Killer& killer_;
};

/// The product's destination, whose load is a KillingLoad.
class KillingDestination : public Destination {
 public:
  KillingDestination(Destination& destination, Killer& killer)
      : destination_(destination), killer_(killer) {}

  Status Check() override { return destination_.Check(); }
  Result<std::unique_ptr<Load>> OpenLoad(const ConfiguredCatalog& catalog,
                                         const LoadContext& context,
                                         CommitListener& listener) override {
    MR_ASSIGN_OR_RETURN(auto load, destination_.OpenLoad(catalog, context, listener));
    return std::make_unique<KillingLoad>(std::move(load), killer_);
  }

 private:
  Destination& destination_;
  Killer& killer_;
};

}  // namespace millrace::synctest
