#pragma once

#include <memory>
#include <string>

#include "connector/source.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/streams/declarative_engine.h"

namespace millrace {

/// A low-code manifest as a source.
class DeclarativeSource final : public Source {
 public:
  /// `messages` is owned by the source, like the engine that tells it things. `keep_undeclared`:
  /// fields that a stream's schema doesn't declare are kept in a column of their own.
  DeclarativeSource(std::unique_ptr<EngineMessages> messages,
                    std::unique_ptr<DeclarativeEngine> engine, bool keep_undeclared)
      : messages_(std::move(messages)),
        engine_(std::move(engine)),
        keep_undeclared_(keep_undeclared) {}

  Status Check() override;
  Result<Catalog> Discover() override;
  /// With the threads that the manifest's concurrency_level asks for.
  Status Read(const ConfiguredCatalog& catalog, const State& resume_from, SourceOutput& output,
              std::stop_token stop) override;

 private:
  const std::unique_ptr<EngineMessages> messages_;
  const std::unique_ptr<DeclarativeEngine> engine_;
  const bool keep_undeclared_;
};

/// What a configured catalog asks a manifest for. `states`: by stream.
Result<DeclarativeRead> DeclarativeReadOf(const ConfiguredCatalog& catalog,
                                          std::map<std::string, PyValue> states);

}  // namespace millrace
