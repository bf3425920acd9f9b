// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/renames.h"

#include <algorithm>
#include <fmt/format.h>

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_endings = 256;
constexpr std::size_t most_charged = 256;
constexpr std::size_t kinds_that_count = 4;
enum class Kind : std::uint8_t { plain, random, new_ending };

std::string_view ending_of(std::string_view name)
{
    auto const dot = name.rfind('.');
    return dot == std::string_view::npos || dot == 0 ? std::string_view{} : name.substr(dot);
}

std::string_view stem_of(std::string_view name)
{
    auto const ending = ending_of(name);
    return name.substr(0, name.size() - ending.size());
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A mail's name in a Maildir without its flags (maildir(5)): which mail it is.
std::string_view unique_part(std::string_view name)
{
    auto flags = name.size();
    while (flags > 0 && is_letter(name[flags - 1]))
        --flags;
    auto const rest = name.substr(0, flags);
    return rest.ends_with(":2,") ? rest.substr(0, rest.size() - 3) : name;
}

bool is_of_a_maildir(catalog::Catalog const& catalog, event::ObjectId folder)
{
    auto const* entry = catalog.find(folder);
    auto const* name = entry == nullptr ? nullptr : entry->names;
    if (name == nullptr || name->parent == nullptr || (name->name != "cur" && name->name != "new"))
        return false;
    auto const whole = name->parent->id;
    return catalog.child(whole, "cur") && catalog.child(whole, "new") && catalog.child(whole, "tmp");
}

// It was looked at, answered or marked, and is the same mail for every program that reads mail.
bool gives_flags(Case const& at, event::Activity const& renamed)
{
    return unique_part(renamed.place.name) == unique_part(renamed.target.name)
        && is_of_a_maildir(at.catalog, renamed.place.parent)
        && is_of_a_maildir(at.catalog, renamed.target.parent);
}

} // namespace

bool looks_random(std::string_view name)
{
    if (name.size() < 8)
        return false;
    std::size_t digits = 0;
    std::size_t switches = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (!is_digit(name[i]) && !is_letter(name[i]))
            return false;
        digits += is_digit(name[i]) ? 1 : 0;
        if (i > 0 && is_digit(name[i]) != is_digit(name[i - 1]))
            ++switches;
    }
    if (digits > 0)
        return switches >= 3;
    // Letters alone: no vowels to speak it by, or capitals in the middle of small letters.
    auto const vowels =
        std::ranges::count_if(name, [](char c) { return std::string_view("aeiouyAEIOUY").contains(c); });
    std::size_t raised = 0;
    for (std::size_t i = 1; i < name.size(); ++i)
        raised += name[i] <= 'Z' && name[i - 1] >= 'a' ? 1 : 0;
    return static_cast<std::size_t>(vowels) * 6 < name.size() || raised * 4 >= name.size();
}

bool Renames::is_strange(Case const& at, std::string_view old_name, std::string_view new_name)
{
    auto const was = ending_of(old_name);
    auto const is = ending_of(new_name);
    if (is.size() < 2 || was == is)
        return false;
    if (endings_.size() >= most_endings)
        endings_.clear();
    auto& ending = endings_[std::string(is)];
    if (ending.time + at.settings.sweep_memory < at.now)
        ending = {};
    ending.time = at.now;
    ++ending.files;
    if (ending.replaced.size() < kinds_that_count
        && std::ranges::find(ending.replaced, was) == ending.replaced.end())
        ending.replaced.emplace_back(was);
    // Appended to the whole old name, or put on several kinds of files. The first one may be
    // somebody's ".bak".
    bool const appended = new_name.size() > old_name.size() && new_name.starts_with(old_name) && !was.empty();
    return ending.files >= 2 && (appended || ending.replaced.size() >= 3);
}

void Renames::on_activity(Case const& at, event::Activity const& activity)
{
    if (activity.kind != event::ActivityKind::renamed || !activity.target.parent
        || activity.object_kind == event::ObjectKind::directory || activity.place.name == activity.target.name
        || gives_flags(at, activity))
        return;
    auto const* entry = at.catalog.find(activity.object);
    if (entry == nullptr)
        return;
    auto const worth = at.provenance.worth(*entry, at.tree.ensure(activity.process), at.now);
    if (worth <= 0)
        return;
    auto const& to = activity.target.name;
    auto const kind = is_strange(at, activity.place.name, to)                      ? Kind::new_ending
        : looks_random(stem_of(to)) && !looks_random(stem_of(activity.place.name)) ? Kind::random
                                                                                   : Kind::plain;
    auto const points = kind == Kind::new_ending ? at.settings.renamed_to_new_kind
        : kind == Kind::random                   ? at.settings.renamed_at_random
                                                 : at.settings.renamed;
    auto const charge = at.ledger.charge({.who = activity.process,
        .time = at.now,
        .signal = id(),
        .weight = kind == Kind::plain ? Weight::soft : Weight::hard,
        .kind = static_cast<std::uint8_t>(kind),
        .points = points * worth,
        .object = activity.object,
        .folder = activity.place.parent,
        .path = activity.path});
    if (kind == Kind::plain || !charge)
        return;
    if (charged_.size() >= most_charged)
        charged_.clear();
    charged_[activity.object] = charge;
}

void Renames::on_refill(Case const& at, event::ObjectId moved)
{
    auto found = charged_.find(moved);
    if (found == charged_.end())
        return;
    at.ledger.refund(found->second, at.now);
    charged_.erase(found);
}

std::string Renames::reason(Case const&, std::span<Charge const* const> charges) const
{
    auto const what = files_and_folders(charges);
    switch (static_cast<Kind>(charges.back()->kind)) {
    case Kind::new_ending:
        return fmt::format("renamed {} to one new ending whatever they were before", what);
    case Kind::random:
        return fmt::format("renamed {} to names that look drawn by lot", what);
    case Kind::plain:
        break;
    }
    return fmt::format("renamed {}", what);
}

} // namespace tocsin::verdict
