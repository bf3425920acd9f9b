// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/young_files.h"

#include <chrono>

namespace tocsin::verdict {
namespace {

std::int64_t minute_of(WallTime time)
{
    return std::chrono::floor<std::chrono::minutes>(time.time_since_epoch()).count();
}

} // namespace

void YoungFiles::made(event::RootId root, WallTime now)
{
    auto& hour = trees_[root];
    auto const number = minute_of(now);
    auto& minute = hour[static_cast<std::size_t>(number) % hour.size()];
    if (minute.number != number)
        minute = {number, 0};
    ++minute.files;
}

bool YoungFiles::discount(catalog::Entry const* entry, WallTime now)
{
    if (entry == nullptr || entry->origin.existed)
        return false;
    auto const made = minute_of(entry->origin.time);
    auto const tree = trees_.find(entry->root);
    if (tree == trees_.end() || minute_of(now) - made >= std::ssize(tree->second))
        return false;
    auto& minute = tree->second[static_cast<std::size_t>(made) % tree->second.size()];
    if (minute.number != made || minute.files == 0)
        return false;
    --minute.files;
    return true;
}

void YoungFiles::note(catalog::Catalog const& before, event::Activity const& activity)
{
    using enum event::ActivityKind;
    if (activity.object_kind == event::ObjectKind::directory)
        return;
    auto const* entry = before.find(activity.object);
    auto const has_one_name = [](catalog::Entry const* e) {
        return e != nullptr && e->names != nullptr && e->names->next_name == nullptr;
    };
    bool const leaves = activity.kind == deleted || (activity.kind == renamed && !activity.target.parent);
    if (activity.kind == created)
        made(activity.root, activity.time);
    else if (leaves && has_one_name(entry))
        discount(entry, activity.time);
    if (activity.kind != renamed || !activity.displaced || activity.displaced == activity.object)
        return;
    auto const* displaced = before.find(activity.displaced);
    if (has_one_name(displaced) && !discount(displaced, activity.time))
        discount(entry, activity.time); // saved over an old file: it stands for that one
}

std::uint64_t YoungFiles::count(event::RootId root, WallTime now) const
{
    auto const tree = trees_.find(root);
    std::uint64_t files = 0;
    if (tree != trees_.end())
        for (auto const& minute : tree->second)
            files += minute_of(now) - minute.number < std::ssize(tree->second) ? minute.files : 0;
    return files;
}

} // namespace tocsin::verdict
