#include <gtest/gtest.h>
#include <jwt.h>

#include <cstdlib>

#include "control/identity/access_token.h"
#include "control/identity/application_access.h"
#include "control/identity/sign_in.h"
#include "control/store/migrations.h"
#include "control/store/testing/each_engine.h"

namespace millrace {
namespace {

using std::chrono::seconds;

/// A clock that stands until it is moved.
class MovedClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(elapsed_); }
  WallTime WallNow() const override {
    return WallTime(std::chrono::hours(24 * 365 * 50) +
                    std::chrono::duration_cast<std::chrono::microseconds>(elapsed_));
  }
  void Move(std::chrono::nanoseconds span) { elapsed_ += span; }

 private:
  std::chrono::nanoseconds elapsed_ = std::chrono::hours(1);
};

const std::string kKey(32, 'k');

TEST(AccessTokens, SayWhoTheyWereGivenTo) {
  MovedClock clock;
  const AccessTokens tokens(kKey, clock);
  const auto token = tokens.Issue({"person-1", "client-1"});
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(std::count(token->begin(), token->end(), '.'), 2);
  const auto claims = tokens.Read(*token);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->person_id, "person-1");
  EXPECT_EQ(claims->client_id, "client-1");
  clock.Move(AccessTokens::kLife - seconds(1));
  EXPECT_TRUE(tokens.Read(*token));
  clock.Move(seconds(1));
  EXPECT_FALSE(tokens.Read(*token));
}

TEST(AccessTokens, BelieveNoOther) {
  MovedClock clock;
  const AccessTokens tokens(kKey, clock);
  const std::string token = *tokens.Issue({"person-1", "client-1"});
  EXPECT_FALSE(AccessTokens(std::string(32, 'x'), clock).Read(token));
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    // The last character of a part may carry bits that mean nothing.
    const auto claims = tokens.Read(changed);
    EXPECT_TRUE(!claims || claims->person_id == "person-1") << i;
  }
  for (const char* text : {"", ".", "..", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30."}) {
    EXPECT_FALSE(tokens.Read(text)) << text;
  }
  EXPECT_FALSE(tokens.Read(std::string(1 << 20, 'a')));
}

TEST(AccessTokens, BelieveNoOtherAlgorithm) {
  MovedClock clock;
  const auto signed_with = [](jwt_alg_t algorithm) {
    jwt_t* token = nullptr;
    EXPECT_EQ(jwt_new(&token), 0);
    const auto* key = reinterpret_cast<const unsigned char*>(kKey.data());
    EXPECT_EQ(jwt_set_alg(token, algorithm, algorithm == JWT_ALG_NONE ? nullptr : key,
                          algorithm == JWT_ALG_NONE ? 0 : 32),
              0);
    jwt_add_grants_json(token, R"({"iss":"millrace","sub":"p","client_id":"c","exp":9999999999})");
    char* const text = jwt_encode_str(token);
    const std::string copy(text);
    std::free(text);
    jwt_free(token);
    return copy;
  };
  const AccessTokens tokens(kKey, clock);
  EXPECT_TRUE(tokens.Read(signed_with(JWT_ALG_HS256)));
  EXPECT_FALSE(tokens.Read(signed_with(JWT_ALG_NONE)));
  EXPECT_FALSE(tokens.Read(signed_with(JWT_ALG_HS512)));
}

TEST(SignInLimit, MakesGuessersWait) {
  MovedClock clock;
  SignInLimit limit(clock);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(limit.WaitFor("192.0.2.1", "a").count(), 0) << i;
    limit.Failed("192.0.2.1", "a");
  }
  EXPECT_EQ(limit.WaitFor("192.0.2.1", "a"), seconds(10));
  EXPECT_EQ(limit.WaitFor("192.0.2.2", "a").count(), 0) << "others aren't kept out";
  EXPECT_EQ(limit.WaitFor("192.0.2.1", "b").count(), 0);
  clock.Move(seconds(10));
  EXPECT_EQ(limit.WaitFor("192.0.2.1", "a").count(), 0);
  limit.Failed("192.0.2.1", "a");
  EXPECT_EQ(limit.WaitFor("192.0.2.1", "a"), seconds(10));
  limit.Succeeded("192.0.2.1", "a");
  EXPECT_EQ(limit.WaitFor("192.0.2.1", "a").count(), 0);
}

