#include "external/sent_states.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SentStatesTest : public ::testing::Test {
 protected:
  Json Send(CheckpointId id, const char* state) {
    return sent_.Add(id, *StateMessageFromJson(Json::parse(state)), 7);
  }
  std::vector<CheckpointId> Echo(const Json& state) { return sent_.Take(state).confirmed; }
  std::vector<CheckpointId> Echo(const char* state) { return Echo(Json::parse(state)); }

  SentStates sent_{1'000'000};
};

constexpr const char* kA1 =
    R"({"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},"stream_state":{"at":1,"of":{"x":2,"y":null}}}})";
constexpr const char* kA2 =
    R"({"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},"stream_state":{"at":2}}})";
constexpr const char* kB1 =
    R"({"type":"STREAM","stream":{"stream_descriptor":{"name":"a","namespace":"b"},"stream_state":{"at":1}}})";
constexpr const char* kGlobal =
    R"({"type":"GLOBAL","global":{"shared_state":{"lsn":5},"stream_states":[
        {"stream_descriptor":{"name":"a"},"stream_state":{"at":1}},
        {"stream_descriptor":{"name":"b"},"stream_state":{}}]}})";

TEST_F(SentStatesTest, SaysWhatAPlatformSays) {
  const Json fields = Send(3, kA1);
  EXPECT_EQ(fields["id"], 1'000'003);
  EXPECT_EQ(fields["sourceStats"]["recordCount"], 7.0);
  EXPECT_EQ(fields["stream"]["stream_state"]["at"], 1);
}

TEST_F(SentStatesTest, AnEchoIsKnownByItsNumber) {
  Send(1, kA1);
  Json echo = Send(2, kA1);
  echo["destinationStats"] = {{"recordCount", 1.0}};
  echo["stream"]["stream_state"] = "as this destination writes states";
  EXPECT_THAT(Echo(echo), ElementsAre(1, 2)) << "what came before it of its stream is covered";
  EXPECT_EQ(sent_.size(), 0u);
  EXPECT_EQ(sent_.bytes(), 0);
  const auto again = sent_.Take(echo);
  EXPECT_THAT(again.confirmed, IsEmpty());
  EXPECT_TRUE(again.known);
}

TEST_F(SentStatesTest, AnEchoIsKnownByItsContent) {
  Send(1, kA1);
  Send(2, kB1);
  EXPECT_THAT(Echo(R"({"stream":{"stream_state":{"of":{"x":2.0},"at":1.0},"stream_descriptor":
                       {"namespace":null,"name":"a"}},"more":[1],"type":"STREAM"})"),
              ElementsAre(1));
  EXPECT_THAT(Echo(kB1), ElementsAre(2));
  EXPECT_TRUE(sent_.Take(Json::parse(kB1)).known) << "twice";
}

TEST_F(SentStatesTest, ForeignNumbersDoNotMislead) {
  Send(1, kA1);
  Send(2, kA2);
  Json echo = Json::parse(kA1);
  echo["id"] = 2;
  EXPECT_THAT(Echo(echo), ElementsAre(1)) << "the program's own count";
  echo = Json::parse(kB1);
  echo["id"] = 1'000'002;
  EXPECT_THAT(Echo(echo), IsEmpty()) << "another stream's state";
}

TEST_F(SentStatesTest, StreamsAreEchoedOutOfTurn) {
  Send(1, kB1);
  Send(2, kA1);
  Send(3, kA2);
  EXPECT_THAT(Echo(kA2), ElementsAre(2, 3));
  EXPECT_EQ(sent_.size(), 1u);
  EXPECT_THAT(Echo(kB1), ElementsAre(1));
}

TEST_F(SentStatesTest, AGlobalStateCoversAll) {
  Send(1, kA1);
  Send(2, kGlobal);
  Send(3, kA2);
  EXPECT_THAT(Echo(R"({"type":"GLOBAL","global":{"stream_states":[
                       {"stream_descriptor":{"name":"b"},"stream_state":{}},
                       {"stream_descriptor":{"name":"a"},"stream_state":{"at":1}}],
                       "shared_state":{"lsn":5}}})"),
              ElementsAre(1, 2));
}

TEST_F(SentStatesTest, LegacyStatesComeBackInEitherForm) {
  Send(1, R"({"type":"LEGACY","data":{"at":1}})");
  EXPECT_THAT(Echo(R"({"data":{"at":1.0}})"), ElementsAre(1));
}

TEST_F(SentStatesTest, StatesOfOneContentAreTheOlderFirst) {
  Send(1, kA1);
  Send(2, kA1);
  EXPECT_THAT(Echo(kA1), ElementsAre(1));
  EXPECT_THAT(sent_.ConfirmedByContent(), ElementsAre(2)) << "at the end, the same position";
  EXPECT_THAT(Echo(kA1), ElementsAre(2));
  EXPECT_THAT(sent_.ConfirmedByContent(), IsEmpty());
}

TEST_F(SentStatesTest, StrangersAreToldApart) {
  Send(1, kA1);
  for (const char* stranger : {kA2, "{}", "7", "null", R"({"type":"STREAM"})", R"({"type":9})",
                               R"({"type":"STREAM","id":"x","stream":{"stream_descriptor":7}})"}) {
    const auto echo = sent_.Take(Json::parse(stranger));
    EXPECT_FALSE(echo.known) << stranger;
    EXPECT_THAT(echo.confirmed, IsEmpty());
  }
  EXPECT_THAT(Echo(kA1), ElementsAre(1));
}

}  // namespace
}  // namespace millrace
