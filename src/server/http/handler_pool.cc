#include "server/http/handler_pool.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "server/http/reply_text.h"

namespace millrace {
namespace {

boost::asio::awaitable<void> Call(std::function<void()> work) {
  work();
  co_return;
}

}  // namespace

HandlerPool::HandlerPool(size_t threads, const RequestsInHand& in_hand, size_t waiting_max,
                         HttpServer::Handler handler)
    : in_hand_(in_hand),
      waiting_max_(waiting_max),
      handler_(std::move(handler)),
      threads_(threads) {}

HandlerPool::Awaitable<void> HandlerPool::Run(std::function<void()> work) {
  co_await boost::asio::co_spawn(threads_, Call(std::move(work)), boost::asio::use_awaitable);
}

HandlerPool::Awaitable<HttpResponse> HandlerPool::Answer(HttpRequest request) {
  if (in_hand_.count() > waiting_max_) co_return Refusal(503, "the server is busy: try again");
  HttpResponse response;
  co_await Run([&] {
    try {
      response = handler_(request);
    } catch (const std::exception& error) {
      Log(LogLevel::kError, "a request failed: {}", error.what());
      response = Refusal(500, "the server failed: see its log");
    }
  });
  co_return response;
}

HandlerPool::Awaitable<std::optional<HttpResponse>> HandlerPool::AskGate(
    const HttpServer::LargeBodyGate& gate, HttpRequest head) {
  std::optional<HttpResponse> answer;
  co_await Run([&] {
    try {
      answer = gate(std::move(head));
    } catch (const std::exception& error) {
      Log(LogLevel::kError, "a request failed: {}", error.what());
      answer = Refusal(500, "the server failed: see its log");
    }
  });
  co_return answer;
}

HandlerPool::Awaitable<HttpPiece> HandlerPool::Ask(const std::function<HttpPiece()>& next) {
  HttpPiece piece;
  co_await Run([&] {
    try {
      piece = next();
    } catch (const std::exception& error) {
      Log(LogLevel::kError, "a reply broke off: {}", error.what());
      piece = HttpPiece{"", true, {}};
    }
  });
  co_return piece;
}

void HandlerPool::Stop() {
  threads_.stop();
  threads_.join();
}

}  // namespace millrace
