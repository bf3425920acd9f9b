// SPDX-License-Identifier: Apache-2.0
// respond/plan.h -- what is to be done about an incident: a pure function.
//
// Reversible first: a policy that stops freezes before it kills, so that the actor does nothing
// more while its processes are ended one by one. What is done already is not asked for again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tocsin/base/result.h"
#include "tocsin/event/incident.h"

namespace tocsin::respond {

enum class Policy {
    observe, // note it, do nothing
    freeze, // stop its processes and refuse its opens; a person decides
    stop, // as freeze, then kill
};
std::string_view name_of(Policy policy);
Result<Policy> policy_named(std::string_view name); // `invalid` for any other word
// For who reads options: the sentence against a word that names no policy; empty for one that does.
std::string refuse_what_is_no_policy(std::string const& word);

// In the order in which they are to be done; a cut where its client is found to be a remote one. Below the threshold (score < 1), for an actor without
// processes, and for an incident that a person has decided about, nothing.
std::vector<event::ActionKind> plan(event::Incident const& incident, Policy policy);

} // namespace tocsin::respond
