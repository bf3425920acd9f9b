// SPDX-License-Identifier: Apache-2.0
// verdict/signals/rights.h -- modes, owners, ACLs and attributes taken from many files.
#pragma once

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class Rights final : public Signal {
public:
    SignalId id() const override { return SignalId::rights; }
    void on_activity(Case const& at, event::Activity const& activity) override;
    void on_version(Case const& at, event::Version const& version) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    void compare(
        Case const& at, catalog::Entry const& entry, event::Metadata const& now, event::ProcessKey who);
    bool is_common_time(std::int64_t mtime_ns, Settings const& settings);

    std::int64_t newest_time_ns_ = 0;
    std::size_t same_time_ = 0; // how many files in a row were given it
};

} // namespace tocsin::verdict
