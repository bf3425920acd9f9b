// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/allowances/prunings.h"

#include <algorithm>

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_processes = 1'024;
constexpr std::size_t most_left = 16; // folders
constexpr unsigned looked_at = 64; // of what stands in one
constexpr std::uint64_t gone_for_one_that_stays = 8;
constexpr std::uint64_t steps_for_one_backwards = 8;

bool may_be_a_pack(catalog::Entry const& file)
{
    return !file.has_version || file.facts.type == event::FileType::unknown;
}

// Of those that it listed last.
std::size_t own_files_in(Case const& at, event::ObjectId id, event::ProcessKey who)
{
    auto const* folder = at.catalog.find(id);
    if (folder == nullptr || folder->directory == nullptr)
        return 0;
    std::size_t own = 0;
    unsigned steps = looked_at;
    auto const& links = folder->directory->by_walk;
    for (auto link = links.rbegin(); link != links.rend() && steps > 0; ++link, --steps) {
        auto const& object = *link->object;
        own += may_be_a_pack(object) && object.origin.creator == who && catalog::is_survivor(*link) ? 1U : 0U;
    }
    return own;
}

// Whether what somebody else made stands in the folder, as far as a look tells.
bool has_others(Case const& at, event::ObjectId id, event::ProcessKey who)
{
    auto const* folder = at.catalog.find(id);
    if (folder == nullptr || folder->directory == nullptr)
        return false;
    unsigned steps = looked_at;
    for (auto const& link : folder->directory->by_walk) {
        if (catalog::is_survivor(link) && link.object->origin.creator != who)
            return true;
        if (--steps == 0)
            return false;
    }
    return false;
}

bool could_be_read(Loss const& loss)
{
    return !loss.has_content || loss.before.facts.type != event::FileType::unknown
        || (!is_opaque(loss.before) && !is_too_short_to_tell(loss.before));
}

} // namespace

void Prunings::count(Pruner& pruner, Loss const& loss)
{
    auto& here = pruner.here;
    if (here.folder != loss.place.parent) {
        if (here.folder && pruner.left.size() < most_left
            && std::ranges::find(pruner.left, here.folder) == pruner.left.end())
            pruner.left.push_back(here.folder);
        here = {.folder = loss.place.parent};
    }
    auto const inode = loss.mark.inode;
    ++pruner.lost;
    ++here.lost;
    here.backwards += inode < here.highest ? 1 : 0;
    here.highest = std::max(here.highest, inode);
}

bool Prunings::leaves_some_behind(Case const& at, Here const& here, event::ProcessKey who)
{
    auto const* folder = at.catalog.find(here.folder);
    if (folder == nullptr || folder->directory == nullptr
        || here.backwards * steps_for_one_backwards > here.lost)
        return false;
    std::uint64_t stay = 0;
    unsigned steps = looked_at;
    auto const& links = folder->directory->by_inode;
    for (auto const& link : links) {
        auto const& file = *link.object;
        if (file.inode >= here.highest || steps-- == 0)
            break;
        stay += may_be_a_pack(file) && file.origin.creator != who && catalog::is_survivor(link) ? 1U : 0U;
    }
    return stay * gone_for_one_that_stays >= here.lost;
}

bool Prunings::allow(Case const& at, Loss const& loss)
{
    auto const* node = at.tree.find(loss.who);
    if (could_be_read(loss) || node == nullptr || node->account.created == 0)
        return false;
    if (pruners_.size() >= most_processes && !pruners_.contains(loss.who))
        pruners_.clear();
    auto& pruner = pruners_[loss.who];
    count(pruner, loss);
    auto const& here = pruner.here;
    bool const writes_anew =
        own_files_in(at, here.folder, loss.who) * at.settings.prunings_for_a_new_file >= pruner.lost;
    return writes_anew || leaves_some_behind(at, here, loss.who)
        || std::ranges::any_of(pruner.left,
            [&](event::ObjectId left) { return left != here.folder && has_others(at, left, loss.who); });
}

} // namespace tocsin::verdict
