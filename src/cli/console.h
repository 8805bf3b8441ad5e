#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace millrace {

/// Where `millrace` prints. Results go to standard output; everything about how it goes (errors,
/// warnings, logs, progress) goes to standard error. Secrets are struck out of both. Main thread.
class Console {
 public:
  /// Strikes secrets; writes as it is.
  static void Out(std::string_view text);
  static void Err(std::string_view text);
  /// Indented, to standard output.
  static void OutJson(const Json& json);

  /// "error: message", in red on a terminal; always one line.
  static void PrintError(std::string_view message);
  static void PrintWarning(std::string_view message);
  /// The error's line; with `verbose` its internal detail too. Returns the exit code.
  static int Fail(const Status& status, bool verbose);

  static bool OutIsTerminal();
  static bool ErrIsTerminal();
  /// Columns of the terminal on standard error; 80 when it doesn't say.
  static int ErrWidth();

  // Colours for standard error and output, empty when they should not be used (no terminal,
  // NO_COLOR, TERM=dumb).
  struct Style {
    std::string_view red, yellow, green, bold, dim, reset;
  };
  static const Style& OutStyle();
  static const Style& ErrStyle();
};

/// Rows as an aligned table: the first row is the header. `right` columns are numbers. Cells are
/// made visible texts.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows,
                        const std::vector<bool>& right, const Console::Style& style);

/// `text` with its control characters written out ("\n", "\x1b"): a name can neither break a line
/// nor command the terminal.
std::string VisibleText(std::string_view text);

/// Columns that `text` takes on a terminal (UTF-8 characters).
size_t DisplayWidth(std::string_view text);
/// `text` cut to `width` columns, with "…" at the end when something was cut.
std::string CutToWidth(std::string_view text, size_t width);

}  // namespace millrace
