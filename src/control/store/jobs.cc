#include "control/store/jobs.h"

#include <nlohmann/json.hpp>

#include "control/store/sql_condition.h"

namespace millrace {
namespace {

constexpr std::string_view kJobColumns =
    "job.id, job.connection_id, job.config_type, job.status, job.document, job.cancel_asked, "
    "job.created_at, job.updated_at, job.started_at, job.next_attempt_at";
constexpr std::string_view kAttemptColumns =
    "job_id, number, status, fencing_token, worker, lease_until, process, document, created_at, "
    "updated_at, ended_at";

Job JobOf(const SqlRow& row) {
  return {row.Integer(0),           row.Text(1),         row.Text(2),    row.Text(3),
          Json::parse(row.Text(4)), row.Integer(5) != 0, row.Integer(6), row.Integer(7),
          row.IntegerOrNone(8),     row.IntegerOrNone(9)};
}

Attempt AttemptOf(const SqlRow& row) {
  return {row.Integer(0),
          row.Integer(1),
          row.Text(2),
          row.Integer(3),
          row.Text(4),
          row.Integer(5),
          Json::parse(row.Text(6)),
          Json::parse(row.Text(7)),
          row.Integer(8),
          row.Integer(9),
          row.IntegerOrNone(10)};
}

/// FROM and WHERE.
std::string FromOf(const JobFilter& filter, SqlCondition* condition) {
  condition->AndIn("job.connection_id", filter.connection_ids);
  condition->AndEqual("connection.workspace_id", filter.workspace_id);
  condition->AndIn("connection.workspace_id", filter.workspace_ids);
  condition->AndIn("job.config_type", filter.config_types);
  condition->AndIn("job.status", filter.statuses);
  if (filter.created_from) condition->And("job.created_at >= {}", *filter.created_from);
  if (filter.created_to) condition->And("job.created_at <= {}", *filter.created_to);
  if (filter.updated_from) condition->And("job.updated_at >= {}", *filter.updated_from);
  if (filter.updated_to) condition->And("job.updated_at <= {}", *filter.updated_to);
  const std::string_view join = filter.workspace_id.empty() && filter.workspace_ids.empty()
                                    ? ""
                                    : " JOIN connection ON connection.id = job.connection_id";
  return fmt::format(" FROM job{} WHERE 1 = 1{}", join, condition->text());
}

}  // namespace

Result<int64_t> NextNumber(SqlTransaction& transaction, const std::string& counter) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("UPDATE counter SET value = value + 1 WHERE name = :1 RETURNING value",
                        {counter}));
  if (rows.empty()) return SystemError("the metadata database has no counter {}", counter);
  return rows.front().Integer(0);
}

Result<int64_t> NextFencingToken(SqlTransaction& transaction, int64_t now) {
  constexpr int64_t kMicrosPerMilli = 1000;
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(
          "UPDATE counter SET value = CASE WHEN value < :1 THEN :2 ELSE value + 1 END "
          "WHERE name = 'fencing_token' RETURNING value",
          {now / kMicrosPerMilli, now / kMicrosPerMilli}));
  if (rows.empty()) return SystemError("the metadata database has no counter of fencing tokens");
  return rows.front().Integer(0);
}

Status InsertJob(SqlTransaction& transaction, Job* job) {
  MR_ASSIGN_OR_RETURN(job->id, NextNumber(transaction, "job"));
  return transaction
      .Execute(
          "INSERT INTO job (id, connection_id, config_type, status, document, cancel_asked, "
          "created_at, updated_at, started_at, next_attempt_at) "
          "VALUES (:1, :2, :3, :4, :5, :6, :7, :8, :9, :10)",
          {job->id, job->connection_id, job->config_type, job->status, job->document->dump(),
           int64_t{job->cancel_asked}, job->created_at, job->updated_at, OrNull(job->started_at),
           OrNull(job->next_attempt_at)})
      .status();
}

Result<std::optional<Job>> FindJob(SqlTransaction& transaction, int64_t id) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(fmt::format("SELECT {} FROM job WHERE id = :1", kJobColumns), {id}));
  return rows.empty() ? std::nullopt : std::optional(JobOf(rows.front()));
}

Result<std::vector<Job>> FindJobs(SqlTransaction& transaction, const std::vector<int64_t>& ids) {
  std::vector<Job> jobs;
  if (ids.empty()) return jobs;
  // Numbers of ours: nothing of them comes from outside.
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(fmt::format("SELECT {} FROM job WHERE id IN ({})",
                                                    kJobColumns, fmt::join(ids, ", "))));
  for (const SqlRow& row : rows) jobs.push_back(JobOf(row));
  return jobs;
}

