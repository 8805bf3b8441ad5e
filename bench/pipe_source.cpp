// pipe_source: an Airbyte source that costs next to nothing, so that whoever reads it is what a
// benchmark measures.
//   pipe_source spec | discover --config F | check --config F | read --config F --catalog F
// Its lines are made once; a read writes them again and again, each record with an id of its own.
// The configuration is
// {"records": N, "state_every": N, "large_every": N, "large_bytes": N}: every so many records a
// STATE, or a record whose `note` has so many bytes (0: none). At its end it tells its own
// processor time on standard error.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

constexpr int kBlockRecords = 4096;
constexpr int64_t kFirstId = 1'000'000'000;  // so that all ids have as many digits

uint64_t Mix(uint64_t x) {  // splitmix64's finaliser
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

struct Random {
  uint64_t state;
  uint64_t Word() { return state = Mix(state); }
  int Below(int bound) { return static_cast<int>(Word() % static_cast<uint64_t>(bound)); }
  template <size_t n>
  const char* Of(const char* const (&words)[n]) {
    return words[Below(static_cast<int>(n))];
  }
};

// Not in the order in which records have their fields: few connectors' schemas are.
const char kSchema[] =
    R"({"type":"object","properties":{"account":{"type":"integer"},"active":{"type":"boolean"},)"
    R"("address":{"type":"object"},"birthday":{"type":"string","format":"date"},)"
    R"("city":{"type":["null","string"]},"created_at":{"type":"string","format":"date-time"},)"
    R"("email":{"type":"string"},"id":{"type":"integer"},"name":{"type":"string"},"note":{"type":"string"},)"
    R"("price":{"type":"number"},"quantity":{"type":"integer"},"rate":{"type":"number"},"reference":{"type":"string"},)"
    R"("tags":{"type":"array","items":{"type":"string"}},)"
    R"("updated_at":{"type":"string","format":"date-time","airbyte_type":"timestamp_without_timezone"}}})";

const char* const kNames[] = {"Ada Lovelace", "Grace Hopper",           "Zo\u00eb Kr\u00fcger",
                              "Li Wei",       "Jos\u00e9 \u00c1lvarez", "Bob"};
const char* const kCities[] = {"\"Oslo\"", "\"New York\"",    "\"S\u00e3o Paulo\"",
                               "null",     "\"Ulaanbaatar\"", "\"Bath\""};
const char* const kTags[] = {"new", "priority", "gift", "export", "b2b", "returned"};
const char* const kWords[] = {"river", "stone", "packet", "ledger", "wheel",      "grain",
                              "mill",  "carry", "final",  "bold",   "\\\"so\\\"", "\\n"};

struct Line {
  std::string text;
  size_t id_at;
};

Line MakeRecord(Random& random, size_t note_bytes) {
  char head[600];
  const int size = std::snprintf(
      head, sizeof head,
      R"({"type":"RECORD","record":{"stream":"orders","data":{"id":%)" PRId64
      R"(,"account":%d,"name":"%s",)"
      R"("email":"user%d@example.com","active":%s,"quantity":%d,"price":%d.%02d,"rate":0.%06d,"city":%s,)"
      R"("reference":"%016)" PRIx64 R"(%016)" PRIx64
      R"(","birthday":"%d-%02d-%02d","created_at":"2024-%02d-%02dT%02d:%02d:%02d.%03dZ",)"
      R"("updated_at":"2025-%02d-%02dT%02d:%02d:%02d","tags":["%s","%s"],)"
      R"("address":{"street":"%d Main Street","zip":"%05d","geo":[%d.%04d,%d.%04d]},"note":")",
      kFirstId, random.Below(100'000'000), random.Of(kNames), random.Below(1'000'000),
      random.Below(2) ? "true" : "false", random.Below(200), random.Below(10'000),
      random.Below(100), random.Below(1'000'000), random.Of(kCities), random.Word(), random.Word(),
      1940 + random.Below(70), 1 + random.Below(12), 1 + random.Below(28), 1 + random.Below(12),
      1 + random.Below(28), random.Below(24), random.Below(60), random.Below(60),
      random.Below(1000), 1 + random.Below(12), 1 + random.Below(28), random.Below(24),
      random.Below(60), random.Below(60), random.Of(kTags), random.Of(kTags), random.Below(9999),
      random.Below(99999), random.Below(90), random.Below(10'000), random.Below(180),
      random.Below(10'000));
  Line line;
  line.text.assign(head, static_cast<size_t>(size));
  line.id_at = line.text.find(std::to_string(kFirstId));
  const size_t begin = line.text.size();
  while (line.text.size() - begin < note_bytes) {
    if (line.text.size() != begin) line.text += ' ';
    line.text += random.Of(kWords);
  }
  line.text += R"("},"emitted_at":1732272000000}})";
  line.text += '\n';
  return line;
}