TEST(SignInLimit, CountsAllAccountsOfAPlace) {
  MovedClock clock;
  SignInLimit limit(clock);
  for (int i = 0; i < 30; ++i) {
    limit.Failed(fmt::format("2001:db8:1:2::{:x}", i), std::to_string(i));
  }
  EXPECT_GT(limit.WaitFor("2001:db8:1:2:ffff::1", "new").count(), 0) << "the same /64";
  EXPECT_EQ(limit.WaitFor("2001:db8:1:3::1", "new").count(), 0);
  for (int i = 0; i < 10'200; ++i) limit.Failed(std::to_string(i), "x");  // must not grow for ever
  EXPECT_EQ(limit.WaitFor("10201", "x").count(), 0);
}

class IdentityTest : public EachEngine {
 protected:
  void SetUp() override {
    EachEngine::SetUp();
    ASSERT_TRUE(Migrate(database()).ok());
  }
  MovedClock clock_;
};

TEST_P(IdentityTest, ThereIsAFirstPerson) {
  SignIn sign_in(database(), clock_);
  ASSERT_TRUE(sign_in.EnsureFirstPerson("").ok());
  ASSERT_TRUE(sign_in.EnsureFirstPerson("").ok());
  for (const char* name : {"airbyte@example.com", "Airbyte@Example.com", "admin@example.com"}) {
    const auto answer = sign_in.WithPassword(name, "password", "192.0.2.1");
    ASSERT_TRUE(answer.ok() && answer->person) << name;
    EXPECT_TRUE(answer->person->must_change_password);
    EXPECT_EQ(answer->person->password_hash.rfind("$argon2id$", 0), 0U);
  }
  ASSERT_TRUE(sign_in.SetUp("Me@example.org", "Me").ok());
  EXPECT_TRUE(*sign_in.IsSetUp());
  EXPECT_FALSE(sign_in.WithPassword("admin@example.com", "password", "192.0.2.1")->person);
  EXPECT_TRUE(sign_in.WithPassword("me@example.org", "password", "192.0.2.1")->person);
  EXPECT_FALSE(sign_in.SetUp("no address", "").ok());
  // A password from outside takes the place of the first one, and of no other.
  ASSERT_TRUE(sign_in.EnsureFirstPerson("a better one").ok());
  EXPECT_FALSE(sign_in.First()->must_change_password);
  ASSERT_TRUE(sign_in.EnsureFirstPerson("another one").ok());
  EXPECT_FALSE(sign_in.WithPassword("me@example.org", "another one", "192.0.2.2")->person);
  EXPECT_TRUE(sign_in.WithPassword("me@example.org", "a better one", "192.0.2.2")->person);
  for (const char* bad : {"short", "password"}) EXPECT_FALSE(sign_in.EnsureFirstPerson(bad).ok());
}

TEST_P(IdentityTest, APasswordIsChangedOnce) {
  SignIn sign_in(database(), clock_);
  ASSERT_TRUE(sign_in.EnsureFirstPerson("").ok());
  const std::string id = sign_in.First()->id;
  const std::string kept = *sign_in.OpenSession(id);
  const std::string other = *sign_in.OpenSession(id);
  EXPECT_FALSE(sign_in.ChangePassword(id, "wrong", "new password", kept, "x")->person);
  for (const char* bad : {"", "short", "password"}) {
    EXPECT_FALSE(sign_in.ChangePassword(id, "password", bad, kept, "x").ok()) << bad;
  }
  const auto changed = sign_in.ChangePassword(id, "password", "new password", kept, "x");
  ASSERT_TRUE(changed.ok() && changed->person);
  EXPECT_FALSE(changed->person->must_change_password);
  EXPECT_FALSE(sign_in.WithPassword(SignIn::kFirstEmail, "password", "x")->person)
      << "it was verified a moment ago";
  EXPECT_TRUE(sign_in.WithPassword(SignIn::kFirstEmail, "new password", "x")->person);
  EXPECT_TRUE(*sign_in.OfSession(kept));
  EXPECT_FALSE(*sign_in.OfSession(other));
  ASSERT_TRUE(sign_in.CloseSession(kept).ok());
  EXPECT_FALSE(*sign_in.OfSession(kept));
}

TEST_P(IdentityTest, SessionsEnd) {
  SignIn sign_in(database(), clock_);
  ASSERT_TRUE(sign_in.EnsureFirstPerson("").ok());
  const std::string id = sign_in.First()->id;
  const std::string first = *sign_in.OpenSession(id);
  for (int i = 0; i < 100; ++i) {
    clock_.Move(seconds(1));
    ASSERT_TRUE(sign_in.OpenSession(id).ok());
  }
  EXPECT_FALSE(*sign_in.OfSession(first)) << "the oldest of too many";
  const std::string last = *sign_in.OpenSession(id);
  clock_.Move(SignIn::kSessionLife - seconds(1));
  EXPECT_TRUE(*sign_in.OfSession(last));
  clock_.Move(seconds(1));
  EXPECT_FALSE(*sign_in.OfSession(last));
}

TEST_P(IdentityTest, GuessersWaitAndOthersDont) {
  SignIn sign_in(database(), clock_);
  ASSERT_TRUE(sign_in.EnsureFirstPerson("a good password").ok());
  for (int i = 0; i < 5; ++i) {
    const auto answer = sign_in.WithPassword(SignIn::kFirstEmail, "guess", "192.0.2.1");
    EXPECT_FALSE(answer->person);
    EXPECT_EQ(answer->wait.count(), 0);
  }
  EXPECT_EQ(sign_in.WithPassword(SignIn::kFirstEmail, "a good password", "192.0.2.1")->wait,
            seconds(10));
  EXPECT_TRUE(sign_in.WithPassword(SignIn::kFirstEmail, "a good password", "192.0.2.2")->person);
  EXPECT_TRUE(sign_in.WithPassword(SignIn::kFirstEmail, "a good password", "192.0.2.1")->person)
      << "known to be right by now";
}

TEST_P(IdentityTest, ApplicationsGetTokens) {
  SignIn sign_in(database(), clock_);
  ASSERT_TRUE(sign_in.EnsureFirstPerson("").ok());
  const std::string person = sign_in.First()->id;
  ApplicationAccess access(database(), kKey, clock_);
  const auto created = access.Create(person, "airflow");
  ASSERT_TRUE(created.ok()) << created.status().ToString();
  const std::string client = created->application.client_id;
  EXPECT_TRUE(access.GrantToken(client, "wrong", "x")->access_token.empty());
  EXPECT_TRUE(access.GrantToken("nobody", "wrong", "x")->access_token.empty());
  const std::string token = access.GrantToken(client, created->client_secret, "x")->access_token;
  ASSERT_TRUE(*access.OfToken(token));
  EXPECT_EQ((*access.OfToken(token))->id, person);
  EXPECT_TRUE(*ApplicationAccess(database(), kKey, clock_).OfToken(token)) << "after a restart";
  EXPECT_FALSE(*access.Delete("somebody else", created->application.id));
  EXPECT_EQ(access.List(person)->size(), 1U);
  EXPECT_TRUE(*access.Delete(person, created->application.id));
  EXPECT_FALSE(*access.OfToken(token));
  EXPECT_FALSE(access.Create(person, "").ok());
}

INSTANTIATE_TEST_SUITE_P(Engines, IdentityTest, testing::Values("sqlite", "postgres"),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace millrace
