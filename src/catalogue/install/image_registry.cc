#include "catalogue/install/image_registry.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json_parsing.h"
#include "base/lower_case.h"
#include "base/secrets.h"
#include "catalogue/install/digest_reader.h"
#include "clients/http/http_error.h"
#include "clients/http/http_reader.h"
#include "clients/s3/sigv4.h"

namespace millrace {
namespace {

constexpr const char* kPublicRegistry = "https://registry-1.docker.io";
constexpr int64_t kDocumentBytesMax = 4 << 20;
constexpr int64_t kLayerBytesMax = 4LL << 30;
constexpr size_t kLayersMax = 256;
constexpr const char* kManifests =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

/// RFC 4648.
std::string Base64Of(std::string_view bytes) {
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) {
      group = group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0);
    }
    for (size_t i = 0; i < 4; ++i) {
      text += at + i > bytes.size() ? '=' : kLetters[group >> (18 - 6 * i) & 63];
    }
  }
  return text;
}

std::string QueryText(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

/// The parameters of `Bearer realm="…",service="…"`, by small names.
std::map<std::string, std::string> ChallengeParameters(std::string_view text) {
  std::map<std::string, std::string> parameters;
  while (!text.empty()) {
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) break;
    std::string_view name = text.substr(0, equals);
    name.remove_prefix(std::min(name.find_first_not_of(" ,\t"), name.size()));
    text.remove_prefix(equals + 1);
    const bool quoted = text.starts_with('"');
    if (quoted) text.remove_prefix(1);
    const size_t end = std::min(text.find(quoted ? '"' : ','), text.size());
    parameters[LowerCaseOf(name)] = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parameters;
}

std::string TextAt(const Json& object, const char* key) {
  const Json value = object.is_object() ? object.value(key, Json()) : Json();
  return value.is_string() ? value.get<std::string>() : "";
}

Result<ImageLayer> DescriptorOf(const Json& json) {
  ImageLayer layer{TextAt(json, "digest"), 0};
  const Json size = json.is_object() ? json.value("size", Json()) : Json();
  if (!IsSha256Digest(layer.digest) || !size.is_number_integer() || size < 0) {
    return ConfigError("its manifest is damaged: an object without a sha256 digest or size");
  }
  layer.size = size.get<int64_t>();
  return layer;
}

/// The image for this kind of machine in a list of images.
Result<ImageLayer> ImageForLinux(const Json& index) {
  for (const Json& each : index.at("manifests")) {
    const Json platform = each.is_object() ? each.value("platform", Json()) : Json();
    if (TextAt(platform, "os") == "linux" && TextAt(platform, "architecture") == "amd64") {
      return DescriptorOf(each);
    }
  }
  return ConfigError("there is no image for linux/amd64 among those of that name");
}

Status StatusOf(const HttpCall& call, const HttpReply& reply) {
  if (reply.head.status == 404) return ConfigError("the registry has no such image or version");
  if (reply.head.status == 401 || reply.head.status == 403) {
    return ConfigError(
        "the registry refuses us ({}): there is no such image, or it needs a user and password "
        "(MILLRACE_IMAGE_REGISTRY=https://USER:PASSWORD@HOST)",
        reply.head.status);
  }
  return HttpStatusError(call, reply);
}

/// Bytes that are here already.
class TextReader : public ByteReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {}
  Result<int64_t> Read(char* out, int64_t size) override {
    const size_t count = std::min(rest_.size(), static_cast<size_t>(size));
    std::copy_n(rest_.data(), count, out);
    rest_.remove_prefix(count);
    return static_cast<int64_t>(count);
  }

 private:
  std::string_view rest_;
};

}  // namespace

