// SPDX-License-Identifier: Apache-2.0
// guard/read_log.h -- which processes opened which protected files since the log was taken last.
//
// Threads: the deciding thread's, until it is taken. Bounds: 65,536 opens; what comes then is left out.
#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "tocsin/verdict/exposure.h"

namespace tocsin::guard {

struct ReadLog {
    struct Read {
        std::size_t job = 0; // which of `jobs`
        event::ObjectId object;
        std::uint64_t bytes = 0; // its size
    };

    void note(verdict::ProcessTree& tree, event::ProcessKey who, event::ObjectId object, std::uint64_t bytes)
    {
        if (reads.size() >= reads_at_most)
            return;
        auto const [at, is_new] = job_of_.try_emplace(who, jobs.size());
        if (is_new)
            jobs.push_back(verdict::job_of(tree, who));
        reads.push_back({at->second, object, bytes});
    }
    ReadLog take() { return std::exchange(*this, {}); }

    std::vector<verdict::Job> jobs;
    std::vector<Read> reads;

private:
    static constexpr std::size_t reads_at_most = 65'536;

    std::unordered_map<event::ProcessKey, std::size_t> job_of_;
};

} // namespace tocsin::guard
