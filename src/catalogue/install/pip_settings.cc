#include "catalogue/install/pip_settings.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/file_io.h"
#include "base/lower_case.h"

namespace millrace {
namespace {

constexpr int64_t kFileBytesMax = 1 << 20;

/// What pip calls it, and what uv does.
struct IndexSetting {
  const char* pip;
  const char* uv;
};
constexpr IndexSetting kSettings[] = {
    {"index-url", "UV_DEFAULT_INDEX"},
    {"extra-index-url", "UV_INDEX"},
    {"find-links", "UV_FIND_LINKS"},
    {"no-index", "UV_NO_INDEX"},
    {"trusted-host", "UV_INSECURE_HOST"},
    {"cert", "SSL_CERT_FILE"},
    {"proxy", "ALL_PROXY"},
};

/// Variables that would lead an installer elsewhere, or that only we need.
constexpr std::string_view kLeftOut[] = {
    "VIRTUAL_ENV", "CONDA_PREFIX",   "PYTHONHOME",       "PYTHONPATH",  "PYTHONSTARTUP",
    "PIP_TARGET",  "PIP_PREFIX",     "PIP_ROOT",         "PIP_USER",    "PIP_REQUIREMENT",
    "PIP_PYTHON",  "PIP_CONSTRAINT", "UV_CONSTRAINT",    "UV_PYTHON",   "UV_PROJECT_ENVIRONMENT",
    "UV_TARGET",   "UV_PREFIX",      "UV_SYSTEM_PYTHON", "DATABASE_URL"};

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
  const size_t end = text.find_last_not_of(kSpace);
  return begin == text.size() ? "" : text.substr(begin, end + 1 - begin);
}

bool IsIndexSetting(std::string_view key) {
  return std::any_of(std::begin(kSettings), std::end(kSettings),
                     [&](const IndexSetting& setting) { return setting.pip == key; });
}

/// The sections [global] and [install] of a file; a value may go on in indented lines.
void ReadConfigFile(const std::filesystem::path& path,
                    std::map<std::string, std::string>* settings) {
  const auto text = ReadFile(path, kFileBytesMax);
  if (!text.ok()) return;
  bool counts = false;
  std::string key;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string_view trimmed = Trimmed(line);
    if (trimmed.empty() || trimmed.front() == '#' || trimmed.front() == ';') continue;
    if (trimmed.front() == '[') {
      counts = trimmed == "[global]" || trimmed == "[install]";
      key.clear();
    } else if (line.front() == ' ' || line.front() == '\t') {
      if (!counts || key.empty()) continue;
      std::string& value = (*settings)[key];
      value += (value.empty() ? "" : " ") + std::string(trimmed);
    } else {
      const size_t equals = trimmed.find_first_of("=:");
      key = LowerCaseOf(Trimmed(trimmed.substr(0, equals)));
      std::replace(key.begin(), key.end(), '_', '-');
      if (!IsIndexSetting(key) || equals == std::string_view::npos) key.clear();
      if (counts && !key.empty()) (*settings)[key] = Trimmed(trimmed.substr(equals + 1));
    }
  }
}

std::string VariableOf(std::string_view setting) {
  std::string name = "PIP_";
  for (const char c : setting) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

}  // namespace

std::map<std::string, std::string> PipSettings(const Environment& environment) {
  std::map<std::string, std::string> settings;
  const std::filesystem::path home = environment("HOME").value_or("/");
  const std::filesystem::path config =
      environment("XDG_CONFIG_HOME").value_or((home / ".config").string());
  const std::string own = environment("PIP_CONFIG_FILE").value_or("");
  for (const std::filesystem::path& path :
       {std::filesystem::path("/etc/xdg/pip/pip.conf"), std::filesystem::path("/etc/pip.conf"),
        home / ".pip" / "pip.conf", config / "pip" / "pip.conf", std::filesystem::path(own)}) {
    if (!path.empty()) ReadConfigFile(path, &settings);
  }
  for (const IndexSetting& setting : kSettings) {
    const auto value = environment(VariableOf(setting.pip));
    if (value && !value->empty()) settings[setting.pip] = *value;
  }
  return settings;
}

std::vector<std::string> UvVariables(const std::map<std::string, std::string>& pip_settings,
                                     const Environment& environment) {
  std::vector<std::string> variables;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!environment(name)) variables.push_back(name + "=" + value);
  };
  const bool own_index = environment("UV_INDEX_URL").has_value();  // its older name
  for (const IndexSetting& setting : kSettings) {
    const auto found = pip_settings.find(setting.pip);
    if (found == pip_settings.end()) continue;
    if (own_index && setting.pip == std::string_view("index-url")) continue;
    std::string value = found->second;
    // A list of folders has commas in uv's variable.
    if (setting.pip == std::string_view("find-links"))
      std::replace(value.begin(), value.end(), ' ', ',');
    add(setting.uv, value);
  }
  // pip takes the best version of any index; uv by itself stops at the first that has the package.
  if (pip_settings.contains("extra-index-url")) add("UV_INDEX_STRATEGY", "unsafe-best-match");
  return variables;
}

std::vector<std::string> InstallerEnvironment() {
  std::vector<std::string> environment;
  for (char** variable = ::environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string_view name = text.substr(0, text.find('='));
    const bool left_out =
        name.starts_with("MILLRACE_") ||
        std::find(std::begin(kLeftOut), std::end(kLeftOut), name) != std::end(kLeftOut);
    if (!left_out) environment.emplace_back(text);
  }
  return environment;
}

}  // namespace millrace