void WriteAll(const char* data, size_t size) {
  constexpr size_t kPiece =
      64 << 10;  // as programs with a buffer write; larger ones hold the pipe's lock for long
  while (size > 0) {
    const ssize_t put = ::write(1, data, std::min(size, kPiece));
    if (put <= 0) std::exit(1);
    data += put;
    size -= static_cast<size_t>(put);
  }
}

void WriteText(const std::string& text) { WriteAll(text.data(), text.size()); }

void PutId(char* at, int64_t id) {
  for (int digit = 9; digit >= 0; --digit, id /= 10) at[digit] = static_cast<char>('0' + id % 10);
}

int64_t NumberIn(const std::string& config, const char* key) {
  const size_t at = config.find(std::string("\"") + key + "\"");
  if (at == std::string::npos) return 0;
  return std::strtoll(config.c_str() + config.find(':', at) + 1, nullptr, 10);
}

void Read(const std::string& config) {
  const int64_t records = NumberIn(config, "records"),
                state_every = NumberIn(config, "state_every"),
                large_every = NumberIn(config, "large_every"),
                large_bytes = NumberIn(config, "large_bytes");
  Random random{42};
  std::string block;
  std::vector<size_t> begins, ids;
  for (int i = 0; i < kBlockRecords; ++i) {
    const Line line = MakeRecord(random, static_cast<size_t>(random.Below(21)));
    begins.push_back(block.size());
    ids.push_back(block.size() + line.id_at);
    block += line.text;
  }
  begins.push_back(block.size());
  Line large = MakeRecord(random, static_cast<size_t>(large_bytes));
  for (int64_t written = 0; written < records;) {
    int64_t count = std::min<int64_t>(kBlockRecords, records - written);
    for (int64_t i = 0; i < count; ++i)
      PutId(&block[ids[static_cast<size_t>(i)]], kFirstId + written + i);
    WriteAll(block.data(), begins[static_cast<size_t>(count)]);
    const int64_t before = written;
    written += count;
    const auto passed = [&](int64_t every) {
      return every > 0 && before / every != written / every;
    };
    if (passed(large_every)) {
      PutId(&large.text[large.id_at], 2 * kFirstId + written);
      WriteText(large.text);
    }
    if (passed(state_every)) {
      WriteText(
          R"({"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"id":)" +
          std::to_string(kFirstId + written) + "}}}}\n");
    }
  }
  WriteText(
      R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.0,"stream_status":{"stream_descriptor":{"name":"orders"},"status":"COMPLETE"}}})"
      "\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string task = argc > 1 ? argv[1] : "";
  std::string config;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--config") != 0) continue;
    std::ifstream file(argv[i + 1]);
    config.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (task == "spec") {
    WriteText(
        R"({"type":"SPEC","spec":{"connectionSpecification":{"type":"object","additionalProperties":true,"properties":{}}}})"
        "\n");
  } else if (task == "check") {
    WriteText(R"({"type":"CONNECTION_STATUS","connectionStatus":{"status":"SUCCEEDED"}})"
              "\n");
  } else if (task == "discover") {
    WriteText(
        std::string(
            R"({"type":"CATALOG","catalog":{"streams":[{"name":"orders","supported_sync_modes":["full_refresh"],"json_schema":)") +
        kSchema + "}]}}\n");
  } else if (task == "read") {
    Read(config);
  } else {
    return 2;
  }
  rusage used;
  ::getrusage(RUSAGE_SELF, &used);
  std::fprintf(stderr, "pipe_source %s: %.3f s of processor time\n", task.c_str(),
               static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                   static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
}
