// SPDX-License-Identifier: Apache-2.0
// verdict/signals/rights.h -- modes, owners, ACLs and attributes taken from many files.
//
// Times that a process sets on what it has just written (rsync, tar, cp -p) are part of the writing: what it
// wrote is judged by its content.
//
// Bounds: remembers 4,096 writes.
#pragma once

#include <vector>

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
    bool is_common_time(std::int64_t mtime_ns, Case const& at);
    bool has_just_written(
        event::ProcessKey who, event::ObjectId object, WallTime now, Settings const& s) const;

    static constexpr std::size_t writes_remembered = 4'096;
    struct Write {
        event::ObjectId object;
        event::ProcessKey who;
        WallTime time{};
    };
    std::vector<Write> written_{
        writes_remembered}; // by hash of the object; a newer one takes an older one's slot
    std::int64_t newest_time_ns_ = 0;
    std::size_t same_time_ = 0; // how many files in a row were given it
};

} // namespace tocsin::verdict
