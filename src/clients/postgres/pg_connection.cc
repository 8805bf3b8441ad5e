#include "clients/postgres/pg_connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/deadline.h"
#include "base/log.h"
#include "base/refused_address.h"
#include "clients/postgres/libpq_rows.h"
#include "clients/postgres/pg_error.h"
#include "clients/postgres/private_file.h"
#include "clients/ssh/ssh_tunnel.h"

namespace millrace {
namespace {

constexpr int kStopCheckMs = 100;

/// libpq's arguments: pairs of keyword and value that stay alive here.
struct ConnectArguments {
  std::vector<std::pair<std::string, std::string>> pairs;

  void Add(std::string keyword, std::string value) {
    for (auto& [known, old] : pairs) {
      if (known == keyword) {
        old = std::move(value);
        return;
      }
    }
    pairs.emplace_back(std::move(keyword), std::move(value));
  }

  pg_conn* Start() const {
    std::vector<const char*> keywords, values;
    for (const auto& [keyword, value] : pairs) {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectStartParams(keywords.data(), values.data(), /*expand_dbname=*/0);
  }
};

Status AddCertificates(const PgOptions& options, ConnectArguments& arguments,
                       std::vector<std::unique_ptr<PrivateFile>>& files) {
  const std::pair<const char*, const std::string*> texts[] = {
      {"sslrootcert", &options.ca_certificate},
      {"sslcert", &options.client_certificate},
      {"sslkey", &options.client_key},
  };
  for (const auto& [keyword, text] : texts) {
    if (text->empty()) continue;
    MR_ASSIGN_OR_RETURN(auto file, PrivateFile::Create(*text));
    arguments.Add(keyword, file->path());
    files.push_back(std::move(file));
  }
  if (!options.client_key_password.empty()) {
    arguments.Add("sslpassword", options.client_key_password);
  }
  return Status::Ok();
}

ConnectArguments ArgumentsOf(const PgOptions& options) {
  ConnectArguments arguments;
  arguments.Add("host", options.host);
  arguments.Add("port", std::to_string(options.port));
  arguments.Add("dbname", options.database);
  arguments.Add("user", options.user);
  arguments.Add("password", options.password);
  arguments.Add("sslmode", std::string(ToString(options.ssl_mode)));
  arguments.Add("gssencmode", "disable");
  arguments.Add("client_encoding", "UTF8");
  arguments.Add("application_name", options.application_name);
  arguments.Add("keepalives", "1");
  arguments.Add("keepalives_idle", "30");
  arguments.Add("keepalives_interval", "10");
  arguments.Add("keepalives_count", "3");
  arguments.Add("tcp_user_timeout", "60000");
  for (const auto& [keyword, value] : options.extra) arguments.Add(keyword, value);
  return arguments;
}

bool IsTcp(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  return address.ss_family == AF_INET || address.ss_family == AF_INET6;
}

/// Waits at most `timeout_ms`; false when nothing happened.
bool PollFor(int fd, int16_t events, int timeout_ms) {
  pollfd waiting{fd, events, 0};
  return poll(&waiting, 1, timeout_ms) > 0;
}

bool Failed(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

}  // namespace

Status PgConnection::StatusOf(const PGresult* result) {
  const auto field = [&](int code) -> std::string_view {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
  };
  const std::string_view primary = field(PG_DIAG_MESSAGE_PRIMARY);
  return PgErrorStatus(field(PG_DIAG_SQLSTATE),
                       primary.empty() ? PQresultErrorMessage(result) : primary,
                       field(PG_DIAG_MESSAGE_DETAIL));
}

PgConnection::PgConnection(pg_conn* connection) : connection_(connection) {}

PgConnection::~PgConnection() { PQfinish(connection_); }

Result<std::unique_ptr<PgConnection>> PgConnection::Connect(const PgOptions& options,
                                                            std::stop_token stop) {
  ConnectArguments arguments = ArgumentsOf(options);
  std::vector<std::unique_ptr<PrivateFile>> certificates;
  MR_RETURN_IF_ERROR(AddCertificates(options, arguments, certificates));
  if (options.tunnel != nullptr) {
    MR_ASSIGN_OR_RETURN(const int port, options.tunnel->Port(stop));
    arguments.Add("hostaddr", "127.0.0.1");
    arguments.Add("port", std::to_string(port));
  }
  ForgetRefusedAddress();
  pg_conn* const started = arguments.Start();
  if (started == nullptr) return SystemError("connecting to {}: out of memory", options.Where());
  std::unique_ptr<PgConnection> connection(new PgConnection(started));
  connection->certificates_ = std::move(certificates);
  // The only way to see the SQLSTATE of a refused connection is in the text.
  PQsetErrorVerbosity(started, PQERRORS_VERBOSE);
  PQsetNoticeProcessor(
      started,
      [](void*, const char* text) {
        Log(LogLevel::kDebug, "the server says: {}", std::string_view(text));
      },
      nullptr);
  const Status connected = connection->AwaitConnected(options, stop);
  if (connected.failed() && options.tunnel != nullptr && options.tunnel->failure().failed()) {
    return options.tunnel->failure().WithContext("connecting to " + options.Where());
  }
  MR_RETURN_IF_ERROR(connected);
  connection->plain_tcp_ = PQsslInUse(started) == 0 && IsTcp(PQsocket(started));
  return connection;
}

Status PgConnection::AwaitConnected(const PgOptions& options, std::stop_token stop) {
  const Deadline deadline = Deadline::After(options.connect_timeout);
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  if (PQstatus(connection_) == CONNECTION_BAD) next = PGRES_POLLING_FAILED;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) {
      return ExplainRefusedAddress(PgConnectError(options.Where(), PQerrorMessage(connection_)),
                                   options.Where());
    }
    if (stop.stop_requested()) return Status::Canceled();
    if (deadline.Passed()) {
      return TransientError("connecting to {}: no answer within {} s (is the host reachable?)",
                            options.Where(), options.connect_timeout.count());
    }
    const int16_t events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (PollFor(PQsocket(connection_), events, kStopCheckMs)) next = PQconnectPoll(connection_);
  }
  return Status::Ok();
}

bool PgConnection::usable() const { return !abandoned_ && PQstatus(connection_) == CONNECTION_OK; }

int PgConnection::server_version() const { return PQserverVersion(connection_); }

std::string PgConnection::Parameter(const char* name) const {
  const char* value = PQparameterStatus(connection_, name);
  return value == nullptr ? "" : value;
}

bool PgConnection::encrypted() const { return PQsslInUse(connection_) != 0; }

void PgConnection::Abandon() {
  abandoned_ = true;
  PGcancel* const cancel = PQgetCancel(connection_);
  if (cancel == nullptr) return;
  char error[256];
  if (PQcancel(cancel, error, sizeof(error)) == 0) {
    Log(LogLevel::kDebug, "canceling a query: {}", std::string_view(error));
  }
  PQfreeCancel(cancel);
}

Status PgConnection::LostConnection() {
  abandoned_ = true;
  return last_words_.ok() ? PgErrorStatus("", PQerrorMessage(connection_)) : last_words_;
}

Status PgConnection::AwaitResult(std::stop_token stop) {
  while (PQisBusy(connection_) != 0) {
    if (stop.stop_requested()) {
      Abandon();
      return Status::Canceled();
    }
    if (PollFor(PQsocket(connection_), POLLIN, kStopCheckMs) && PQconsumeInput(connection_) == 0) {
      // What the server said before it closed, if anything, is a result still to be taken.
      return PQisBusy(connection_) != 0 ? LostConnection() : Status::Ok();
    }
  }
  return Status::Ok();
}

Result<PgRows> PgConnection::TakeResults(std::stop_token stop) {
  PgRows rows;
  Status failure;
  while (true) {
    MR_RETURN_IF_ERROR(AwaitResult(stop));
    PGresult* const result = PQgetResult(connection_);
    if (result == nullptr) break;
    if (Failed(result)) {
      if (failure.ok()) failure = StatusOf(result);
      PQclear(result);
    } else {
      rows = PgRows(result);
    }
  }
  MR_RETURN_IF_ERROR(failure);
  return rows;
}

Result<PgRows> PgConnection::Query(const std::string& sql, const Params& params,
                                   std::stop_token stop, Format format) {
  if (!usable()) return LostConnection();
  std::vector<const char*> values;
  for (const auto& param : params) values.push_back(param ? param->c_str() : nullptr);
  if (PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, format == Format::kBinary ? 1 : 0) == 0) {
    return LostConnection();
  }
  return TakeResults(TokenFor(stop));
}

