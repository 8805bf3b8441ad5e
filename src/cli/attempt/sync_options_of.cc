#include "cli/attempt/sync_options_of.h"

namespace millrace {
namespace {

constexpr std::pair<std::string_view, MetadataMode> kMetadataModes[] = {
    {"current", MetadataMode::kCurrent},
    {"classic", MetadataMode::kClassic},
    {"none", MetadataMode::kNone},
};
constexpr std::pair<std::string_view, NumberFormat> kNumberFormats[] = {
    {"auto", NumberFormat::kAuto},
    {"double", NumberFormat::kDouble},
    {"decimal", NumberFormat::kDecimal},
    {"string", NumberFormat::kString},
};

}  // namespace

SyncOptions SyncOptionsOf(const StartDocument& start) {
  SyncOptions options;
  options.connection = start.connection;
  options.attempt = start.attempt;
  options.fencing_token = start.fencing_token;
  for (const auto& [name, mode] : kMetadataModes) {
    if (name == start.metadata) options.metadata = mode;
  }
  options.normalization = {start.normalization == "basic", start.raw_tables};
  for (const auto& [name, format] : kNumberFormats) {
    if (name == start.number_format) options.number_format = format;
  }
  options.commit_interval = start.commit_interval;
  options.merge_interval = start.merge_interval;
  options.writer_lanes = start.writer_lanes;
  return options;
}

StreamReport ReportOf(const StreamProgress& progress) {
  StreamReport report;
  report.stream = progress.stream;
  if (progress.status) report.status = ToString(*progress.status);
  report.records_read = progress.records_read;
  report.bytes_read = progress.bytes_read;
  report.records_committed = progress.records_committed;
  report.values_changed = progress.values_changed;
  report.merge = progress.merge;
  report.derived = progress.derived;
  report.estimated_records = progress.estimated_records;
  report.estimated_bytes = progress.estimated_bytes;
  report.error = progress.error;
  report.error_origin = progress.error_origin;
  return report;
}

SyncReport ReportOf(const SyncSummary& summary) {
  SyncReport report;
  report.outcome = ToString(summary.outcome);
  for (const StreamProgress& stream : summary.streams) report.streams.push_back(ReportOf(stream));
  report.error = summary.error;
  report.error_origin = summary.error_origin;
  report.records_read = summary.records_read;
  report.bytes_read = summary.bytes_read;
  report.records_committed = summary.records_committed;
  report.elapsed = summary.elapsed;
  return report;
}

}  // namespace millrace
