#include <utility>

#include "clients/http/http_client.h"
#include "clients/http/http_error.h"
#include "clients/http/http_reader.h"
#include "files/bounded_reader.h"
#include "files/file_input.h"

namespace millrace {
namespace {

class HttpInput : public FileInput {
 public:
  explicit HttpInput(std::string url) : url_(std::move(url)), name_(SafeUrl(url_)) {}

  const std::string& name() const override { return name_; }

  Result<FileFacts> Stat() override {
    // A GET that is given up after its head: not every server answers HEAD.
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<HttpReader> reader, Start(0));
    const HttpResponseHead& head = reader->head();
    FileFacts facts;
    facts.size = reader->total_size();
    facts.version = head.Find("ETag");
    if (facts.version.empty()) facts.version = head.Find("Last-Modified");
    facts.ranged = facts.size >= 0 && head.Find("Accept-Ranges") == "bytes" &&
                   head.Find("Content-Encoding").empty();
    return facts;
  }

  Result<std::unique_ptr<ByteReader>> Open(int64_t offset, int64_t size) override {
    MR_ASSIGN_OR_RETURN(std::unique_ptr<HttpReader> reader, Start(offset));
    return std::make_unique<BoundedReader>(std::move(reader), size);
  }

 private:
  Result<std::unique_ptr<HttpReader>> Start(int64_t offset) {
    HttpSource source;
    source.make_request = [url = url_]() -> Result<HttpCall> {
      HttpCall request;
      request.url = url;
      return request;
    };
    return HttpReader::Open(client_, std::move(source), offset);
  }

  const std::string url_;
  const std::string name_;
  HttpClient client_;
};

}  // namespace

std::unique_ptr<FileInput> MakeHttpInput(std::string url) {
  return std::make_unique<HttpInput>(std::move(url));
}

}  // namespace millrace
