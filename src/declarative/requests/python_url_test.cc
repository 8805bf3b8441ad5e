#include "declarative/requests/python_url.h"

#include <gtest/gtest.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_value.h"
#include "declarative/requests/query_encoding.h"

namespace millrace {
namespace {

TEST(PythonUrlTest, JoinsAsUrllibDoes) {
  struct Case {
    const char *base, *url, *joined;
  };
  const Case cases[] = {
      {"http://h/a/b/", "c", "http://h/a/b/c"},
      {"http://h/a/", "/c", "http://h/c"},
      {"http://h/a/", "../c", "http://h/c"},
      {"http://h/a/b/", "./c/../d", "http://h/a/b/d"},
      {"http://h/", "http://o/x", "http://o/x"},
      {"http://h/a/", "//o/x", "http://o/x"},
      {"http://h/a/", "?q=1", "http://h/a/?q=1"},
      {"http://h/a/?z=1/", "c", "http://h/a/c"},
      {"http://h/a/", "x:y", "x:y"},
      {"http://h/a/", "c?d=/e/../f", "http://h/a/c?d=/e/../f"},
      {"http://h", "c", "http://h/c"},
      {"HTTP://H/a/", "c", "http://H/a/c"},
      {"h/a/", "c", "h/a/c"},
      {"http://h/a//b/", "c", "http://h/a/b/c"},
      {"http://h/a/", "c//d", "http://h/a/c/d"},
      {"http://h/a/", "c;p=1", "http://h/a/c;p=1"},
      {"http://h/a/", "..", "http://h/"},
  };
  for (const Case& c : cases) EXPECT_EQ(UrlJoin(c.base, c.url), c.joined) << c.base << " " << c.url;
}

TEST(PythonUrlTest, PreparesAsRequestsDoes) {
  struct Case {
    const char *url, *prepared;  // or the exception's name
  };
  const Case cases[] = {
      {"http://h", "http://h/?k=v+w"},
      {"http://h/\u00e4 b?x=\u00fc&y=a b#f g", "http://h/%C3%A4%20b?x=%C3%BC&y=a%20b&k=v+w#f%20g"},
      {"http://h/%7Ea%2fb%zz", "http://h/%257Ea%252Fb%25zz?k=v+w"},
      {"http://H:80/p;q", "http://h:80/p;q?k=v+w"},
      {"http://u:p@h/x", "http://u:p@h/x?k=v+w"},
      {"h/x", "MissingSchema"},
      {"http://", "InvalidURL"},
      {"http:///x", "InvalidURL"},
      {"ftp://h/x", "ftp://h/x"},
      {"mailto:x", "mailto:x"},
      {"  http://h/x y", "http://h/x%20y?k=v+w"},
      {"http://h?x", "http://h/?x&k=v+w"},
      {"http://h/a%20b?c=%41", "http://h/a%20b?c=A&k=v+w"},
      {"HTTP://h/x", "http://h/x?k=v+w"},
      {"http://h/a|b{c}\"", "http://h/a%7Cb%7Bc%7D%22?k=v+w"},
      {"http://[::1]:8/x", "http://[::1]:8/x?k=v+w"},
      {"http://*.x/", "InvalidURL"},
      {"http://h/a/../b/./c", "http://h/b/c?k=v+w"},
      {"http://h:99999/", "InvalidURL"},
      {"http://h:ab/", "InvalidURL"},
      {"http://h/p?a=[1]&b='x'", "http://h/p?a=%5B1%5D&b='x'&k=v+w"},
      {"http://h/?", "http://h/?k=v+w"},
      {"http://h/x?a=1#", "http://h/x?a=1&k=v+w"},
      {"http:/h/x", "InvalidURL"},
      {"https:h", "InvalidURL"},
      {"http://h/100%", "http://h/100%25?k=v+w"},
      {"http://h/%4", "http://h/%254?k=v+w"},
      {"http://h\\x/y", "http://h/%5Cx/y?k=v+w"},
      {"http://h/%e4%F6", "http://h/%E4%F6?k=v+w"},
  };
  for (const Case& c : cases) {
    const auto prepared = PrepareUrl(c.url, "k=v+w");
    if (prepared.ok()) {
      EXPECT_EQ(*prepared, c.prepared) << c.url;
    } else {
      EXPECT_TRUE(IsPyError(prepared.status(), c.prepared))
          << c.url << prepared.status().ToString();
    }
  }
}

TEST(PythonUrlTest, ReadsQueries) {
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"a", "1"}, {"b c", "x y"}, {"d", "\u00e4"}, {"a", "2"}};
  EXPECT_EQ(ParseQuery("a=1&b+c=x%20y&empty=&alone&d=%C3%A4&a=2"), expected);
}

TEST(QueryEncodingTest, EncodesPythonValues) {
  const PyDict params = {{"t", "a b&\u00e4~/"},
                         {"i", 5},
                         {"f", 1.5},
                         {"yes", true},
                         {"none", PyValue()},
                         {"l", PyValue::List({1, "x y", PyValue(), PyValue::List({2, 3})})},
                         {"b", PyValue::Bytes("\xff/")},
                         {"empty", ""},
                         {"nothing", PyValue::List()},
                         {"tuple", PyValue::Tuple({1, 2})},
                         {"keys", PyDict({{"p", 1}, {"q", 2}})},
                         {7, "number"}};
  const auto query = EncodeQuery(PyValue(params));
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(*query,
            "t=a+b%26%C3%A4~%2F&i=5&f=1.5&yes=True&l=1&l=x+y&l=2&l=3&b=%FF%2F&empty=&tuple=1&"
            "tuple=2&keys=p&keys=q&7=number");
}

}  // namespace
}  // namespace millrace