Result<std::vector<Job>> ListJobs(SqlTransaction& transaction, const JobFilter& filter,
                                  const Page& page) {
  SqlCondition condition(transaction);
  const std::string from = FromOf(filter, &condition);
  const std::string_view direction = filter.oldest_first ? "ASC" : "DESC";
  std::string sql =
      fmt::format("SELECT {}{} ORDER BY {} {}, job.id {}", kJobColumns, from,
                  filter.by_update ? "job.updated_at" : "job.created_at", direction, direction);
  sql += " LIMIT " + condition.Next(page.limit) + " OFFSET " + condition.Next(page.offset);
  MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query(sql, condition.parameters()));
  std::vector<Job> jobs;
  for (const SqlRow& row : rows) jobs.push_back(JobOf(row));
  return jobs;
}

Result<int64_t> CountJobs(SqlTransaction& transaction, const JobFilter& filter) {
  SqlCondition condition(transaction);
  const std::string from = FromOf(filter, &condition);
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query("SELECT count(*)" + from, condition.parameters()));
  return rows.at(0).Integer(0);
}

Result<std::optional<Job>> ActiveJob(SqlTransaction& transaction,
                                     const std::string& connection_id) {
  JobFilter filter;
  filter.connection_ids = {connection_id};
  filter.statuses = kActiveJobs;
  MR_ASSIGN_OR_RETURN(auto jobs, ListJobs(transaction, filter, {.limit = 1, .offset = 0}));
  return jobs.empty() ? std::nullopt : std::optional(std::move(jobs.front()));
}

Result<bool> UpdateJob(SqlTransaction& transaction, const Job& job, const std::string& from) {
  MR_ASSIGN_OR_RETURN(
      const int64_t touched,
      transaction.Execute(
          "UPDATE job SET status = :1, document = :2, cancel_asked = :3, updated_at = :4, "
          "started_at = :5, next_attempt_at = :6 WHERE id = :7 AND status = :8",
          {job.status, job.document->dump(), int64_t{job.cancel_asked}, job.updated_at,
           OrNull(job.started_at), OrNull(job.next_attempt_at), job.id, from}));
  return touched == 1;
}

Status InsertAttempt(SqlTransaction& transaction, const Attempt& attempt) {
  return transaction
      .Execute(
          fmt::format("INSERT INTO attempt ({}) "
                      "VALUES (:1, :2, :3, :4, :5, :6, :7, :8, :9, :10, :11)",
                      kAttemptColumns),
          {attempt.job_id, attempt.number, attempt.status, attempt.fencing_token, attempt.worker,
           attempt.lease_until, attempt.process->dump(), attempt.document->dump(),
           attempt.created_at, attempt.updated_at, OrNull(attempt.ended_at)})
      .status();
}

Result<std::vector<Attempt>> AttemptsOf(SqlTransaction& transaction, int64_t job_id) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(fmt::format("SELECT {} FROM attempt WHERE job_id = :1 "
                                                    "ORDER BY number",
                                                    kAttemptColumns),
                                        {job_id}));
  std::vector<Attempt> attempts;
  for (const SqlRow& row : rows) attempts.push_back(AttemptOf(row));
  return attempts;
}

Result<std::map<int64_t, std::vector<Attempt>>> AttemptsOfJobs(SqlTransaction& transaction,
                                                               const std::vector<int64_t>& jobs) {
  std::map<int64_t, std::vector<Attempt>> attempts;
  if (jobs.empty()) return attempts;
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(fmt::format("SELECT {} FROM attempt WHERE job_id IN ({}) "
                                                    "ORDER BY job_id, number",
                                                    kAttemptColumns, fmt::join(jobs, ", "))));
  for (const SqlRow& row : rows) {
    Attempt attempt = AttemptOf(row);
    attempts[attempt.job_id].push_back(std::move(attempt));
  }
  return attempts;
}

Result<bool> UpdateAttempt(SqlTransaction& transaction, const Attempt& attempt) {
  MR_ASSIGN_OR_RETURN(
      const int64_t touched,
      transaction.Execute(
          "UPDATE attempt SET status = :1, lease_until = :2, process = :3, document = :4, "
          "updated_at = :5, ended_at = :6 WHERE job_id = :7 AND number = :8 AND fencing_token = :9",
          {attempt.status, attempt.lease_until, attempt.process->dump(), attempt.document->dump(),
           attempt.updated_at, OrNull(attempt.ended_at), attempt.job_id, attempt.number,
           attempt.fencing_token}));
  return touched == 1;
}

}  // namespace millrace
