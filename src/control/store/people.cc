#include "control/store/people.h"

namespace millrace {
namespace {

constexpr std::string_view kPerson =
    "SELECT p.id, p.email, p.name, p.password_hash, p.must_change_password, p.created_at, "
    "p.updated_at FROM person p";
constexpr std::string_view kApplication =
    "SELECT id, person_id, name, client_id, client_secret_hash, created_at FROM application";

Result<std::optional<Person>> OnePerson(SqlTransaction& transaction, std::string_view rest,
                                        const std::vector<SqlValue>& parameters) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(fmt::format("{} {}", kPerson, rest), parameters));
  if (rows.empty()) return std::optional<Person>();
  const SqlRow& row = rows.front();
  return std::optional(Person{row.Text(0), row.Text(1), row.Text(2), row.Text(3),
                              row.Integer(4) != 0, row.Integer(5), row.Integer(6)});
}

Application ApplicationOf(const SqlRow& row) {
  return {row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Integer(5)};
}

Result<std::optional<Application>> OneApplication(SqlTransaction& transaction,
                                                  std::string_view column,
                                                  const std::string& value) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(fmt::format("{} WHERE {} = :1", kApplication, column), {value}));
  return rows.empty() ? std::nullopt : std::optional(ApplicationOf(rows.front()));
}

}  // namespace

Result<std::optional<Person>> FindPerson(SqlTransaction& transaction, const std::string& id) {
  return OnePerson(transaction, "WHERE p.id = :1", {id});
}

Result<std::optional<Person>> FindPersonByEmail(SqlTransaction& transaction,
                                                const std::string& email) {
  return OnePerson(transaction, "WHERE p.email = :1", {email});
}

Result<std::optional<Person>> FirstPerson(SqlTransaction& transaction) {
  return OnePerson(transaction, "ORDER BY p.created_at, p.id LIMIT 1", {});
}

Status InsertPerson(SqlTransaction& transaction, const Person& person) {
  return transaction
      .Execute(
          "INSERT INTO person (id, email, name, password_hash, must_change_password, created_at, "
          "updated_at) VALUES (:1, :2, :3, :4, :5, :6, :7)",
          {person.id, person.email, person.name, person.password_hash,
           int64_t{person.must_change_password}, person.created_at, person.updated_at})
      .status();
}

Status UpdatePerson(SqlTransaction& transaction, const Person& person) {
  return transaction
      .Execute(
          "UPDATE person SET email = :1, name = :2, password_hash = :3, "
          "must_change_password = :4, updated_at = :5 WHERE id = :6",
          {person.email, person.name, person.password_hash, int64_t{person.must_change_password},
           person.updated_at, person.id})
      .status();
}

Status InsertApplication(SqlTransaction& transaction, const Application& application) {
  return transaction
      .Execute(
          "INSERT INTO application (id, person_id, name, client_id, client_secret_hash, "
          "created_at) VALUES (:1, :2, :3, :4, :5, :6)",
          {application.id, application.person_id, application.name, application.client_id,
           application.client_secret_hash, application.created_at})
      .status();
}

Result<std::optional<Application>> FindApplication(SqlTransaction& transaction,
                                                   const std::string& id) {
  return OneApplication(transaction, "id", id);
}

Result<std::optional<Application>> FindApplicationByClient(SqlTransaction& transaction,
                                                           const std::string& client_id) {
  return OneApplication(transaction, "client_id", client_id);
}

Result<std::vector<Application>> ListApplications(SqlTransaction& transaction,
                                                  const std::string& person_id) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(
          fmt::format("{} WHERE person_id = :1 ORDER BY created_at, id", kApplication),
          {person_id}));
  std::vector<Application> applications;
  for (const SqlRow& row : rows) applications.push_back(ApplicationOf(row));
  return applications;
}

Status DeleteApplication(SqlTransaction& transaction, const std::string& id) {
  return transaction.Execute("DELETE FROM application WHERE id = :1", {id}).status();
}

Status InsertSession(SqlTransaction& transaction, const Session& session, int64_t sessions_max) {
  MR_RETURN_IF_ERROR(
      transaction.Execute("DELETE FROM session WHERE expires_at <= :1", {session.created_at})
          .status());
  MR_RETURN_IF_ERROR(
      transaction
          .Execute("DELETE FROM session WHERE token_hash IN (SELECT token_hash FROM session "
                   "WHERE person_id = :1 ORDER BY created_at DESC, token_hash LIMIT :2 OFFSET :3)",
                   {session.person_id, sessions_max, sessions_max - 1})
          .status());
  return transaction
      .Execute(
          "INSERT INTO session (token_hash, person_id, created_at, expires_at) "
          "VALUES (:1, :2, :3, :4)",
          {session.token_hash, session.person_id, session.created_at, session.expires_at})
      .status();
}

Result<std::optional<Person>> PersonOfSession(SqlTransaction& transaction,
                                              const std::string& token_hash, int64_t now) {
  return OnePerson(transaction,
                   "JOIN session s ON s.person_id = p.id WHERE s.token_hash = :1 AND "
                   "s.expires_at > :2",
                   {token_hash, now});
}

Status DeleteSession(SqlTransaction& transaction, const std::string& token_hash) {
  return transaction.Execute("DELETE FROM session WHERE token_hash = :1", {token_hash}).status();
}

Status DeleteOtherSessions(SqlTransaction& transaction, const std::string& person_id,
                           const std::string& kept_token_hash) {
  return transaction
      .Execute("DELETE FROM session WHERE person_id = :1 AND token_hash <> :2",
               {person_id, kept_token_hash})
      .status();
}

}  // namespace millrace
