#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "clients/object_store/object_store.h"
#include "formats/byte_sink.h"

namespace millrace {

/// A file writer's bytes into an upload that starts with the first of them: a stream whose rows
/// are still buffered holds no descriptor and no name. One thread.
class UploadSink : public ByteSink {
 public:
  using Start = std::function<Result<std::unique_ptr<ObjectUpload>>()>;

  explicit UploadSink(Start start) : start_(std::move(start)) {}

  Status Write(std::string_view bytes) override {
    MR_RETURN_IF_ERROR(EnsureStarted());
    return upload_->Write(bytes);
  }

  /// See ObjectUpload::Finish. A file without a byte is a file, too.
  Result<PendingUpload> Finish() {
    MR_RETURN_IF_ERROR(EnsureStarted());
    return upload_->Finish();
  }

 private:
  Status EnsureStarted() {
    if (upload_ != nullptr) return Status::Ok();
    MR_ASSIGN_OR_RETURN(upload_, start_());
    return Status::Ok();
  }

  const Start start_;
  std::unique_ptr<ObjectUpload> upload_;
};

}  // namespace millrace
