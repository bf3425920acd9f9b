// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/allowances/errands.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "tocsin/verdict/allowances/named_folders.h"

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_processes = 1'024;
constexpr std::size_t most_spent = 4'096; // an hour of 68 trees
constexpr std::chrono::minutes counted_together{1}; // of one tree
constexpr std::size_t thrown_remembered = 16'384;
constexpr int most_levels = 32; // of folders above an object

// As desktops, mail servers and file servers call it; a Maildir's folders have a dot before their name.
bool is_trash_name(std::string_view name)
{
    static constexpr auto names = std::to_array<std::string_view>(
        {"Trash", "trash", "Deleted Items", "Deleted Messages", "recycle", "#recycle", "$RECYCLE.BIN"});
    if (name.starts_with('.'))
        name.remove_prefix(1);
    return std::ranges::find(names, name) != names.end() || name.starts_with("Trash-");
}

catalog::Entry const* parent_of(catalog::Entry const& folder)
{
    return folder.names == nullptr ? nullptr : folder.names->parent;
}

// The trash folder that it lies in.
catalog::Entry const* trash_above(catalog::Entry const* folder)
{
    for (int level = 0; folder != nullptr && level < most_levels; ++level, folder = parent_of(*folder))
        if (parent_of(*folder) != nullptr && is_trash_name(folder->names->name))
            return folder;
    return nullptr;
}

// Who only deletes writes nothing down.
bool keeps_records(Case const& at, event::ProcessKey who)
{
    auto const* node = at.tree.find(who);
    return node != nullptr && node->account.created > 0;
}

// Somebody of the same people has read it and sealed something: that it goes is the second half of that.
bool was_sealed_before(Case const& at, Loss const& loss)
{
    auto const* read = at.reads.last(loss.object);
    if (read == nullptr || read->time + at.settings.read_within < at.now)
        return false;
    auto* reader = at.tree.find(read->by);
    auto* who = at.tree.find(loss.who);
    return reader != nullptr && who != nullptr && reader->account.sealed_at != WallTime{}
    && at.tree.common(*reader, *who) != nullptr;
}

} // namespace

Errands::Errands() : thrown_(thrown_remembered) { }

void Errands::note_moved(Case const& at, event::Activity const& renamed)
{
    bool const goes_into_one = renamed.target.parent != renamed.place.parent
        && trash_above(at.catalog.find(renamed.target.parent)) != nullptr;
    bool const becomes_one =
        renamed.object_kind == event::ObjectKind::directory && is_trash_name(renamed.target.name);
    if (goes_into_one || becomes_one)
        thrown_[renamed.object.value % thrown_.size()] = {renamed.object, at.now};
}

bool Errands::was_just_thrown_away(Case const& at, Loss const& loss, catalog::Entry const& trash) const
{
    auto is_young = [&](event::ObjectId object) {
        auto const& thrown = thrown_[object.value % thrown_.size()];
        return thrown.object == object && thrown.time + at.settings.sweep_memory > at.now;
    };
    if (is_young(loss.object))
        return true;
    auto const* folder = at.catalog.find(loss.place.parent);
    for (int level = 0; folder != nullptr && folder != &trash && level < most_levels; ++level) {
        if (is_young(folder->id))
            return true;
        folder = parent_of(*folder);
    }
    return is_young(trash.id);
}

bool Errands::afford(Case const& at, event::RootId root, std::uint64_t files, double share)
{
    std::erase_if(spent_, [&](Spent const& s) { return s.time + at.settings.sweep_memory < at.now; });
    std::uint64_t sum = files;
    for (auto const& spent : spent_)
        sum += spent.root == root ? spent.files : 0;
    auto const counts = at.catalog.counts(root);
    auto const there = counts.objects - counts.directories + sum - files;
    auto const all = static_cast<double>(there - std::min(there, at.young_files.count(root, at.now)));
    if (static_cast<double>(sum) > std::max(at.settings.errand_at_least, all * share))
        return false;
    auto const newest = std::ranges::find(spent_.rbegin(), spent_.rend(), root, &Spent::root);
    if (newest != spent_.rend() && newest->time + counted_together > at.now)
        newest->files += files;
    else
        spent_.push_back({root, at.now, files});
    if (spent_.size() > most_spent)
        spent_.pop_front();
    return true;
}

bool Errands::is_within_what_it_named(Case const& at, Loss const& loss, event::RootId root)
{
    auto known = named_.find(loss.who);
    if (known == named_.end()) {
        if (named_.size() >= most_processes)
            named_.clear();
        known = named_.try_emplace(loss.who).first;
        auto const* node = at.tree.find(loss.who);
        auto folders = node == nullptr
            ? std::vector<event::ObjectId>{}
            : folders_named_by(at.catalog, node->process.command, loss.place.parent);
        std::uint64_t files = 0;
        auto const limit = at.catalog.counts(root).objects;
        for (auto const folder : folders)
            files += at.catalog.files_below(folder, limit);
        if (!folders.empty() && afford(at, root, files, at.settings.share_of_errands))
            known->second = {std::move(folders), files};
    }
    auto& [folders, files_left] = known->second;
    if (files_left == 0) // what is there beyond was put there since
        return false;
    auto const* folder = at.catalog.find(loss.place.parent);
    for (int level = 0; folder != nullptr && level < most_levels; ++level, folder = parent_of(*folder))
        if (std::ranges::find(folders, folder->id) != folders.end()) {
            --files_left;
            return true;
        }
    return false;
}

bool Errands::allow(Case const& at, Loss const& loss)
{
    if (loss.how != How::deleted && loss.how != How::moved_out)
        return false;
    auto const* object = at.catalog.find(loss.object);
    auto const* folder = at.catalog.find(loss.place.parent);
    if (object == nullptr || folder == nullptr)
        return false;
    auto const& s = at.settings;
    auto const root = object->root;
    if (prunings_.allow(at, loss))
        return afford(at, root, 1, s.share_of_prunings);
    if (was_sealed_before(at, loss))
        return false;
    if (folder->directory != nullptr && series_.allow(at, loss, *folder))
        return afford(at, root, 1, s.share_of_prunings);
    if (is_within_what_it_named(at, loss, root))
        return true;
    if (auto const* trash = trash_above(folder); trash != nullptr) {
        bool const is_young = was_just_thrown_away(at, loss, *trash);
        return afford(at, root, 1, is_young ? s.share_of_errands : s.share_of_trash);
    }
    if (!is_of_a_maildir(*folder) || !keeps_records(at, loss.who))
        return false;
    bool const is_old = old_mails_.allow(at, loss, *folder);
    return afford(at, root, 1, is_old ? s.share_of_old_mails : s.share_of_errands);
}

} // namespace tocsin::verdict
