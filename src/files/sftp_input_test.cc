#include "files/sftp_input.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "clients/ssh/testing/ssh_server.h"

namespace millrace {
namespace {

std::string ReadAll(ByteReader& reader, Status* status) {
  std::string all;
  char block[10'000];
  for (;;) {
    const auto got = reader.Read(block, sizeof(block));
    if (!got.ok()) {
      *status = got.status();
      return all;
    }
    if (*got == 0) return all;
    all.append(block, static_cast<size_t>(*got));
  }
}

class SftpInputTest : public testing::Test {
 protected:
  void SetUp() override {
    server_ = SshServer::Start();
    ASSERT_NE(server_, nullptr) << "no sshd here: run scripts/setup.sh tests";
    for (int i = 0; i < 300'000; ++i) content_ += std::to_string(i) + "\n";
    path_ = server_->folder() + "/data.csv";
    std::ofstream(path_) << content_;
  }

  std::string Read(FileInput& input, int64_t offset, int64_t size) {
    auto reader = input.Open(offset, size);
    EXPECT_TRUE(reader.ok());
    Status status;
    std::string text = ReadAll(**reader, &status);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return text;
  }

  std::unique_ptr<SshServer> server_;
  std::string path_, content_;
};

TEST_F(SftpInputTest, ReadsAnyPart) {
  const auto input = MakeSftpInput(server_->WithPassword(), path_);
  const auto facts = input->Stat();
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(facts->size, static_cast<int64_t>(content_.size()));
  EXPECT_TRUE(facts->ranged);
  EXPECT_EQ(Read(*input, 0, -1), content_);
  EXPECT_EQ(Read(*input, 1'000'000, -1), content_.substr(1'000'000));
  EXPECT_EQ(Read(*input, 65'537, 100'000), content_.substr(65'537, 100'000));
  EXPECT_EQ(Read(*input, 5, 1), content_.substr(5, 1));
  EXPECT_EQ(Read(*input, static_cast<int64_t>(content_.size()), -1), "");
  EXPECT_EQ(input->name().find(SshServer::kPassword), std::string::npos);
}

TEST_F(SftpInputTest, ReadsTwoPartsAtOnce) {
  const auto input = MakeSftpInput(server_->WithPassword(), path_);
  auto first = input->Open(0, -1);
  auto second = input->Open(500'000, -1);
  char a = 0, b = 0;
  for (size_t at = 0; at < 100; ++at) {
    ASSERT_EQ(*(*first)->Read(&a, 1), 1);
    ASSERT_EQ(*(*second)->Read(&b, 1), 1);
    EXPECT_EQ(a, content_[at]);
    EXPECT_EQ(b, content_[500'000 + at]);
  }
}

TEST_F(SftpInputTest, SaysWhatIsWrong) {
  const auto error = [](SshOptions options, const std::string& path) {
    const Status status = MakeSftpInput(std::move(options), path)->Stat().status();
    EXPECT_TRUE(status.failed());
    return status.failed() ? status.error() : Error{};
  };
  const Error missing = error(server_->WithPassword(), path_ + ".none");
  EXPECT_EQ(missing.type, FailureType::kConfigError);
  EXPECT_NE(missing.message.find("no such file"), std::string::npos);
  EXPECT_NE(error(server_->WithPassword(), server_->folder()).message.find("folder"),
            std::string::npos);
  SshOptions wrong = server_->WithPassword();
  wrong.password = "no-password-of-mine";
  const Error refused = error(wrong, path_);
  EXPECT_EQ(refused.type, FailureType::kConfigError);
  EXPECT_EQ(refused.message.find(wrong.password), std::string::npos);
}

TEST_F(SftpInputTest, NoticesThatTheServerIsGone) {
  SshOptions options = server_->WithPassword();
  options.connect_timeout = std::chrono::seconds(5);
  const auto input = MakeSftpInput(options, path_);
  auto reader = input->Open(0, -1);
  char block[100];
  ASSERT_EQ(*(*reader)->Read(block, sizeof(block)), 100);
  server_->Stop();
  Status status;
  const std::string rest = ReadAll(**reader, &status);
  EXPECT_LT(rest.size(), content_.size());
  ASSERT_TRUE(status.failed());
  EXPECT_EQ(status.error().type, FailureType::kTransientError);
}

}  // namespace
}  // namespace millrace
