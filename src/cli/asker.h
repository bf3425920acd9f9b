// SPDX-License-Identifier: Apache-2.0
// cli/asker.h -- asks the guard of a state directory, or its journal when no guard runs.
#pragma once

#include <string>

#include "tocsin/cli/verb.h"

namespace tocsin::cli {

class StateAsker final : public Asker {
public:
    explicit StateAsker(std::string const& state_dir) : state_dir_(state_dir) { }
    Result<json::value> ask(answers::Request const& request, answers::ProgressSink const& sink) override;

private:
    std::string const& state_dir_; // filled by the command line after this was made
};

// The login name of the person behind this process, also behind sudo; "#uid" where it has none.
std::string invoking_user();

} // namespace tocsin::cli
