#pragma once

#include "attempt/attempt_channel.h"
#include "attempt/start_document.h"
#include "cli/attempt/attempt_stop.h"

namespace millrace {

// What a connector builder asks for, with a configuration as LoadManifestOf and TakeBuilderRequest
// read it. Each ends with one RESULT or FAILURE on the channel, and returns the exit code. Nothing
// of a manifest's Python is run: such a manifest is a config error.

/// RESULT is {"manifest": resolved, "written": as it was sent, references unresolved}. Contacts
/// nothing.
int RunResolveManifestTask(const StartDocument& start, AttemptChannel& channel);

/// The same, with the streams that the dynamic ones come to, which may ask the API.
int RunFullResolveManifestTask(const StartDocument& start, AttemptChannel& channel,
                               AttemptStop& stop);

/// RESULT is the CDK's StreamRead of one stream. It ends by itself after a minute, with what was
/// read by then.
int RunReadStreamTask(const StartDocument& start, AttemptChannel& channel, AttemptStop& stop);

}  // namespace millrace
