// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/remembered.h"

#include <algorithm>
#include <fmt/format.h>

#include "tocsin/base/sys.h"
#include "tocsin/journal/journal.h"

namespace tocsin::answers {

namespace {

Error nothing_is_guarded(StatePaths const& state)
{
    return Error(Errc::not_found,
        fmt::format("nothing is guarded: no guard runs on '{}', and it remembers no tree", state.dir));
}

} // namespace

Result<event::RootChange> protected_root(std::span<event::RootChange const> roots, std::string const& path)
{
    auto resolved = sys::real_path(path);
    // Its path may be a symlink by now: the name that it was guarded by goes first.
    for (auto const& wanted : {path, resolved.ok() ? resolved.take() : path})
        for (auto const& root : roots)
            if (root.is_protected && root.path == wanted)
                return root;
    return Error(Errc::not_found, fmt::format("'{}' is not guarded", path));
}

Result<void> forget_trees(StatePaths const& state, std::span<std::string const> paths)
{
    auto opened = journal::Journal::open(state.journal, journal::Access::read_only);
    if (!opened.ok() && opened.error().code() == Errc::not_found)
        return nothing_is_guarded(state); // and no journal is made
    TRY(std::move(opened));
    auto lock = TRY(lock_state(state)); // held until the end
    auto journal = TRY(journal::Journal::open(state.journal, journal::Access::read_write));
    auto const roots = TRY(journal->roots());
    if (std::ranges::none_of(roots, &event::RootChange::is_protected))
        return nothing_is_guarded(state);
    std::vector<event::Record> changes;
    for (auto const& path : paths) {
        auto root = TRY(protected_root(roots, path));
        root.time = wall_now();
        root.is_protected = false;
        changes.emplace_back(std::move(root));
    }
    return journal->append(changes);
}

} // namespace tocsin::answers
