// SPDX-License-Identifier: Apache-2.0
// cli/guard/wait.h -- waits, showing how far it is, until a guard has captured what it guards.
#pragma once

#include "tocsin/cli/verb.h"

namespace tocsin::cli {

// The status once it is no longer `capturing`. Ends with the guard: `failed` when it goes away.
Result<json::value> wait_until_guarding(Session& session);

} // namespace tocsin::cli