Status PgConnection::Execute(const std::string& sql, std::stop_token stop) {
  if (!usable()) return LostConnection();
  if (PQsendQuery(connection_, sql.c_str()) == 0) return LostConnection();
  return TakeResults(TokenFor(stop)).status();
}

Status PgConnection::CopyOut(const std::string& sql, CopySink& sink, std::stop_token stop) {
  if (!usable()) return LostConnection();
  const std::stop_token& token = TokenFor(stop);
  return plain_tcp_ ? CopyFromSocket(sql, sink, token) : CopyThroughLibpq(sql, sink, token);
}

Status PgConnection::CopyThroughLibpq(const std::string& sql, CopySink& sink,
                                      std::stop_token stop) {
  if (PQsendQuery(connection_, sql.c_str()) == 0) return LostConnection();
  MR_RETURN_IF_ERROR(AwaitResult(stop));
  PGresult* const first = PQgetResult(connection_);
  const Status refused = first == nullptr || Failed(first) ? StatusOf(first) : Status::Ok();
  const bool copying = PQresultStatus(first) == PGRES_COPY_OUT;
  PQclear(first);
  if (!refused.ok() || !copying) {
    MR_RETURN_IF_ERROR(TakeResults(stop).status());
    return refused.ok() ? SystemError("the statement is no COPY … TO STDOUT") : refused;
  }
  LibpqRows rows(sink);
  while (true) {
    char* row = nullptr;
    const int size = PQgetCopyData(connection_, &row, /*async=*/1);
    if (size > 0 || size == -1) {
      const Status consumed = size > 0 ? rows.Take(row, static_cast<size_t>(size)) : rows.Settle();
      if (!consumed.ok()) {
        Abandon();
        return consumed;
      }
      if (size == -1) return TakeResults(stop).status();
    } else if (size == 0) {
      if (stop.stop_requested()) {
        Abandon();
        return Status::Canceled();
      }
      if (PollFor(PQsocket(connection_), POLLIN, kStopCheckMs) &&
          PQconsumeInput(connection_) == 0) {
        return LostConnection();
      }
    } else {
      return TakeResults(stop).status();  // its error comes as a result
    }
  }
}

