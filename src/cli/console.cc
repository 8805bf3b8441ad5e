#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/secrets.h"

namespace millrace {
namespace {

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads: not worth failing for
    text.remove_prefix(static_cast<size_t>(written));
  }
}

constexpr Console::Style kPlain = {};
constexpr Console::Style kColours = {"\x1b[31m", "\x1b[33m", "\x1b[32m",
                                     "\x1b[1m",  "\x1b[2m",  "\x1b[0m"};

const Console::Style& StyleOf(bool terminal) {
  const char* term = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  const bool refused = (no_color != nullptr && *no_color != '\0') ||
                       (term != nullptr && std::string_view(term) == "dumb");
  return terminal && !refused ? kColours : kPlain;
}

}  // namespace

void Console::Out(std::string_view text) { WriteAll(STDOUT_FILENO, Secrets::Redact(text)); }
void Console::Err(std::string_view text) { WriteAll(STDERR_FILENO, Secrets::Redact(text)); }

void Console::OutJson(const Json& json) {
  Out(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void Console::PrintError(std::string_view message) {
  const Style& style = ErrStyle();
  Err(fmt::format("{}error:{} {}\n", style.red, style.reset, VisibleText(message)));
}

void Console::PrintWarning(std::string_view message) {
  const Style& style = ErrStyle();
  Err(fmt::format("{}warning:{} {}\n", style.yellow, style.reset, VisibleText(message)));
}

int Console::Fail(const Status& status, bool verbose) {
  PrintError(status.ToString());
  if (verbose && status.failed()) {
    const Error& error = status.error();
    const Style& style = ErrStyle();
    Err(fmt::format("{}  type: {}{}\n", style.dim, ToString(error.type), style.reset));
    if (!error.internal.empty()) {
      Err(fmt::format("{}  detail: {}{}\n", style.dim, error.internal, style.reset));
    }
  }
  return 1;
}

bool Console::OutIsTerminal() { return ::isatty(STDOUT_FILENO) == 1; }
bool Console::ErrIsTerminal() { return ::isatty(STDERR_FILENO) == 1; }

int Console::ErrWidth() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

const Console::Style& Console::OutStyle() { return StyleOf(OutIsTerminal()); }
const Console::Style& Console::ErrStyle() { return StyleOf(ErrIsTerminal()); }

std::string VisibleText(std::string_view text) {
  std::string visible;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are controls too: two bytes in UTF-8.
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0xFF);
    if (byte == '\n') {
      visible += "\\n";
    } else if (byte == '\r') {
      visible += "\\r";
    } else if (byte == '\t') {
      visible += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      visible += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xC2 && next < 0xA0) {
      visible += fmt::format("\\x{:02x}", next);
      ++i;
    } else {
      visible += text[i];
    }
  }
  return visible;
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return width;
}

std::string CutToWidth(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width == 0) return "";
  size_t at = 0;
  for (size_t columns = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    if (columns++ == width - 1) break;
  }
  return std::string(text.substr(0, at)) + "…";
}

std::string FormatTable(const std::vector<std::vector<std::string>>& cells,
                        const std::vector<bool>& right, const Console::Style& style) {
  auto rows = cells;
  std::vector<size_t> widths(right.size(), 0);
  for (auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = VisibleText(row[i]);
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  }
  std::string text;
  for (size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (size_t i = 0; i < rows[r].size(); ++i) {
      const std::string padding(widths[i] - DisplayWidth(rows[r][i]), ' ');
      if (i > 0) line += "  ";
      line += right[i] ? padding + rows[r][i] : rows[r][i] + padding;
    }
    while (line.ends_with(' ')) line.pop_back();
    text += r == 0 ? fmt::format("{}{}{}\n", style.bold, line, style.reset) : line + "\n";
  }
  return text;
}

}  // namespace millrace
