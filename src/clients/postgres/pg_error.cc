#include "clients/postgres/pg_error.h"

#include <cctype>

namespace millrace {
namespace {

struct SqlStateRule {
  std::string_view prefix;  // of the SQLSTATE; the first rule that fits counts
  FailureType type;
  std::string_view advice;  // appended to the server's message
};

constexpr SqlStateRule kRules[] = {
    {"25006", FailureType::kConfigError, ""},     // read-only transaction
    {"25P03", FailureType::kTransientError, ""},  // idle-in-transaction timeout
    {"28", FailureType::kConfigError, ""},        // authorisation
    {"2BP01", FailureType::kConfigError, ""},     // other objects depend on it
    {"3D", FailureType::kConfigError, ""},        // no such database
    {"3F", FailureType::kConfigError, ""},        // no such schema
    {"42501", FailureType::kConfigError, "grant it to the configured user"},
    {"42P01", FailureType::kConfigError, "was it dropped or renamed? refresh the schema"},
    {"42703", FailureType::kConfigError, "was it dropped or renamed? refresh the schema"},
    {"42", FailureType::kConfigError, ""},
    {"22", FailureType::kConfigError, ""},  // a value that the server can't convert
    {"0A", FailureType::kConfigError, ""},  // not supported by this server
    {"08", FailureType::kTransientError, ""},
    {"40", FailureType::kTransientError, ""},  // rollback: deadlock, standby conflict
    {"53100", FailureType::kTransientError, "the server's disk is full"},
    {"53200", FailureType::kTransientError, "the server is out of memory"},
    {"53300", FailureType::kTransientError,
     "the server has no free connection: raise max_connections or lower max_db_connections"},
    {"53", FailureType::kTransientError, ""},
    {"54", FailureType::kConfigError, ""},  // one of the server's limits: columns, sizes
    {"55P03", FailureType::kTransientError, "something else holds a lock"},
    {"55", FailureType::kTransientError, ""},
    {"57014", FailureType::kTransientError,
     "if this was statement_timeout, raise it for the configured user"},
    {"57", FailureType::kTransientError, ""},  // shut down, terminated, starting up
    {"58", FailureType::kTransientError, ""},  // I/O errors at the server
};

const SqlStateRule* FindRule(std::string_view sql_state) {
  for (const SqlStateRule& rule : kRules) {
    if (sql_state.substr(0, rule.prefix.size()) == rule.prefix) return &rule;
  }
  return nullptr;
}

std::string_view FirstLine(std::string_view text) {
  const size_t end = text.find('\n');
  if (end != std::string_view::npos) text = text.substr(0, end);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

/// The position of " XXXXX: " (a SQLSTATE) at or after `from`; npos when there is none.
size_t FindSqlState(std::string_view text, size_t from) {
  for (size_t i = from; i + 8 <= text.size(); ++i) {
    if (text[i] != ' ' || text[i + 6] != ':' || text[i + 7] != ' ') continue;
    bool state = true;
    bool digit = false;
    for (size_t j = i + 1; j < i + 6; ++j) {
      const auto c = static_cast<unsigned char>(text[j]);
      state = state && (std::isdigit(c) || std::isupper(c));
      digit = digit || std::isdigit(c);
    }
    if (state && digit) return i + 1;
  }
  return std::string_view::npos;
}

bool Mentions(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

}  // namespace

FailureType FailureTypeOfSqlState(std::string_view sql_state) {
  if (sql_state.empty()) return FailureType::kTransientError;
  const SqlStateRule* rule = FindRule(sql_state);
  return rule == nullptr ? FailureType::kSystemError : rule->type;
}

Status PgErrorStatus(std::string_view sql_state, std::string_view primary,
                     std::string_view detail) {
  Error error;
  error.type = FailureTypeOfSqlState(sql_state);
  const SqlStateRule* rule = sql_state.empty() ? nullptr : FindRule(sql_state);
  const std::string_view line = FirstLine(primary);
  error.message = sql_state.empty() ? fmt::format("the connection to the server was lost: {}",
                                                  line.empty() ? "it was closed" : line)
                                    : std::string(line);
  if (rule != nullptr && !rule->advice.empty()) error.message += fmt::format(" ({})", rule->advice);
  error.internal = fmt::format("SQLSTATE {}: {}{}{}", sql_state.empty() ? "none" : sql_state,
                               primary, detail.empty() ? "" : "; ", detail);
  return Status::Failed(std::move(error));
}

Status PgConnectError(std::string_view where, std::string_view text) {
  // With several addresses or encryption modes there are several errors; the last one counts.
  size_t state = std::string_view::npos;
  for (size_t i = FindSqlState(text, 0); i != std::string_view::npos;
       i = FindSqlState(text, i + 7)) {
    state = i;
  }
  Error error;
  error.internal = std::string(text);
  if (state != std::string_view::npos) {
    const std::string_view sql_state = text.substr(state, 5);
    error.type = FailureTypeOfSqlState(sql_state);
    error.message = fmt::format("connecting to {}: {}", where, FirstLine(text.substr(state + 7)));
    return Status::Failed(std::move(error));
  }
  // No answer of a server: names and certificates are configuration, the network may come back.
  const bool names = Mentions(text, "could not translate host name");
  const bool tls =
      Mentions(text, "SSL") || Mentions(text, "certificate") || Mentions(text, "private key");
  const bool lost = Mentions(text, "SYSCALL error") || Mentions(text, "timeout expired");
  error.type = names || (tls && !lost) ? FailureType::kConfigError : FailureType::kTransientError;
  std::string_view line = FirstLine(text);
  // libpq's "connection to server at …, port … failed: why": only why.
  const size_t failed = line.find(" failed: ");
  if (line.substr(0, 10) == "connection" && failed != std::string_view::npos) {
    line = line.substr(failed + 9);
  }
  error.message = fmt::format("connecting to {}: {}{}", where, line,
                              tls && !lost ? " (see ssl_mode and its certificates)" : "");
  return Status::Failed(std::move(error));
}

std::string SqlStateOf(const Status& status) {
  constexpr std::string_view kPrefix = "SQLSTATE ";
  if (!status.failed()) return "";
  const std::string& internal = status.error().internal;
  if (internal.compare(0, kPrefix.size(), kPrefix) != 0) return "";
  const std::string state = internal.substr(kPrefix.size(), 5);
  return state == "none:" ? "" : state;
}

}  // namespace millrace
