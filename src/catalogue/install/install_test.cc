#include <gmock/gmock.h>

#include <fstream>
#include <map>

#include "catalogue/install/install_failure.h"
#include "catalogue/install/pip_settings.h"
#include "catalogue/install/python_interpreter.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

FailedInstall Failed(std::string said) {
  return {"source-faker", "airbyte-source-faker", "7.2.1", "/srv/connectors", std::move(said)};
}

TEST(InstallFailure, SaysWhatToDoAboutWhatInstallersSay) {
  struct {
    const char* said;
    FailureType type;
    const char* words;
  } const cases[] = {
      {"error: No solution found when resolving dependencies\n  cause: Because "
       "airbyte-source-faker was not found in the package registry and you require …",
       FailureType::kConfigError, "there is no package airbyte-source-faker"},
      {"ERROR: Could not find a version that satisfies the requirement "
       "airbyte-source-faker==7.2.1 (from versions: none)\nERROR: No matching distribution found "
       "for airbyte-source-faker==7.2.1",
       FailureType::kConfigError, "there is no package airbyte-source-faker"},
      {"error: No solution found\n  cause: Because there is no version of "
       "airbyte-source-faker==7.2.1 and you require airbyte-source-faker==7.2.1, …",
       FailureType::kConfigError, "has no such version"},
      {"ERROR: Could not find a version that satisfies the requirement "
       "airbyte-source-faker==7.2.1 (from versions: 1, 2, 3, 4, 5, 6, 7, 8, 9)\nERROR: No matching "
       "distribution found for airbyte-source-faker==7.2.1",
       FailureType::kConfigError, "no such version; the newest are 2, 3, 4, 5, 6, 7, 8, 9"},
      {"error: No solution found\n cause: Because there is no version of smart-open[all]==0.6.0 "
       "and airbyte-source-faker>=7 depends on smart-open[all]==0.6.0, …",
       FailureType::kConfigError, "smart-open[all]==0.6.0"},
      {"ERROR: No matching distribution found for smart-open[all]==0.6.0",
       FailureType::kConfigError, "what this version needs can't be had"},
      {"WARNING: Retrying after connection broken by 'NewConnectionError(…)'\nERROR: Could not "
       "find a version that satisfies the requirement (from versions: none)\nERROR: No matching "
       "distribution found for airbyte-source-faker==7.2.1",
       FailureType::kTransientError, "can't be reached"},
      {"error: Request failed after 3 retries in 8.3s\n  cause: dns error\n  cause: failed to "
       "lookup address information",
       FailureType::kTransientError, "can't be reached"},
      {"cause: Failed to copy to `x`: No space left on device (os error 28)",
       FailureType::kConfigError, "the disk is full"},
      {"SSLError(certificate verify failed)", FailureType::kConfigError, "is not trusted"},
      {"HTTP status client error (401 Unauthorized)", FailureType::kConfigError, "refuses us"},
      {"Segmentation fault", FailureType::kSystemError, "Segmentation fault"},
      {"", FailureType::kSystemError, "no reason was given"},
  };
  for (const auto& expected : cases) {
    const Status status = InstallFailure(Failed(expected.said));
    EXPECT_EQ(status.error().type, expected.type) << expected.said;
    EXPECT_THAT(status.ToString(), HasSubstr(expected.words));
    EXPECT_EQ(status.ToString().find('\n'), std::string::npos);
    EXPECT_LT(status.ToString().size(), 1000u);
  }
}

TEST(InstallFailure, KnowsAPythonThatDoesNotFit) {
  const std::string end = "\nERROR: No matching distribution found for airbyte-source-faker==7.2.1";
  EXPECT_EQ(NeededPython(Failed("ERROR: Ignored the following versions that require a different "
                                "python version: 7.2.0 Requires-Python <3.12; 7.2.1 "
                                "Requires-Python <3.13,>=3.10; 8.0 Requires-Python >=3.12" +
                                end)),
            "<3.13,>=3.10");
  EXPECT_EQ(NeededPython(Failed("7.2.0 Requires-Python <3.12" + end)), "");
  EXPECT_EQ(
      NeededPython(Failed("ERROR: Package 'airbyte-source-faker' requires a different Python: "
                          "3.11.7 not in '<3.6,>=3.5'")),
      "<3.6,>=3.5");
  EXPECT_EQ(NeededPython(Failed("")), "");
}

