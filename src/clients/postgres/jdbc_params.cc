#include "clients/postgres/jdbc_params.h"

#include <cctype>

#include "base/log.h"

namespace millrace {
namespace {

struct JdbcParam {
  std::string_view jdbc;
  std::string_view libpq;  // empty: accepted, has no effect here
};

constexpr JdbcParam kParams[] = {
    {"ApplicationName", "application_name"},
    {"connectTimeout", "connect_timeout"},
    {"options", "options"},
    {"targetServerType", "target_session_attrs"},
    {"channelBinding", "channel_binding"},
    {"sslsni", "sslsni"},
    {"kerberosServerName", "krbsrvname"},
    {"tcpKeepAlive", "keepalives"},
    // Settings of the Java driver's own machinery.
    {"socketTimeout", ""},
    {"loginTimeout", ""},
    {"prepareThreshold", ""},
    {"preparedStatementCacheQueries", ""},
    {"defaultRowFetchSize", ""},
    {"reWriteBatchedInserts", ""},
    {"stringtype", ""},
    {"currentSchema", ""},
};

/// JDBC's targetServerType in libpq's words.
constexpr std::pair<std::string_view, std::string_view> kServerTypes[] = {
    {"any", "any"},
    {"primary", "primary"},
    {"master", "primary"},
    {"secondary", "standby"},
    {"slave", "standby"},
    {"preferSecondary", "prefer-standby"},
    {"preferSlave", "prefer-standby"},
};

Result<std::string> PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size() || !std::isxdigit(static_cast<unsigned char>(text[i + 1])) ||
        !std::isxdigit(static_cast<unsigned char>(text[i + 2]))) {
      return ConfigError("jdbc_url_params: '%' must be followed by two hexadecimal digits");
    }
    decoded += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return decoded;
}

std::string Translated(std::string_view libpq, std::string value) {
  if (libpq == "keepalives") return value == "false" ? "0" : "1";
  if (libpq != "target_session_attrs") return value;
  for (const auto& [jdbc, ours] : kServerTypes) {
    if (value == jdbc) return std::string(ours);
  }
  return value;
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> LibpqParamsFromJdbc(
    std::string_view text) {
  std::vector<std::pair<std::string, std::string>> params;
  while (!text.empty()) {
    const size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return ConfigError(
          "jdbc_url_params must look like name=value&name=value: parameter {} has no value",
          params.size() + 1);
    }
    const std::string_view name = pair.substr(0, equals);
    MR_ASSIGN_OR_RETURN(std::string value, PercentDecoded(pair.substr(equals + 1)));
    const JdbcParam* known = nullptr;
    for (const JdbcParam& param : kParams) {
      if (param.jdbc == name) known = &param;
    }
    if (known == nullptr) {
      Log(LogLevel::kWarn, "jdbc_url_params: \"{}\" has no meaning here and is ignored", name);
    } else if (!known->libpq.empty()) {
      params.emplace_back(known->libpq, Translated(known->libpq, std::move(value)));
    }
  }
  return params;
}

}  // namespace millrace
