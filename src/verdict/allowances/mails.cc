// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/allowances/mails.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_folders = 1'024;
constexpr unsigned most_older = 2; // came in the same second, or were listed late
constexpr unsigned looked_at = 64; // those that went are no survivors, but may be listed yet

// Zero: it is not named so.
std::chrono::seconds delivered(std::string_view name)
{
    auto const digits = name.substr(0, name.find('.'));
    std::int64_t seconds = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    bool const is_a_time =
        digits.size() == 10 && error == std::errc() && end == digits.data() + digits.size();
    return std::chrono::seconds(is_a_time && digits.size() < name.size() ? seconds : 0);
}

bool is_the_oldest(catalog::Entry const& folder, catalog::Entry const* mail)
{
    unsigned older = 0;
    unsigned steps = looked_at;
    for (auto const& link : folder.directory->by_name) {
        if (link.object == mail)
            return true;
        older += catalog::is_survivor(link) ? 1 : 0;
        if (older > most_older || --steps == 0)
            return false;
    }
    return false;
}

std::size_t mails_that_stood(Case const& at, catalog::Entry const& folder)
{
    auto const stood = [&](catalog::Link const& link) {
        auto const& origin = link.object->origin;
        bool const is_young = !origin.existed && origin.time + at.settings.sweep_memory > at.now;
        bool const has_one_name = link.object->names->next_name == nullptr;
        return catalog::is_survivor(link) && has_one_name && !is_young && delivered(link.name).count() != 0;
    };
    return static_cast<std::size_t>(std::ranges::count_if(folder.directory->by_name, stood));
}

} // namespace

bool is_of_a_maildir(catalog::Entry const& folder)
{
    auto const* box = folder.names == nullptr ? nullptr : folder.names->parent;
    if (box == nullptr || box->directory == nullptr)
        return false;
    auto const& name = folder.names->name;
    return (name == "cur" || name == "new")
        && std::ranges::all_of(std::to_array<char const*>({"cur", "new", "tmp"}),
            [&](char const* kind) { return box->directory->find(kind) != nullptr; });
}

bool OldMails::allow(Case const& at, Loss const& loss, catalog::Entry const& folder)
{
    auto const came = delivered(loss.place.name);
    auto const* mail = at.catalog.find(loss.object);
    auto const* who = at.tree.find(loss.who);
    bool const is_its_owner = mail != nullptr && who != nullptr && acts_for_itself(*who) && mail->uid != 0
        && mail->uid == who->process.uid;
    if (!is_its_owner || came.count() == 0 || !is_the_oldest(folder, mail)
        || from_nanoseconds(std::chrono::nanoseconds(came).count()) + at.settings.mail_is_old > at.now)
        return false;
    if (folders_.size() >= most_folders && !folders_.contains(folder.id))
        folders_.clear();
    auto& taken = folders_[folder.id];
    if (taken.newest + at.settings.sweep_memory < at.now)
        taken = {at.now, 0, mails_that_stood(at, folder)};
    if (static_cast<double>(taken.mails + 1)
        > static_cast<double>(taken.all) * at.settings.share_of_old_mails)
        return false;
    ++taken.mails;
    taken.newest = at.now;
    return true;
}

} // namespace tocsin::verdict
