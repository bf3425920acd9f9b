// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/allowances/prunings.h"

#include <algorithm>
#include <utility>

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_processes = 1'024;
constexpr std::size_t most_left = 16; // folders
constexpr unsigned looked_at = 64; // of what stands in one

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
    if (auto const from = std::exchange(pruner.folder, loss.place.parent); from && from != pruner.folder
        && pruner.left.size() < most_left && std::ranges::find(pruner.left, from) == pruner.left.end())
        pruner.left.push_back(from);
    ++pruner.lost;
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
    bool const writes_anew =
        own_files_in(at, pruner.folder, loss.who) * at.settings.prunings_for_a_new_file >= pruner.lost;
    return writes_anew || std::ranges::any_of(pruner.left, [&](event::ObjectId left) {
        return left != pruner.folder && has_others(at, left, loss.who);
    });
}

} // namespace tocsin::verdict
