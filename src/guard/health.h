// SPDX-License-Identifier: Apache-2.0
// guard/health.h -- whether the guard can keep its promise, and why not.
//
// The guard never looks well while it sees nothing: anything that breaks the promise makes the
// state `blind` until it is over (a full disk) or for good (a lost event: until the next walk).
// Threads: any.
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace tocsin::guard {

class Health {
public:
    // `sentence` empty: this cause is over.
    void set(std::string const& cause, std::string sentence)
    {
        std::lock_guard lock(mutex_);
        if (sentence.empty())
            causes_.erase(cause);
        else
            causes_[cause] = std::move(sentence);
    }

    // All sentences that hold; empty: the guard sees and keeps everything.
    std::string blind_because() const
    {
        std::lock_guard lock(mutex_);
        std::string out;
        for (auto const& [cause, sentence] : causes_)
            out += (out.empty() ? "" : "; ") + sentence;
        return out;
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::string> causes_;
};

} // namespace tocsin::guard
