#pragma once

#include <string>

#include "base/status.h"

namespace millrace {

/// Which address this thread last tried to connect to in vain, because the rules of this process
/// forbid it; noted by what enforces them, asked by clients that say why they failed.
void NoteRefusedAddress(std::string address);
/// Forgets what was noted: before a client connects.
void ForgetRefusedAddress();
/// A config error when an address was noted, otherwise `failure`. `to` is what the client calls the
/// other side.
Status ExplainRefusedAddress(Status failure, const std::string& to);

}  // namespace millrace
