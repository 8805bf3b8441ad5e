// What the CDK's requesters did (testdata/, recorded by record.py) and ours do, scenario by
// scenario: the requests a server sees, the sleeps, the outcomes, the decoded values.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "clients/http/testing/scripted_server.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/api_resources.h"
#include "declarative/requests/http_api_transport.h"
#include "declarative/requests/http_requester.h"
#include "declarative/requests/response_decoder.h"
#include "declarative/requests/testing/fake_engine.h"
#include "formats/base64.h"

namespace millrace {
namespace {

std::string ReplaceAll(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

PyValue ReadData(const std::string& name) {
  std::ifstream file(std::string(MILLRACE_SOURCE_DIR) + "/src/declarative/requests/testdata" + "/" +
                     name);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  auto value = ParsePyJson(std::string_view(text), PyJsonDialect::kPython);
  EXPECT_TRUE(value.ok()) << name << ": " << value.status().ToString();
  return value.ok() ? *value : PyValue();
}

std::string Json(const PyValue& value, bool sorted = false) {
  std::string text;
  EXPECT_TRUE(AppendPyJson(value, PyJsonStyle{.sort_keys = sorted}, &text).ok());
  return text;
}

/// Without what says whose server answered: the words after its status, its own headers.
std::string WithoutServer(std::string text) {
  for (size_t at = text.find(" Error: "); at != std::string::npos;
       at = text.find(" Error: ", at + 8)) {
    const size_t end = text.find(" for url", at);
    const size_t status = text.find_last_of('`', at);
    const bool words = end != std::string::npos && status != std::string::npos && at - status < 14;
    if (words) text.erase(at + 8, end - at - 8);
  }
  const size_t headers = text.find("Response (headers)");
  return headers == std::string::npos ? text : text.substr(0, headers);
}

std::string TextAt(const PyValue& dict, std::string_view key, const char* missing = "") {
  const PyValue* value = dict.Find(key);
  return value == nullptr ? missing : PyStr(*value);
}

/// The server of one scenario: the replies of each path in turn, the last for ever.
class ReplyServer {
 public:
  explicit ReplyServer(PyValue replies)
      : replies_(std::move(replies)),
        server_([this](const auto& request, auto& reply) { Answer(request, reply); }) {}

  std::string base() const { return server_.Url(""); }
  PyList TakeRequests() {
    std::lock_guard lock(mutex_);
    return std::move(requests_);
  }

 private:
  static std::string Body(const PyValue& reply) {
    if (const PyValue* json = reply.Find("json")) {
      std::string text;
      EXPECT_TRUE(AppendPyJson(*json, PyJsonStyle{}, &text).ok());
      return text;
    }
    std::string bytes = TextAt(reply, "text");
    const PyValue* packed = reply.Find("b64");
    if (packed != nullptr && !DecodeBase64(packed->str(), &bytes)) ADD_FAILURE() << "no base64";
    return bytes;
  }

  void Answer(const ScriptedServer::Request& request, ScriptedServer::Reply& reply) {
    std::lock_guard lock(mutex_);
    PyDict headers;
    for (const auto& [name, value] : request.headers) {
      static const char* const kIgnored[] = {"host",       "user-agent",     "accept-encoding",
                                             "connection", "content-length", "keep-alive",
                                             "accept"};
      if (std::find(std::begin(kIgnored), std::end(kIgnored), name) == std::end(kIgnored)) {
        headers.Set(std::string_view(name), PyValue(value));
      }
    }
    requests_.push_back(PyDict({{"method", PyValue(request.method)},
                                {"target", PyValue(request.target)},
                                {"body", PyValue(request.body)},
                                {"headers", PyValue(std::move(headers))}}));
    const std::string path = request.target.substr(0, request.target.find('?'));
    const PyValue* queue = replies_.Find(path);
    if (queue == nullptr) return reply.Answer(404, "none");
    size_t& turn = turns_[path];
    const PyValue& answer = queue->items()[std::min(turn++, queue->items().size() - 1)];
    if (answer.Find("drop") != nullptr) return reply.Close();
    std::string lines;
    bool typed = false;
    if (const PyValue* given = answer.Find("headers")) {
      for (const auto& [name, value] : given->dict()) {
        lines += name.str() + ": " + ReplaceAll(value.str(), "@BASE@", base()) + "\r\n";
        typed = typed || name.str() == "Content-Type";
      }
    }
    if (!typed && answer.Find("json") != nullptr) lines += "Content-Type: application/json\r\n";
    const PyValue* status = answer.Find("status");
    const int code = status == nullptr ? 200 : static_cast<int>(status->as_int());
    const bool bodiless = code == 204 || code == 304;
    reply.Answer(code, bodiless ? "" : Body(answer), lines);
  }

  const PyValue replies_;
  std::mutex mutex_;
  PyList requests_;
  std::map<std::string, size_t> turns_;
  ScriptedServer server_;  // last: its threads use the others
};

PyValue FailureOf(const Status& status) {
  const Error& error = status.error();
  const std::string& message = error.message;
  const size_t colon = message.find(": ");
  const bool exception =
      error.type == FailureType::kSystemError && colon != std::string::npos && colon > 0 &&
      message.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == colon;
  if (exception) return PyDict({{"exception", PyValue(message.substr(0, colon))}});
  return PyDict(
      {{"failure", PyValue(std::string(ToString(error.type)))}, {"message", PyValue(message)}});
}

PyValue ResultOf(const Result<ApiReply>& reply) {
  if (!reply.ok()) return FailureOf(reply.status());
  const ApiReply& got = const_cast<Result<ApiReply>&>(reply).operator*();
  switch (got.outcome) {
    case ApiOutcome::kResetPagination:
      return PyDict({{"outcome", "PaginationResetRequiredException"}});
    case ApiOutcome::kReducePageSize:
      return PyDict({{"outcome", "PageSizeReductionRequiredException"}});
    case ApiOutcome::kSplitRequestWindow:
      return PyDict({{"outcome", "RequestWindowSplitRequiredException"}});
    default:
      return PyDict({{"status", got.response->status}, {"url", PyValue(got.response->url)}});
  }
}

StreamSlice SliceOf(const PyValue& part) {
  StreamSlice slice;
  if (const PyValue* found = part.Find("partition")) slice.partition = *found;
  if (const PyValue* found = part.Find("cursor_slice")) slice.cursor_slice = *found;
  if (const PyValue* found = part.Find("extra_fields")) slice.extra_fields = *found;
  return slice;
}

/// Runs a scenario, and gives what a recording has.
class ScenarioRun {
 public:
  ScenarioRun(const PyValue& scenario, HttpApiTransport& transport)
      : server_(*scenario.Find("replies")) {
    const std::string text = ReplaceAll(Json(scenario), "@BASE@", server_.base());
    scenario_ = *ParsePyJson(std::string_view(text), PyJsonDialect::kPython);
    engine_.environment.transport = &transport;
    if (const PyValue* config = scenario_.Find("config")) engine_.environment.config = *config;
    Run();
  }

  PyValue Outcome() {
    PyList sleeps;
    for (const double seconds : engine_.clock.sleeps) {
      if (seconds >= 0.4) sleeps.push_back(PyValue(seconds));
    }
    return PyDict({{"requests", PyValue::List(server_.TakeRequests())},
                   {"results", PyValue::List(results_)},
                   {"values", PyValue::List(values_)},
                   {"rate_limited", PyValue(engine_.messages.rate_limited)},
                   {"control", PyValue::List(engine_.messages.configs)},
                   {"sleeps", PyValue::List(std::move(sleeps))}});
  }
  std::string base() const { return server_.base(); }

 private:
  Status Build() {
    HttpRequesterOptions options{.resources = &resources_, .name = "s"};
    if (const PyValue* budget = scenario_.Find("budget")) {
      MR_ASSIGN_OR_RETURN(resources_.budget,
                          ApiBudget::Make(Component(*budget, "budget"), engine_.environment));
    }
    if (const PyValue* decoder = scenario_.Find("decoder")) {
      MR_ASSIGN_OR_RETURN(decoder_,
                          MakeResponseDecoder(Component(*decoder, "decoder"), engine_.environment));
      options.stream_response = decoder_->streams();
    }
    MR_ASSIGN_OR_RETURN(requester_, MakeHttpRequester(Component(*scenario_.Find("requester"), "r"),
                                                      engine_.environment, options));
    return Status::Ok();
  }

  void Call(const PyValue& call) {
    ApiCall api;
    StreamSlice slice;
    if (const PyValue* part = call.Find("slice")) {
      slice = SliceOf(*part);
      api.slice = &slice;
    }
    if (const PyValue* token = call.Find("token")) api.next_page_token = *token;
    api.path = TextAt(call, "path");
    if (const PyValue* options = call.Find("options")) {
      const auto part = [&](std::string_view name) {
        const PyValue* found = options->Find(name);
        return found == nullptr ? PyValue() : *found;
      };
      api.options = {part("params"), part("headers"), part("body_data"), part("body_json")};
    }
    auto reply = requester_->Send(std::move(api));
    results_.push_back(ResultOf(reply));
    if (decoder_ == nullptr || !reply.ok()) return;
    const Status decoded = decoder_->Decode(*reply->response, [this](PyValue value) {
      values_.push_back(std::move(value));
      return Status::Ok();
    });
    if (!decoded.ok()) results_.push_back(FailureOf(decoded));
  }

  void Run() {
    if (const Status built = Build(); !built.ok()) {
      results_.push_back(FailureOf(built));
      return;
    }
    const PyValue* calls = scenario_.Find("calls");
    if (calls == nullptr) return Call(PyValue(PyDict()));
    for (const PyValue& call : calls->items()) Call(call);
  }

  ReplyServer server_;
  FakeEngine engine_;
  ApiResources resources_;
  PyValue scenario_;
  std::unique_ptr<ResponseDecoder> decoder_;
  std::unique_ptr<Requester> requester_;
  PyList results_, values_;
};

/// What both sides may tell differently without anybody noticing.
PyValue Comparable(const PyValue& outcome, std::string_view part) {
  const PyValue* found = outcome.Find(part);
  if (found == nullptr) return PyValue();
  if (part != "sleeps") return *found;
  PyList rounded;
  for (const PyValue& seconds : found->items()) {
    rounded.push_back(PyValue(static_cast<int64_t>(PyIntToDouble(seconds) * 100 + 0.5)));
  }
  return PyValue::List(std::move(rounded));
}

TEST(RequestsGoldenTest, DoesAsTheCdkDid) {
  HttpApiTransport transport({});
  const PyValue scenarios = ReadData("scenarios.json");
  const PyValue goldens = ReadData("goldens.json");
  ASSERT_TRUE(scenarios.is_list() && scenarios.items().size() > 150);
  for (const PyValue& scenario : scenarios.items()) {
    const std::string name = scenario.Find("name")->str();
    SCOPED_TRACE(name);
    const PyValue* golden = goldens.Find(name);
    ASSERT_NE(golden, nullptr);
    ScenarioRun run(scenario, transport);
    const std::string host = run.base().substr(7);
    const PyValue outcome = run.Outcome();
    for (const char* part :
         {"requests", "results", "values", "rate_limited", "control", "sleeps"}) {
      // A row of a table may have a key that doesn't sort; servers don't see the order of headers.
      const bool sorted = std::string_view(part) != "values";
      const std::string ours =
          ReplaceAll(ReplaceAll(Json(Comparable(outcome, part), sorted), run.base(), "@BASE@"),
                     host, "@HOST@");
      EXPECT_EQ(WithoutServer(ours), WithoutServer(Json(Comparable(*golden, part), sorted)))
          << part;
    }
  }
}

}  // namespace
}  // namespace millrace
