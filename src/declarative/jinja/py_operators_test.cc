#include "declarative/jinja/py_operators.h"

#include <gtest/gtest.h>

#include <cmath>

#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

PyValue Dict(std::initializer_list<PyDict::Entry> entries) { return PyValue(PyDict(entries)); }

TEST(PyOperators, ReprIsPythons) {
  const std::pair<PyValue, std::string> kRows[] = {
      {PyValue(), "None"},
      {true, "True"},
      {-7, "-7"},
      {1.0, "1.0"},
      {1e16, "1e+16"},
      {123456789012345.6, "123456789012345.6"},
      {1e-5, "1e-05"},
      {0.0001, "0.0001"},
      {5e-324, "5e-324"},
      {-0.0, "-0.0"},
      {std::nan(""), "nan"},
      {-INFINITY, "-inf"},
      {"it's", "\"it's\""},
      {"both ' and \"", "'both \\' and \"'"},
      {"a\n\x01\xc2\xa0\xe2\x98\x83", "'a\\n\\x01\\xa0\xe2\x98\x83'"},
      {PyValue::Bytes("a\xff'"), "b\"a\\xff'\""},
      {PyValue::Tuple({1}), "(1,)"},
      {PyValue::Tuple({}), "()"},
      {PyValue::Set({}), "set()"},
      {PyValue::List({PyValue::Undefined(), PyValue::Markup("x")}), "[Undefined, Markup('x')]"},
      {Dict({{"a", PyValue::List({1, 2.5})}, {2, PyValue()}}), "{'a': [1, 2.5], 2: None}"},
      {PyIntFromText("-123456789012345678901234567890"), "-123456789012345678901234567890"},
  };
  for (const auto& [value, expected] : kRows) EXPECT_EQ(PyRepr(value), expected);
}

TEST(PyOperators, StrOfTextIsTheTextAndOfUndefinedNothing) {
  EXPECT_EQ(PyStr(PyValue("it's")), "it's");
  EXPECT_EQ(PyStr(PyValue::Undefined()), "");
}

TEST(PyOperators, AContainerWithinItselfEnds) {
  const PyValue list = PyValue::List({1});
  list.mutable_items().push_back(list);
  EXPECT_EQ(PyRepr(list), "[1, [...]]");
  EXPECT_FALSE(PyEqual(list, PyValue::List({1, 2})));
  list.mutable_items().clear();
}

TEST(PyOperators, DeepNestingIsReleasedWithoutRecursion) {
  PyValue nested = PyValue::List();
  for (int i = 0; i < 1'000'000; ++i) nested = PyValue::List({std::move(nested)});
  EXPECT_TRUE(PyTruthy(nested));
}

TEST(PyOperators, NumbersAreComparedExactly) {
  EXPECT_TRUE(PyEqual(1, 1.0));
  EXPECT_TRUE(PyEqual(true, 1));
  EXPECT_FALSE(PyEqual(PyValue(int64_t{9007199254740993}), 9007199254740992.0));
  EXPECT_TRUE(*PyLess(9007199254740992.0, PyValue(int64_t{9007199254740993})));
  EXPECT_TRUE(*PyLess(PyIntFromText("99999999999999999999"), 1e30));
  EXPECT_FALSE(*PyLess(1, std::nan("")));
}

TEST(PyOperators, WhatDoesNotCompareIsATypeError) {
  EXPECT_TRUE(IsPyError(PyLess(1, "a").status(), "TypeError"));
  EXPECT_TRUE(IsPyError(PyLess(PyValue::Undefined(), 1).status(), "UndefinedError"));
  EXPECT_TRUE(IsPyError(PyLess(PyValue::Hidden(), 1).status(), "SecurityError"));
}

TEST(PyOperators, ArithmeticGoesBeyond64Bits) {
  using Op = PyBinaryOperator;
  const PyValue most(INT64_MAX);
  EXPECT_EQ(PyStr(*PyBinary(Op::kAdd, most, 1)), "9223372036854775808");
  EXPECT_EQ(PyStr(*PyBinary(Op::kSub, *PyBinary(Op::kAdd, most, 1), 1)), "9223372036854775807");
  EXPECT_TRUE(PyBinary(Op::kSub, *PyBinary(Op::kAdd, most, 1), 1)->is_int());
  EXPECT_EQ(PyStr(*PyBinary(Op::kFloorDiv, -7, 2)), "-4");
  EXPECT_EQ(PyStr(*PyBinary(Op::kMod, -7, 3)), "2");
  EXPECT_EQ(PyStr(*PyBinary(Op::kMod, -7.5, 2)), "0.5");
  EXPECT_EQ(PyStr(*PyBinary(Op::kFloorDiv, PyValue(INT64_MIN), -1)), "9223372036854775808");
  EXPECT_TRUE(IsPyError(PyBinary(Op::kDiv, 1, 0).status(), "ZeroDivisionError"));
  EXPECT_TRUE(IsPyError(PyBinary(Op::kPow, 10, 1'000'000).status(), "OverflowError"));
  EXPECT_TRUE(IsPyError(PyBinary(Op::kMul, "a", int64_t{1} << 40).status(), "MemoryError"));
}

TEST(PyOperators, MarkupEscapesWhatIsAddedToIt) {
  const Result<PyValue> sum =
      PyBinary(PyBinaryOperator::kAdd, PyValue::Markup("<b>"), PyValue("<\"&'>"));
  EXPECT_EQ(sum->str(), "<b>&lt;&#34;&amp;&#39;&gt;");
  EXPECT_TRUE(sum->is_markup());
}

TEST(PyOperators, TextIsCountedInCharacters) {
  const PyValue text("a\xc3\xa9\xe2\x98\x83z");
  EXPECT_EQ(*PyLength(text), 4);
  EXPECT_EQ(PySubscript(text, -2)->str(), "\xe2\x98\x83");
  EXPECT_EQ(PySlice(text, PyValue(), PyValue(), -1)->str(),
            "z\xe2\x98\x83\xc3\xa9"
            "a");
  EXPECT_TRUE(IsPyError(PySubscript(text, 4).status(), "IndexError"));
}

TEST(PyOperators, DictsFindNumbersByValue) {
  PyDict dict;
  dict.Set(PyValue(1), "int");
  dict.Set(PyValue(1.0), "float");
  dict.Set(PyValue(true), "bool");
  ASSERT_EQ(dict.size(), 1u);
  EXPECT_EQ(dict.Find(PyValue(1.0))->str(), "bool");
  EXPECT_EQ(dict.Find("1"), nullptr);
}

}  // namespace
}  // namespace millrace