Result<ImagePlace> PlaceOfImage(std::string_view repository, const Environment& environment) {
  ImagePlace place{kPublicRegistry, std::string(repository), "", ""};
  const size_t slash = repository.find('/');
  const std::string_view first = repository.substr(0, std::min(slash, repository.size()));
  const bool has_host =
      slash != std::string_view::npos &&
      (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  if (has_host) {
    place.base = "https://" + std::string(first);
    place.repository = repository.substr(slash + 1);
    return place;
  }
  std::string own = environment("MILLRACE_IMAGE_REGISTRY").value_or("");
  while (own.ends_with('/')) own.pop_back();
  if (own.empty()) return place;
  const size_t scheme = own.find("://");
  if (scheme == std::string::npos ||
      (!own.starts_with("https://") && !own.starts_with("http://"))) {
    return ConfigError("MILLRACE_IMAGE_REGISTRY is no URL: https://HOST, or http://HOST:PORT");
  }
  const size_t sign = own.rfind('@');
  if (sign != std::string::npos && sign > scheme) {
    const std::string login = own.substr(scheme + 3, sign - scheme - 3);
    const size_t colon = std::min(login.find(':'), login.size());
    place.user = login.substr(0, colon);
    place.password = login.substr(std::min(colon + 1, login.size()));
    if (!place.password.empty()) Secrets::Register(place.password);
    own.erase(scheme + 3, sign - scheme - 2);
  }
  place.base = own;
  return place;
}

ImageRegistry::ImageRegistry(ImagePlace place, std::stop_token stop)
    : place_(std::move(place)), stop_(std::move(stop)), client_([] {
        HttpOptions options;
        options.retry.attempts_max = 3;
        options.body_bytes_max = kDocumentBytesMax;
        return options;
      }()) {}

std::string ImageRegistry::BasicHeader() const {
  return "Basic " + Base64Of(place_.user + ":" + place_.password);
}

HttpCall ImageRegistry::Call(const std::string& path, const std::string& accept) const {
  HttpCall call;
  call.url = fmt::format("{}/v2/{}/{}", place_.base, place_.repository, path);
  if (!accept.empty()) call.headers.emplace_back("Accept", accept);
  if (!authorization_.empty()) call.headers.emplace_back("Authorization", authorization_);
  return call;
}

Result<HttpReply> ImageRegistry::Get(const std::string& path, const std::string& accept) {
  HttpCall call = Call(path, accept);
  MR_ASSIGN_OR_RETURN(HttpReply reply, client_.Send(call, stop_));
  if (reply.head.status == 401) {
    MR_RETURN_IF_ERROR(Authenticate(reply.head.Find("WWW-Authenticate")));
    call = Call(path, accept);
    MR_ASSIGN_OR_RETURN(reply, client_.Send(call, stop_));
  }
  if (!reply.head.ok()) return StatusOf(call, reply);
  return reply;
}

Status ImageRegistry::Authenticate(std::string_view challenge) {
  const size_t space = std::min(challenge.find(' '), challenge.size());
  const std::string scheme = LowerCaseOf(challenge.substr(0, space));
  if (scheme == "basic" && !place_.user.empty()) {
    authorization_ = BasicHeader();
    return Status::Ok();
  }
  const auto parameters = ChallengeParameters(challenge.substr(space));
  const auto realm = parameters.find("realm");
  if (scheme != "bearer" || realm == parameters.end()) {
    return ConfigError(
        "the registry asks for a user and password: "
        "MILLRACE_IMAGE_REGISTRY=https://USER:PASSWORD@HOST");
  }
  const bool plain = realm->second.starts_with("http://") && place_.base.starts_with("http://");
  if (!plain && !realm->second.starts_with("https://")) {
    return ConfigError("the registry sends us for a token to a place that is no https URL");
  }
  HttpCall call;
  call.url = fmt::format("{}{}scope={}", realm->second,
                         realm->second.find('?') == std::string::npos ? '?' : '&',
                         QueryText(fmt::format("repository:{}:pull", place_.repository)));
  if (const auto service = parameters.find("service"); service != parameters.end()) {
    call.url += "&service=" + QueryText(service->second);
  }
  if (!place_.user.empty()) call.headers.emplace_back("Authorization", BasicHeader());
  MR_ASSIGN_OR_RETURN(const HttpReply reply, client_.Send(call, stop_));
  if (!reply.head.ok()) return StatusOf(call, reply).WithContext("asking for a token");
  const char* fault = nullptr;
  const Json json = ParseJson(reply.body, {}, &fault);
  std::string token = TextAt(json, "token");
  if (token.empty()) token = TextAt(json, "access_token");
  if (token.empty() || token.find_first_of("\r\n") != std::string::npos) {
    return ConfigError("asking for a token: the reply has none");
  }
  Secrets::Register(token);
  authorization_ = "Bearer " + token;
  return Status::Ok();
}

Result<Json> ImageRegistry::Document(const std::string& reference, const std::string& digest) {
  MR_ASSIGN_OR_RETURN(const HttpReply reply, Get("manifests/" + reference, kManifests));
  const std::string said(reply.head.Find("Docker-Content-Digest"));
  for (const std::string& wanted : {digest, said}) {
    if (!IsSha256Digest(wanted)) continue;
    TextReader text(reply.body);
    MR_RETURN_IF_ERROR(DigestReader(text, wanted, -1).Finish());
  }
  const char* fault = nullptr;
  Json json = ParseJson(reply.body, {}, &fault);
  if (fault != nullptr || !json.is_object()) {
    return ConfigError("what the registry has under {} is no image", reference);
  }
  return json;
}

Result<std::vector<ImageLayer>> ImageRegistry::Layers(const std::string& tag) {
  MR_ASSIGN_OR_RETURN(Json document, Document(tag, ""));
  if (document.contains("manifests") && document["manifests"].is_array()) {
    MR_ASSIGN_OR_RETURN(const ImageLayer image, ImageForLinux(document));
    MR_ASSIGN_OR_RETURN(document, Document(image.digest, image.digest));
  }
  const Json list = document.value("layers", Json());
  if (!list.is_array() || list.size() > kLayersMax) {
    return ConfigError("what the registry has there is no image, or one of a kind that is too old");
  }
  std::vector<ImageLayer> layers;
  for (const Json& each : list) {
    MR_ASSIGN_OR_RETURN(ImageLayer layer, DescriptorOf(each));
    if (layer.size > kLayerBytesMax) {
      return ConfigError("{} has {} bytes: more than a layer may have", layer.digest, layer.size);
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

Status ImageRegistry::Search(const std::vector<ImageLayer>& layers, const LayerLimits& limits,
                             std::vector<ImageFile>* files) {
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    HttpSource source;
    source.make_request = [&]() -> Result<HttpCall> { return Call("blobs/" + layer->digest, ""); };
    source.explain = StatusOf;
    MR_ASSIGN_OR_RETURN(const auto reader, HttpReader::Open(client_, source, 0, stop_));
    DigestReader checked(*reader, layer->digest, layer->size);
    std::vector<ImageFile> found = *files;
    MR_RETURN_IF_ERROR(SearchLayer(checked, limits, stop_, &found));
    MR_RETURN_IF_ERROR(checked.Finish());
    *files = std::move(found);
    const bool any = std::any_of(files->begin(), files->end(),
                                 [](const ImageFile& file) { return file.content.has_value(); });
    const bool open = std::any_of(files->begin(), files->end(),
                                  [](const ImageFile& file) { return file.open(); });
    if (any || !open) return Status::Ok();
  }
  return Status::Ok();
}

}  // namespace millrace
