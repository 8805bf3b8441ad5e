#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment_text.h"
#include "base/json.h"
#include "base/result.h"
#include "catalogue/install/image_layer.h"
#include "clients/http/http_client.h"

namespace millrace {

/// One layer of an image, or another object of a registry.
struct ImageLayer {
  std::string digest;  ///< "sha256:…"
  int64_t size = 0;    ///< bytes
};

/// Where an image lies.
struct ImagePlace {
  std::string base;        ///< "https://host": the registry, without a slash at its end
  std::string repository;  ///< "airbyte/source-x"
  std::string user, password;
};

/// The registry of a repository as images are named ("airbyte/source-x", "host:5000/name"): its own
/// host, else MILLRACE_IMAGE_REGISTRY ("https://USER:PASSWORD@host"), else Docker's.
Result<ImagePlace> PlaceOfImage(std::string_view repository, const Environment& environment);

/// Reads images by a registry's HTTP API (OCI distribution specification), without any container
/// engine. Everything is held against its digest; sizes are bounded: documents 4 MiB, layers 4 GiB
/// each, 256 of them. Blocks with the client's deadlines; one thread.
class ImageRegistry {
 public:
  ImageRegistry(ImagePlace place, std::stop_token stop);

  /// The layers for linux/amd64 of a tag, the lowest first. Config errors: no such image or tag, no
  /// access, an image for other machines, a damaged one. Transient: it can't be reached.
  Result<std::vector<ImageLayer>> Layers(const std::string& tag);

  /// Reads layers from the last to the first until one of the files is there or none can be any
  /// more.
  Status Search(const std::vector<ImageLayer>& layers, const LayerLimits& limits,
                std::vector<ImageFile>* files);

 private:
  /// A document of the registry; `digest` empty: whatever it is.
  Result<Json> Document(const std::string& reference, const std::string& digest);
  Result<HttpReply> Get(const std::string& path, const std::string& accept);
  HttpCall Call(const std::string& path, const std::string& accept) const;
  /// Gets a token as WWW-Authenticate says.
  Status Authenticate(std::string_view challenge);
  std::string BasicHeader() const;

  const ImagePlace place_;
  const std::stop_token stop_;
  HttpClient client_;
  std::string authorization_;  // the header's value; empty: none
};

}  // namespace millrace
