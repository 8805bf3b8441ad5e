#pragma once

#include "clients/object_store/object_store.h"
#include "formats/byte_sink.h"

namespace millrace {

/// A file writer's bytes into an upload, which outlives the sink. One thread.
class UploadSink : public ByteSink {
 public:
  explicit UploadSink(ObjectUpload& upload) : upload_(upload) {}
  Status Write(std::string_view bytes) override { return upload_.Write(bytes); }

 private:
  ObjectUpload& upload_;
};

}  // namespace millrace
