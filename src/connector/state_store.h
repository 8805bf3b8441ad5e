#pragma once

// The interface needs no Arrow, so that the process which owns a state need not link any.
#include "protocol/state_store.h"
