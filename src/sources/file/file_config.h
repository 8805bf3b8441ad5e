#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "files/text_input.h"
#include "formats/csv_options.h"

namespace millrace {

enum class SourceFileFormat { kCsv, kJson, kJsonLines, kParquet, kExcel };

/// pandas' reader arguments, as far as they are known here.
struct ReaderOptions {
  CsvOptions csv;
  std::optional<bool> json_lines;
  int64_t rows_max = -1;
  TextForm text;
  std::optional<std::string> sheet_name;  ///< Excel
  int sheet_index = 0;
  bool use_letters = false;  ///< csv.use_columns are Excel's letters
};

/// Where the file lies and what is needed to get at it; the fields that a storage lacks are empty.
struct FileProvider {
  std::string storage;  ///< "local", "HTTPS", "S3", "GCS", "AzBlob", "SSH", "SCP", "SFTP"
  bool user_agent = false;
  std::string endpoint;  ///< S3, GCS, AzBlob: not the provider's own servers
  std::string access_key_id, secret_access_key, region;  ///< S3
  std::string service_account_json;                      ///< GCS
  std::string storage_account, sas_token, shared_key;    ///< AzBlob
  std::string host, user, password;                      ///< SSH, SCP, SFTP
  int port = 22;
};

/// The three names of one thing: a file of an SSH server, read by SFTP.
bool IsSsh(std::string_view storage);

/// source-file's connectionConfiguration. A plain value.
struct FileConfig {
  std::string dataset_name;
  SourceFileFormat format = SourceFileFormat::kCsv;
  std::string url;
  FileProvider provider;
  ReaderOptions options;
};

/// Config errors name the field. Contacts nothing; registers the secrets.
Result<FileConfig> ParseFileConfig(const Json& config);

/// reader_options: a JSON object in text, or "". Options that are not known, or that change nothing
/// here, are warned about by name.
Result<ReaderOptions> ParseReaderOptions(const std::string& text, SourceFileFormat format);

}  // namespace millrace
