#include "declarative/manifest/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/manifest/builder_manifest.h"
#include "declarative/manifest/manifest_normalizer.h"
#include "declarative/manifest/parameter_propagation.h"
#include "declarative/manifest/reference_resolver.h"
#include "declarative/manifest/testing/golden_rows.h"
#include "declarative/manifest/yaml_reader.h"

namespace millrace {
namespace {

using testing::HasSubstr;

std::string Outcome(const std::string& what, const PyValue& value) {
  const Result<PyValue> made =
      what == "refs" ? ResolveReferences(value)
                     : PropagateParameters(value, "", PyDict{{"up", 1}, {"x", 9}},
                                           what == "own" ? ParameterPrecedence::kOwn
                                                         : ParameterPrecedence::kParent);
  return made.ok() ? PyRepr(*made) : "error";
}

TEST(ManifestTest, ReferencesAndParametersAreResolvedAsTheCdkDoes) {
  const auto rows = GoldenRows("resolution.tsv");
  EXPECT_GT(rows.size(), 100u);
  for (const auto& row : rows) {
    const std::string text = ParsePyJson(row[1])->str();
    EXPECT_EQ(Outcome(row[0], *ReadYaml(text)), row[2]) << row[0] << " " << text;
  }
}

TEST(ManifestTest, ReferencesThatMultiplyAreBounded) {
  std::string text = "a0: [x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    text += "a" + std::to_string(i) + ": [";
    for (int j = 0; j < 8; ++j) text += "\"#/a" + std::to_string(i - 1) + "\", ";
    text += "]\n";
  }
  EXPECT_THAT(ResolveReferences(*ReadYaml(text)).status().ToString(), HasSubstr("make more than"));
}

constexpr std::string_view kManifest = R"(version: 7.0.0
type: DeclarativeSource
check:
  stream_names: [users]
definitions:
  requester:
    type: HttpRequester
    url_base: https://example.com
    http_method: GET
    authenticator:
      type: BearerAuthenticator
      api_token: "{{ config['token'] }}"
streams:
  - name: users
    $parameters:
      path: /users
    retriever:
      type: SimpleRetriever
      requester:
        $ref: "#/definitions/requester"
      record_selector:
        extractor:
          field_path: []
    schema_loader:
      type: InlineSchemaLoader
      schema: {}
)";

std::string With(std::string_view old_text, std::string_view new_text) {
  std::string text(kManifest);
  return text.replace(text.find(old_text), old_text.size(), new_text);
}

TEST(ManifestTest, LoadsText) {
  const Result<Manifest> manifest = LoadManifest(kManifest);
  ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
  const Component stream = (*manifest->root().Children("streams"))[0];
  EXPECT_EQ(stream.type(), "DeclarativeStream");
  const Component requester = *(*stream.Child("retriever")).Child("requester");
  EXPECT_EQ(requester.type(), "HttpRequester");
  EXPECT_EQ(*requester.Text("path"), "/users");
  EXPECT_EQ(requester.line(), 7);  // where it is written, not where it is referred to
}

TEST(ManifestTest, RefusalsNameComponentFieldAndLine) {
  struct Row {
    std::string text;
    std::string_view message;
  };
  const Row rows[] = {
      {With("GET", "PUT"),
       "HttpRequester at line 7 (streams.0.retriever.requester): http_method (line 9) must be one "
       "of 'GET', 'POST', not 'PUT'"},
      {With("type: BearerAuthenticator", "type: BearerAutenticator"),
       "authenticator (line 10) can't be of type 'BearerAutenticator'; did you mean "
       "BearerAuthenticator"},
      {With("api_token", "api_tokn"),
       "BearerAuthenticator at line 11 (streams.0.retriever.requester.authenticator): api_token is "
       "missing; is api_tokn meant to be it?"},
      {With("definitions:", "definitons:"),
       "the reference #/definitions/requester refers to nothing"},
      {With("version: 7.0.0", "version: 7"),
       "DeclarativeSource at line 1: version must be text, not a whole number"},
      {With("streams:\n", "stream:\n"), "DeclarativeSource at line 1: needs streams or"},
      {With("type: DeclarativeSource", "other: 5"), "other (line 2) is no field that it has"},
      {With("field_path: []", "field_path: x"),
       "DpathExtractor at line 23 (streams.0.retriever.record_selector.extractor): field_path must "
       "be "
       "a list, not 'x'"},
      {With("type: SimpleRetriever", "type: CheckStream"), "can't be of type 'CheckStream'"},
      {"- 1", "the manifest must be a mapping, not a list"},
      {"", "the manifest is empty"},
      {"a: [", "reading the manifest: line 2, column 1"},
  };
  for (const Row& row : rows) {
    const Result<Manifest> manifest = LoadManifest(row.text);
    ASSERT_FALSE(manifest.ok()) << row.message;
    EXPECT_THAT(manifest.status().ToString(), HasSubstr(std::string(row.message)));
    EXPECT_EQ(manifest.status().error().type, FailureType::kConfigError);
  }
}

TEST(ManifestTest, NoVersionIsRefused) {
  for (const std::string_view version : {"0.1.0", "99.0.0", "'latest'"}) {
    EXPECT_TRUE(LoadManifest(With("7.0.0", version)).ok()) << version;
  }
}

TEST(ManifestTest, BuildersReadOneAtATime) {
  const Result<PyValue> resolved = ResolveTextForBuilder(kManifest);
  ASSERT_TRUE(resolved.ok()) << resolved.status().ToString();
  EXPECT_EQ(PyRepr(*resolved->Find("concurrency_level")),
            "{'type': 'ConcurrencyLevel', 'default_concurrency': 1}");
}

std::string Joined(std::string_view base, std::string_view url) {
  return std::string(base) + std::string(url);
}

TEST(ManifestMigrationsTest, RequestersGetTodaysFields) {
  struct Row {
    std::string_view requester, expected;
  };
  const Row rows[] = {
      {"{type: HttpRequester, url_base: 'h/', path: /p}",
       "{'type': 'HttpRequester', 'url': 'h/p'}"},
      {"{type: HttpRequester, url_base: h, path: ''}", "{'type': 'HttpRequester', 'url': 'h'}"},
      {"{type: HttpRequester, url: h, path: p}", "{'type': 'HttpRequester', 'url': 'h/p'}"},
      {"{type: HttpRequester, path: p}", "{'type': 'HttpRequester', 'path': 'p'}"},  // no base
      {"{type: HttpRequester, request_body_json: {a: 1}}",
       "{'type': 'HttpRequester', 'request_body': {'type': 'RequestBodyJsonObject', 'value': {'a': "
       "1}}}"},
      {"{type: HttpRequester, request_body_json: {query: q}}",
       "{'type': 'HttpRequester', 'request_body': {'type': 'RequestBodyGraphQL', 'value': "
       "{'query': "
       "'q'}}}"},
      {"{type: HttpRequester, request_body_data: x}",
       "{'type': 'HttpRequester', 'request_body': {'type': 'RequestBodyUrlEncodedForm', 'value': "
       "'x'}}"},
      {"{type: HttpRequester, request_body_json: '{{ x }}'}",
       "{'type': 'HttpRequester', 'request_body_json': '{{ x }}'}"},
      {"{type: CustomRequester, url_base: h}", "{'type': 'CustomRequester', 'url_base': 'h'}"},
      {"{type: DynamicDeclarativeStream, r: {type: HttpRequester, url_base: h}}",
       "{'type': 'DynamicDeclarativeStream', 'r': {'type': 'HttpRequester', 'url_base': 'h'}}"},
  };
  for (const Row& row : rows) {
    const PyValue manifest = PyDict{{"version", "1.0.0"}, {"r", *ReadYaml(row.requester)}};
    const PyValue migrated = MigrateManifest(manifest, &Joined, Clock::System());
    EXPECT_EQ(PyRepr(*migrated.Find("r")), row.expected);
    const bool changed = !PyEqual(*migrated.Find("r"), *manifest.Find("r"));
    EXPECT_EQ(migrated.Find("metadata") != nullptr, changed) << row.requester;
  }
}

TEST(ManifestNormalizerTest, LinksWhatComponentsShare) {
  const PyValue resolved = *ReadYaml(R"(
type: DeclarativeSource
definitions: {unused: {type: X}}
streams:
  - type: DeclarativeStream
    retriever:
      type: SimpleRetriever
      requester: {type: HttpRequester, url_base: u, authenticator: {type: NoAuth}}
  - type: DeclarativeStream
    retriever:
      type: SimpleRetriever
      requester: {type: HttpRequester, url_base: u, authenticator: {type: NoAuth}, path: p}
)");
  const PyValue normal = NormalizeManifest(resolved);
  EXPECT_EQ(
      PyRepr(*normal.Find("definitions")),
      "{'linked': {'HttpRequester': {'url_base': 'u', 'authenticator': {'type': 'NoAuth'}}}}");
  EXPECT_EQ(PyRepr(*normal.Find("streams")->items()[1].Find("retriever")->Find("requester")),
            "{'type': 'HttpRequester', 'url_base': {'$ref': "
            "'#/definitions/linked/HttpRequester/url_base'}, 'authenticator': {'$ref': "
            "'#/definitions/linked/HttpRequester/authenticator'}, 'path': 'p'}");
  EXPECT_EQ(PyRepr(*resolved.Find("definitions")), "{'unused': {'type': 'X'}}");
}

}  // namespace
}  // namespace millrace
