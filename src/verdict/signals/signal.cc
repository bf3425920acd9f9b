// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/signal.h"

#include <algorithm>
#include <fmt/format.h>

#include "tocsin/base/log.h"

namespace tocsin::verdict {
namespace {

std::string folder_of(std::string const& path)
{
    auto const slash = path.rfind('/');
    return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

std::string common_folder(std::string const& a, std::string const& b)
{
    auto const [end, ignored] = std::ranges::mismatch(a, b);
    auto common = std::string(a.begin(), end);
    if (common == a && (b.size() == a.size() || b[a.size()] == '/'))
        return a;
    return folder_of(common);
}

constexpr std::size_t longest_path = 200;

} // namespace

std::string files_and_folders(std::span<Charge const* const> charges)
{
    std::vector<event::ObjectId> objects;
    std::vector<std::string> folders;
    for (auto const* charge : charges) {
        objects.push_back(charge->object);
        folders.push_back(folder_of(charge->path));
    }
    std::ranges::sort(objects);
    std::ranges::sort(folders);
    auto const files = static_cast<std::size_t>(std::ranges::unique(objects).begin() - objects.begin());
    folders.erase(std::ranges::unique(folders).begin(), folders.end());
    auto const noun = files == 1 ? "file" : "files";
    if (folders.size() == 1)
        return fmt::format("{} {} in '{}'", files, noun, printable(folders[0], longest_path));
    auto const top = common_folder(folders.front(), folders.back());
    return fmt::format(
        "{} {} in {} folders below '{}'", files, noun, folders.size(), printable(top, longest_path));
}

std::string what_became(std::span<Charge const* const> charges)
{
    // The heaviest kind; what else happened is in the journal.
    auto const* heaviest = *std::ranges::max_element(charges, {}, [](Charge const* c) { return c->points; });
    return std::string(name_of(static_cast<Became>(heaviest->kind)));
}

event::ProcessKey both(Case const& at, event::ProcessKey one, event::ProcessKey other)
{
    auto* a = at.tree.find(one);
    auto* b = at.tree.find(other);
    auto* common = a != nullptr && b != nullptr ? at.tree.common(*a, *b) : nullptr;
    return common == nullptr ? one : common->process.key;
}

Charge charge_for(Case const& at, SignalId signal, Succession const& succession)
{
    auto const& lost = succession.lost;
    auto who = lost.who;
    // Who made the copy did it as much as who took the original away.
    if (auto const* copy = at.catalog.find(succession.successor);
        succession.relation == Relation::copied && copy != nullptr)
        who = both(at, who, copy->origin.creator);
    return {.who = who,
        .time = at.now,
        .since = succession.since,
        .signal = signal,
        .weight = succession.change.weight,
        .kind = static_cast<std::uint8_t>(succession.change.became),
        .points = succession.change.points * lost.worth,
        .object = lost.object,
        .folder = lost.place.parent,
        .path = lost.path};
}

} // namespace tocsin::verdict
