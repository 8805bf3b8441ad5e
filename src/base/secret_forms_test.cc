#include "base/secret_forms.h"

#include <gtest/gtest.h>

#include "base/secrets.h"

namespace millrace {
namespace {

std::string Struck(const std::string& secret, std::string_view text) {
  return Secrets::Strike(text, SecretFormsOf({secret}));
}

TEST(SecretForms, APlainOneHasOne) {
  EXPECT_EQ(SecretForms("token17"), std::vector<std::string>{"token17"});
}

TEST(SecretForms, QuotesAndBackslashesAreStruckAsJsonAndPythonWriteThem) {
  const std::string secret = "pa\"ss\\wo'rd";
  for (const std::string text : {R"(pa"ss\wo'rd)", R"(pa\"ss\\wo'rd)", R"(pa"ss\\wo\'rd)"}) {
    EXPECT_EQ(Struck(secret, "with <" + text + ">"), "with <**********>");
  }
  EXPECT_EQ(Struck("it's-mine", R"({'password': "it's-mine"})"), R"({'password': "**********"})");
}

TEST(SecretForms, OtherLettersAreStruckAsTheyAreAndEscaped) {
  const std::string secret = "Schlüssel-€-17";
  for (const std::string text :
       {"Schlüssel-€-17", R"(Schl\u00fcssel-\u20ac-17)", R"(Schl\u00FCssel-\u20AC-17)",
        R"(Schl\xc3\xbcssel-\xe2\x82\xac-17)", "Schl%C3%BCssel-%E2%82%AC-17",
        "Schl%c3%bcssel-%e2%82%ac-17"}) {
    EXPECT_EQ(Struck(secret, "with <" + text + ">"), "with <**********>");
  }
}

TEST(SecretForms, AddressesHoldThemQuoted) {
  for (const std::string text :
       {"a b/c&d=e", "a%20b/c%26d%3De", "a%20b%2Fc%26d%3De", "a+b%2Fc%26d%3De", "a+b/c%26d%3De"}) {
    EXPECT_EQ(Struck("a b/c&d=e", "?q=" + text + "&x"), "?q=**********&x") << text;
  }
}

TEST(SecretForms, EachLongLineOfAKeyIsOne) {
  const std::string key =
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ+/\nshort\r\n"
      "kQ7Yb2yXk1Zf3p0aLm9nR4sT\n-----END PRIVATE KEY-----\n";
  EXPECT_EQ(Struck(key, "in line 2: MIIEvQIBADANBgkqhkiG9w0BAQ+/, kQ7Yb2yXk1Zf3p0aLm9nR4sT"),
            "in line 2: **********, **********");
  EXPECT_EQ(Struck(key, "it must begin with -----BEGIN PRIVATE KEY----- and be short"),
            "it must begin with -----BEGIN PRIVATE KEY----- and be short");
  std::string trimmed = key;
  trimmed.pop_back();
  EXPECT_EQ(Struck(key, "<" + trimmed + ">"), "<**********>");
}

TEST(SecretForms, AKeyWithinADocumentIsOne) {
  const std::string document =
      R"({"private_key": "-----BEGIN KEY-----\nkQ7Yb2yXk1Zf3p0aLm9nR4sT\n"})";
  EXPECT_EQ(Struck(document, "can't read kQ7Yb2yXk1Zf3p0aLm9nR4sT"), "can't read **********");
}

TEST(SecretForms, WhatIsRegisteredIsStruckInAllOfThem) {
  const Secrets::Scope scope({"first\"one"});
  Secrets::Register("the\nsecond");
  EXPECT_EQ(Secrets::Redact(R"(first\"one, the\nsecond)"), "**********, **********");
}

}  // namespace
}  // namespace millrace