TEST(PythonInterpreter, FitsWhatAPackageAsksFor) {
  for (const char* range : {"", ">=3.10,<3.13", "<3.12,>=3.9", "~=3.11", "==3.11.*", ">3.10",
                            "!=3.12.*", " >= 3.9 , < 4", "nonsense"}) {
    EXPECT_TRUE(PythonFits(range, "3.11.7")) << range;
  }
  for (const char* range :
       {">=3.12", "<3.11", "==3.10.*", "<3.11.7", "~=3.12", "!=3.11.*", "==3.11", ">=3.10,<3.11"}) {
    EXPECT_FALSE(PythonFits(range, "3.11.7")) << range;
  }
  EXPECT_TRUE(PythonFits(">=3.9", "3.10.0"));
  EXPECT_TRUE(PythonFits("<3.13", "3.13.0rc1") == false);
}

TEST(PythonInterpreter, IsFoundByRunningWhatThePathHas) {
  const ScratchFolder folder = *ScratchFolder::Make();
  const auto write = [&](const char* name, const char* script) {
    const auto path = folder.path() / name;
    std::ofstream(path) << "#!/bin/sh\n" << script;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  };
  write("python3.11", "echo pyenv: command not found >&2; exit 127\n");
  write("python3.12", "echo /opt/py/3.12; echo 3.12.1\n");
  write("python3", "echo /usr/bin/python3; echo 3.12.1\n");
  const std::vector<std::string> environment = {"PATH=" + folder.path().string()};
  const auto found = FindPythons("", environment, {});
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(PythonsText(*found), "3.12.1 (/opt/py/3.12)");
  EXPECT_FALSE(FindPythons("python3.11", environment, {}).ok());
  EXPECT_EQ((*FindPythons("python3", environment, {}))[0].program, "/usr/bin/python3");
  EXPECT_THAT(FindPythons("", {"PATH=/nonexistent"}, {}).status().ToString(),
              HasSubstr("install Python 3.11 or 3.10"));
}

TEST(PipSettings, AreReadWhereThePersonPutThem) {
  const ScratchFolder home = *ScratchFolder::Make();
  std::filesystem::create_directories(home.path() / ".config" / "pip");
  std::ofstream(home.path() / ".config" / "pip" / "pip.conf")
      << "# comment\n[global]\nindex_url = https://a/simple\nextra-index-url =\n    "
         "https://b/simple\n"
         "    https://c/simple\ntimeout: 5\n[install]\nfind-links: /w x\n[list]\nproxy = no\n";
  std::map<std::string, std::string> variables = {{"HOME", home.path().string()},
                                                  {"PIP_CERT", "/etc/ca.pem"}};
  const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    return variables.contains(name) ? std::optional(variables[name]) : std::nullopt;
  };
  auto settings = PipSettings(environment);
  EXPECT_EQ(settings["index-url"], "https://a/simple");
  EXPECT_EQ(settings["extra-index-url"], "https://b/simple https://c/simple");
  EXPECT_EQ(settings.count("timeout"), 0u);
  EXPECT_EQ(settings.count("proxy"), 0u);
  EXPECT_THAT(
      UvVariables(settings, environment),
      UnorderedElementsAre("UV_DEFAULT_INDEX=https://a/simple",
                           "UV_INDEX=https://b/simple https://c/simple", "UV_FIND_LINKS=/w,x",
                           "SSL_CERT_FILE=/etc/ca.pem", "UV_INDEX_STRATEGY=unsafe-best-match"));
  variables["PIP_INDEX_URL"] = "https://own/simple";
  EXPECT_EQ(PipSettings(environment)["index-url"], "https://own/simple");
  variables["UV_INDEX_URL"] = "https://uv/simple";
  for (const std::string& variable : UvVariables(PipSettings(environment), environment)) {
    EXPECT_FALSE(variable.starts_with("UV_DEFAULT_INDEX"));
  }
}

}  // namespace
}  // namespace millrace
