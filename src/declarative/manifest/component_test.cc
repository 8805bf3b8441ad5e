#include "declarative/manifest/component.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

Component Requester() {
  PyValue child(PyDict{{"type", "NoAuth"}});
  child.set_line(14);
  PyValue node(PyDict{{"type", "HttpRequester"},
                      {"url_base", "https://example.com"},
                      {"use_cache", true},
                      {"limit", 5},
                      {"whole", 5.0},
                      {"empty", PyValue()},
                      {"names", PyValue::List({"a", "b"})},
                      {"mixed", PyValue::List({"a", 1})},
                      {"authenticator", child},
                      {"list", PyValue::List({child, child})},
                      {"$parameters", PyDict{{"name", "users"}}}});
  node.set_line(12);
  return Component(node, "streams.0.retriever.requester");
}

TEST(ComponentTest, HandsOutItsFieldsByKind) {
  const Component component = Requester();
  EXPECT_EQ(component.type(), "HttpRequester");
  EXPECT_EQ(component.parameters().Find("name")->str(), "users");
  EXPECT_EQ(*component.Text("url_base"), "https://example.com");
  EXPECT_EQ(*component.TextOr("path", "/"), "/");
  EXPECT_TRUE(*component.BoolOr("use_cache", false));
  EXPECT_EQ(*component.IntOr("limit", 1), 5);
  EXPECT_EQ(*component.IntOr("whole", 1), 5);
  EXPECT_EQ(*component.IntOr("empty", 1), 1);
  EXPECT_FALSE(component.Has("empty"));
  EXPECT_THAT(*component.TextList("names"), testing::ElementsAre("a", "b"));
  EXPECT_THAT(*component.TextList("nothing"), testing::IsEmpty());
}

TEST(ComponentTest, KnowsWhereItsChildrenStand) {
  const Component component = Requester();
  const Component child = *component.Child("authenticator");
  EXPECT_EQ(child.line(), 14);
  EXPECT_EQ(child.path(), "streams.0.retriever.requester.authenticator");
  EXPECT_FALSE((*component.ChildIf("nothing")).has_value());
  const std::vector<Component> children = *component.Children("list");
  ASSERT_EQ(children.size(), 2u);
  EXPECT_EQ(children[1].path(), "streams.0.retriever.requester.list.1");
  EXPECT_EQ((*component.Children("authenticator")).size(), 1u);
}

TEST(ComponentTest, ErrorsSayWhatAndWhere) {
  const Component component = Requester();
  const std::string where = "HttpRequester at line 12 (streams.0.retriever.requester): ";
  EXPECT_EQ(component.Text("path").status().ToString(), where + "path is missing");
  EXPECT_EQ(component.Text("limit").status().ToString(),
            where + "limit must be text, not a whole number");
  EXPECT_EQ(component.TextList("mixed").status().ToString(),
            where + "mixed must hold texts only, not a whole number");
  EXPECT_EQ(component.Child("url_base").status().ToString(),
            where + "url_base must be a component, not text");
  EXPECT_EQ(component.Child("url_base").status().error().type, FailureType::kConfigError);
  EXPECT_EQ(component.UnknownType("an authenticator").ToString(),
            where + "is not known as an authenticator");
  const Component custom(PyValue(PyDict{{"type", "CustomRetriever"}}), "");
  EXPECT_THAT(custom.UnknownType("a retriever").ToString(),
              testing::HasSubstr("CustomRetriever: is a custom Python class"));
}

}  // namespace
}  // namespace millrace
