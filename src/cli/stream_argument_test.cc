#include "cli/stream_argument.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

std::string ErrorOf(std::vector<std::string> arguments) {
  ConnectionFile file;
  file.path = "c.yaml";
  file.streams = std::vector<StreamSelection>(2);
  (*file.streams)[0].name = "lineitem";
  (*file.streams)[1].name = "orders";
  (*file.streams)[1].name_space = "public";
  const Status status = CheckStreamArguments(arguments, file);
  return status.ok() ? "" : status.ToString();
}

TEST(StreamArgument, MustNameAStreamOfTheFile) {
  EXPECT_EQ(ErrorOf({}), "");
  EXPECT_EQ(ErrorOf({"lineitem", "orders", "public.orders"}), "");
  EXPECT_EQ(ErrorOf({"anywhere.lineitem"}), "") << "its namespace is not known yet";
  EXPECT_EQ(ErrorOf({"lineitm"}),
            "--stream lineitm: c.yaml lists no such stream; did you mean lineitem?");
  EXPECT_EQ(ErrorOf({"nosuch"}), "--stream nosuch: c.yaml lists no such stream");
  EXPECT_NE(ErrorOf({"sales.orders"}), "");
  EXPECT_TRUE(CheckStreamArguments({"anything"}, ConnectionFile()).ok());
}

}  // namespace
}  // namespace millrace
