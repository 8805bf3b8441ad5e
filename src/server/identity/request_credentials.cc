#include "server/identity/request_credentials.h"

#include <fmt/format.h>
#include <sodium.h>
#include <strings.h>

#include "control/identity/sign_in.h"

namespace millrace {
namespace {

constexpr std::string_view kCookie = "millrace_session";
constexpr size_t kHeaderMax = 8192;

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool SameWord(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<std::string> Decoded(std::string_view base64) {
  while (base64.ends_with('=')) base64.remove_suffix(1);
  std::string text(base64.size(), '\0');
  size_t size = 0;
  const bool decoded = sodium_base642bin(reinterpret_cast<unsigned char*>(text.data()), text.size(),
                                         base64.data(), base64.size(), nullptr, &size, nullptr,
                                         sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0;
  if (!decoded) return std::nullopt;
  text.resize(size);
  return text;
}

}  // namespace

RequestCredentials CredentialsOf(const HttpRequest& request) {
  using Kind = RequestCredentials::Kind;
  const std::string_view header = Trimmed(request.Header("authorization"));
  if (header.empty()) return {};
  if (header.size() > kHeaderMax) return {Kind::kUnknown, {}, {}};
  const size_t space = std::min(header.find(' '), header.size());
  const std::string_view scheme = header.substr(0, space);
  const std::string_view rest = Trimmed(header.substr(space));
  if (SameWord(scheme, "Bearer")) return {Kind::kBearer, {}, std::string(rest)};
  if (!SameWord(scheme, "Basic")) return {Kind::kUnknown, {}, {}};
  const auto pair = Decoded(rest);
  const size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return {Kind::kUnknown, {}, {}};
  return {Kind::kBasic, pair->substr(0, colon), pair->substr(colon + 1)};
}

std::string SessionOf(const HttpRequest& request) {
  std::string_view rest = request.Header("cookie");
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view cookie = Trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t equals = cookie.find('=');
    if (equals != std::string_view::npos && cookie.substr(0, equals) == kCookie) {
      return std::string(cookie.substr(equals + 1));
    }
  }
  return {};
}

std::pair<std::string, std::string> SessionCookie(const HttpRequest& request,
                                                  const std::string& session) {
  const auto life =
      session.empty() ? std::chrono::seconds(0) : std::chrono::seconds(SignIn::kSessionLife);
  const bool secure = request.secure || request.Header("x-forwarded-proto") == "https";
  return {"Set-Cookie", fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}",
                                    kCookie, session, life.count(), secure ? "; Secure" : "")};
}

}  // namespace millrace
