// SPDX-License-Identifier: Apache-2.0
// verdict/signals/renames.h -- many files renamed so that nobody finds or opens them any more.
//
// A strange ending appended to files of several kinds, or names that look drawn by lot. A
// photographer who renames a thousand pictures keeps their endings and gives speaking names; a
// mail program that marks mails in a Maildir changes the flags at the end of their names alone.
//
// Bounds: remembers 256 endings and 256 renames.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class Renames final : public Signal {
public:
    SignalId id() const override { return SignalId::renames; }
    void on_activity(Case const& at, event::Activity const& activity) override;
    void on_refill(Case const& at, event::ObjectId moved) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    struct Ending {
        WallTime time{};
        std::uint32_t files = 0;
        std::vector<std::string> replaced; // endings that files had before; at most 4
    };
    bool is_strange(Case const& at, std::string_view old_name, std::string_view new_name);

    std::unordered_map<std::string, Ending> endings_;
    std::unordered_map<event::ObjectId, ChargeId> charged_; // the newest, for what was only set aside
};

// Eight letters or digits and more, switching between the two so often that nobody chose them.
bool looks_random(std::string_view name);

} // namespace tocsin::verdict
