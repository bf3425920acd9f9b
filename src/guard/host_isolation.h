// SPDX-License-Identifier: Apache-2.0
// guard/host_isolation.h -- isolates the host of this guard when a person asks for it, and says whether that holds.
//
// The kernel counts the time and ends it (respond/isolation.h); this only tidies up and tells: in the journal and in
// the log who has isolated the host and for how long, when it was over, and when somebody else has removed its rules.
// Rules that somebody has removed are not put back: it may be an administrator's last way in.
// Threads: any; one at a time, also while nft runs (5 s at most) and while it is told: only who asks for an isolation
// or for the status, and the housekeeping, wait for each other here.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tocsin/answers/protocol.h"
#include "tocsin/answers/status.h"
#include "tocsin/base/clock.h"
#include "tocsin/respond/isolation.h"

namespace tocsin::guard {

class HostIsolation {
public:
    using Tell = std::function<void(std::string sentence)>; // from any of its callers' threads

    // `always_allowed`: of the configuration.
    static Result<std::vector<respond::Allowed>> allowed_by(std::vector<std::string> const& words);
    HostIsolation(std::vector<respond::Allowed> always_allowed, Tell tell);

    // What the kernel still holds of an isolation from before. Where it does not say, look() asks again.
    void recall();
    // Now and then: whether it is over.
    void look();

    // `isolate`, with `end` or with `allow` and `seconds`. Format: docs/formats/control.md.
    Result<json::value> answer(answers::Request const& request);

    std::optional<answers::IsolationStatus> now(); // as the kernel has it just now

private:
    Result<json::value> begin(answers::Request const& request);
    Result<json::value> end(answers::Request const& request);
    Result<std::vector<respond::Allowed>> allowed_for(
        answers::Request const& request, std::optional<std::string> const& asker) const;
    void recall_locked();
    void look_locked();
    void forget(std::string sentence);

    std::vector<respond::Allowed> const always_allowed_;
    Tell const tell_;
    std::uint64_t const network_;
    std::mutex mutex_;
    std::optional<SteadyTime> until_; // none: the host is not isolated, as far as is known here
    std::string not_recalled_; // why it is not known whether it was isolated before; empty: it is
    SteadyTime next_look_;
};

} // namespace tocsin::guard