Status PgConnection::CopyFromSocket(const std::string& sql, CopySink& sink, std::stop_token stop) {
  if (messages_ == nullptr) messages_ = std::make_unique<CopyMessages>();
  messages_->Reset(sink);
  const int fd = PQsocket(connection_);
  // Wakes us for 256 KiB at a time. Never in force while libpq reads: it asks for small pieces and
  // would wait for the mark each time.
  const auto set_low_water_mark = [&](int bytes) {
    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
  };
  Status status = SendSimpleQuery(sql, stop);
  if (status.ok()) {
    set_low_water_mark(256 << 10);
    status = ReceiveCopy(*messages_, stop);
    set_low_water_mark(1);
  }
  if (!status.ok()) {
    Abandon();
    return status;
  }
  if (!messages_->farewell().ok()) {
    // libpq never sees it, and would find a connection closed without a word.
    abandoned_ = true;
    last_words_ = messages_->farewell();
  }
  MR_RETURN_IF_ERROR(messages_->server_error());
  if (!messages_->complete()) return SystemError("the server ended a COPY without completing it");
  return Status::Ok();
}

Status PgConnection::SendSimpleQuery(const std::string& sql, std::stop_token stop) {
  const size_t length = 4 + sql.size() + 1;
  std::string message = "Q";
  for (int shift = 24; shift >= 0; shift -= 8) message += static_cast<char>(length >> shift);
  message.append(sql.c_str(), sql.size() + 1);
  std::string_view left = message;
  while (!left.empty()) {
    if (stop.stop_requested()) return Status::Canceled();
    const ssize_t n =
        send(PQsocket(connection_), left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      left.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN) {
      PollFor(PQsocket(connection_), POLLOUT, kStopCheckMs);
    } else if (errno != EINTR) {
      return PgErrorStatus("", std::strerror(errno));
    }
  }
  return Status::Ok();
}

Status PgConnection::ReceiveCopy(CopyMessages& messages, std::stop_token stop) {
  const int fd = PQsocket(connection_);
  // The end of a COPY may lie below the mark: then this wait ends, and the bytes are taken. It
  // grows while nothing comes at all, so that a slow query costs no spinning.
  constexpr int kFirstWaitMs = 2;
  constexpr int kLongestWaitMs = 32;
  int wait_ms = kFirstWaitMs;
  while (!messages.done()) {
    if (stop.stop_requested()) return Status::Canceled();
    PollFor(fd, POLLIN, wait_ms);
    const ssize_t n = recv(fd, messages.free_space(), messages.free_size(), MSG_DONTWAIT);
    if (n > 0) {
      wait_ms = kFirstWaitMs;
      MR_RETURN_IF_ERROR(messages.Received(static_cast<size_t>(n)));
    } else if (n < 0 && errno == EAGAIN) {
      wait_ms = std::min(wait_ms * 2, kLongestWaitMs);
    } else if (n == 0 || errno != EINTR) {
      // What the server said last, if anything, explains it better.
      if (!messages.server_error().ok()) return messages.server_error();
      return PgErrorStatus("", n == 0 ? "the server closed it" : std::strerror(errno));
    }
  }
  return Status::Ok();
}

}  // namespace millrace
