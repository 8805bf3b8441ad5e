#pragma once

#include <memory>
#include <string>

#include "clients/ssh/ssh_options.h"
#include "files/file_input.h"

namespace millrace {

/// A file of an SFTP server. Any part of it can be had; parts that are read at once have SSH
/// sessions of their own, which are used again. A read that breaks off is taken up where it
/// stopped, a bounded number of times.
std::unique_ptr<FileInput> MakeSftpInput(SshOptions options, std::string path);

}  // namespace millrace
