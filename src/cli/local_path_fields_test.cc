#include "cli/local_path_fields.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

Json Resolved(const std::string& connector, Json config, const std::string& folder = "/etc") {
  ResolveLocalPaths(connector, folder, &config);
  return config;
}

TEST(LocalPathFields, ArePathsFromTheFolder) {
  EXPECT_EQ(Resolved("destination-local", {{"path", "../out/"}})["path"], "/out/");
  EXPECT_EQ(Resolved("destination-csv", {{"destination_path", "out"}})["destination_path"],
            "/etc/out");
  EXPECT_EQ(
      Resolved("source-file", {{"url", "a/b.csv"}, {"provider", {{"storage", "local"}}}})["url"],
      "/etc/a/b.csv");
}

TEST(LocalPathFields, WhatIsNoRelativePathStays) {
  EXPECT_EQ(Resolved("destination-local", {{"path", "/out"}})["path"], "/out");
  EXPECT_EQ(Resolved("destination-local", {{"path", "out"}}, ".")["path"], "out");
  EXPECT_EQ(Resolved("source-file", {{"url", "a/b.csv"}, {"provider", {{"storage", "S3"}}}})["url"],
            "a/b.csv");
  EXPECT_EQ(Resolved("source-file",
                     {{"url", "file:///x.csv"}, {"provider", {{"storage", "local"}}}})["url"],
            "file:///x.csv");
  EXPECT_EQ(Resolved("destination-postgres", {{"path", "out"}})["path"], "out");
}

}  // namespace
}  // namespace millrace
