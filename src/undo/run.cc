// SPDX-License-Identifier: Apache-2.0
// Names: setting aside, moving, making directories; and the run's own book-keeping.
#include "tocsin/undo/run.h"

#include <fmt/format.h>

#include "tocsin/undo/unlock.h"
#include "tocsin/undo/verify.h"

namespace tocsin::undo {

using event::ObjectKind;

namespace {

// The tree itself is its own ".".
SplitPath parts_of(Spot const& spot)
{
    auto out = split(spot.path);
    if (out.name.empty())
        out.name = ".";
    return out;
}

} // namespace

Result<void> Run::check_going()
{
    if (!stopped_ && options_.keep_going && !options_.keep_going())
        stopped_ = true;
    if (stopped_)
        return Error(Errc::again, "ended before everything was done; the same command goes on from there");
    return {};
}

void Run::succeeded(Purpose purpose, Spot const& spot, SharedVersion goal, event::ObjectId object)
{
    std::lock_guard lock(mutex_);
    count(counts_, purpose);
    if (purpose != Purpose::passing && purpose != Purpose::set_aside)
        done_.push_back({spot, std::move(goal), object});
}

void Run::failed(Step const& step, Error const& error)
{
    if (stopped_)
        return;
    std::lock_guard lock(mutex_);
    ++counts_.failed;
    notes_.push_back({absolute(plan_, step.spot), "failed", error.message()});
}

void Run::note(Spot const& spot, std::string what, std::string why)
{
    std::lock_guard lock(mutex_);
    notes_.push_back({absolute(plan_, spot), std::move(what), std::move(why)});
}

// What was moved and then got its content counts by its content.
std::vector<Done> Run::take_done()
{
    std::lock_guard lock(mutex_);
    std::map<Spot, Done> by_spot;
    for (auto& done : done_) {
        auto& kept = by_spot[done.spot];
        if (!kept.goal || done.goal)
            kept = std::move(done);
    }
    done_.clear();
    std::vector<Done> out;
    for (auto& [spot, done] : by_spot)
        out.push_back(std::move(done));
    return out;
}

void Run::correct_notes(std::vector<Note>& notes) const
{
    std::lock_guard lock(mutex_);
    std::erase_if(notes, [&](Note& note) {
        auto at = stands_at_.find(note.path);
        if (at == stands_at_.end() || note.what != "kept_both")
            return false;
        note.path = at->second;
        return note.path.empty();
    });
}

std::vector<Note> Run::take_notes()
{
    std::lock_guard lock(mutex_);
    return std::exchange(notes_, {});
}

Counts Run::counts() const
{
    std::lock_guard lock(mutex_);
    return counts_;
}

bool Run::is_captured(SharedVersion const& newest, Found const& found)
{
    return newest && found.stat.stx_size == newest->metadata.size
        && sys::to_nanoseconds(found.stat.stx_mtime) == newest->metadata.mtime_ns;
}

Result<void> Run::do_step(Step const& step, Directories& directories)
{
    TRY(check_going());
    switch (step.kind) {
    case StepKind::set_aside:
        return set_aside(step, directories);
    case StepKind::remove_name:
        return remove_name(step, directories);
    case StepKind::make_directory:
        return make_directory(step);
    case StepKind::move:
        return move(step);
    case StepKind::add_name:
        return add_name(step, directories);
    case StepKind::set_metadata:
        return set_metadata(step, directories);
    case StepKind::write:
        break;
    }
    return Error(Errc::invalid, "a content is written in two halves");
}

Result<void> Run::set_aside(Step const& step, Directories& directories)
{
    auto parts = parts_of(step.spot);
    auto dir = directories.at(step.spot.root, parts.directory);
    if (!dir.ok() && dir.error().code() != Errc::not_found)
        return dir.take_error();
    auto found = dir.ok() ? look(dir.take(), parts.name) : Result<std::optional<Found>>(std::nullopt);
    auto there = TRY(std::move(found));
    if (!there) { // an earlier run did it, or somebody else
        recorder_.add_removed(step);
        succeeded(step.purpose, step.spot, nullptr, step.object);
        return {};
    }
    if (there->object != step.object) {
        note(step.spot, "kept", "another object has this name by now");
        return {};
    }
    if (quarantine_ == nullptr)
        return Error(Errc::invalid, "there is no quarantine to set it aside in");
    auto path = absolute(plan_, step.spot);
    int dir_fd = TRY(directories.at(step.spot.root, parts.directory));
    if (there->kind() == ObjectKind::directory) {
        auto kept = unlocked(dir_fd, parts.name,
            [&] { return quarantine_->keep_directory(dir_fd, parts.name, *there, path); });
        if (!kept.ok() && kept.error().errno_value() == ENOTEMPTY) {
            note(step.spot, "kept", "the actor's directory stays: it holds what the journal does not know");
            return {};
        }
        TRY(std::move(kept));
    } else {
        auto const* captured = is_captured(step.newest, *there) ? step.newest.get() : nullptr;
        TRY(unlocked(dir_fd, parts.name,
            [&] { return quarantine_->keep(dir_fd, parts.name, *there, path, captured); }));
    }
    recorder_.add_removed(step);
    succeeded(step.purpose, step.spot, nullptr, step.object);
    return {};
}

Result<void> Run::remove_name(Step const& step, Directories& directories)
{
    auto parts = parts_of(step.spot);
    int dir_fd = TRY(directories.at(step.spot.root, parts.directory));
    auto there = TRY(look(dir_fd, parts.name));
    if (there && there->object != step.object)
        return {};
    if (there)
        TRY(unlocked(dir_fd, parts.name, [&] { return sys::remove_at(dir_fd, parts.name, 0); }));
    recorder_.add_removed(step);
    succeeded(step.purpose, step.spot, nullptr, step.object);
    return {};
}

Result<void> Run::make_directory(Step const& step)
{
    auto parts = parts_of(step.spot);
    auto tree = trees_.find(step.spot.root);
    if (tree == trees_.end())
        return Error(Errc::not_found, "its tree is not known");
    auto dir = TRY(tree->second.directory(parts.directory));
    auto there = TRY(look(dir.get(), parts.name));
    if (!there) {
        TRY(unlocked(
            dir.get(), ".", [&] { return make_fresh_directory(dir.get(), parts.name, step.goal.get()); }));
        there = TRY(look(dir.get(), parts.name));
    }
    if (!there || there->kind() != ObjectKind::directory)
        return Error(Errc::exists, "something that is no directory is in its place");
    {
        std::lock_guard lock(mutex_);
        made_directories_[step.spot] = there->object;
    }
    if (!step.places.empty() && there->object != step.object)
        recorder_.add_in_place(*there, step.object, step.places.front(), step.spot);
    // With a version, its rights come last and are what is verified.
    if (step.goal) {
        std::lock_guard lock(mutex_);
        count(counts_, step.purpose);
    } else
        succeeded(step.purpose, step.spot, nullptr, there->object);
    return {};
}

Result<void> Run::move_from(Step const& step, int from_dir, std::string const& from)
{
    auto parts = parts_of(step.spot);
    auto to_dir = TRY(trees_.at(step.spot.root).directory(parts.directory));
    auto name = parts.name;
    for (unsigned attempt = 1;; ++attempt) {
        auto moved = unlocked(from_dir, from, [&] {
            return unlocked(to_dir.get(), ".",
                [&] { return sys::rename_at2(from_dir, from, to_dir.get(), name, RENAME_NOREPLACE); });
        });
        if (moved.ok())
            break;
        if (moved.error().code() != Errc::exists || step.purpose == Purpose::passing)
            return moved.take_error();
        name = name_beside(parts.name, plan_.incident, attempt);
    }
    if (name == parts.name) {
        recorder_.add_moved(step);
        succeeded(step.purpose, step.spot, nullptr, step.object);
        return {};
    }
    auto beside = step;
    beside.spot.path = (parts.directory.empty() ? "" : parts.directory + "/") + name;
    beside.places.at(1).name = name;
    recorder_.add_moved(beside);
    note(beside.spot, "kept_both", "another has put something new at '" + parts.name + "'");
    succeeded(Purpose::kept_both, beside.spot, nullptr, step.object);
    return {};
}

Result<void> Run::move(Step const& step)
{
    for (auto const* spot : {&step.from, &step.spot})
        if (!trees_.contains(spot->root))
            return Error(Errc::not_found, "its tree is not known");
    auto from = parts_of(step.from);
    auto from_dir = trees_.at(step.from.root).directory(from.directory);
    if (from_dir.ok()) {
        auto dir = from_dir.take();
        auto there = TRY(look(dir.get(), from.name));
        if (there && there->object == step.object)
            return move_from(step, dir.get(), from.name);
    }
    auto to = parts_of(step.spot);
    auto to_dir = trees_.at(step.spot.root).directory(to.directory);
    if (to_dir.ok()) {
        auto dir = to_dir.take();
        auto there = TRY(look(dir.get(), to.name));
        bool arrived = there && there->object == step.object;
        if (there && !arrived && step.goal) {
            auto sameness = TRY(compare_quickly(dir.get(), to.name, *there, *step.goal));
            arrived = sameness == Sameness::same;
        }
        if (arrived) {
            recorder_.add_moved(step);
            succeeded(step.purpose, step.spot, nullptr, step.object);
            return {};
        }
    }
    // A run before this one may have been killed between parking it and moving it on.
    auto parked = fmt::format("{}{:016x}", parked_prefix, step.object.value);
    auto const& tree = trees_.at(step.from.root);
    auto waiting = TRY(look(tree.fd(), parked));
    if (waiting && waiting->object == step.object && to.name != parked)
        return move_from(step, tree.fd(), parked);
    if (step.purpose == Purpose::passing)
        return {};
    return Error(Errc::not_found, "it is not where the journal says: '" + absolute(plan_, step.from) + "'");
}

Result<void> Run::add_name(Step const& step, Directories& directories)
{
    auto from = parts_of(step.from);
    int from_dir = TRY(directories.at(step.from.root, from.directory));
    auto there = TRY(look(from_dir, from.name));
    if (!there || there->object != step.object)
        return Error(Errc::not_found, "its other name leads elsewhere by now");
    auto to = parts_of(step.spot);
    int to_dir = TRY(directories.at(step.spot.root, to.directory));
    auto taken = TRY(look(to_dir, to.name));
    if (taken && taken->object != step.object) {
        note(step.spot, "kept", "another object has this name by now");
        return {};
    }
    auto source = sys::fd_path(there->fd.get());
    if (!taken)
        TRY(unlocked(
            to_dir, ".", [&] { return sys::link_at(AT_FDCWD, source, to_dir, to.name, AT_SYMLINK_FOLLOW); }));
    recorder_.add_linked(step);
    succeeded(step.purpose, step.spot, nullptr, step.object);
    return {};
}

Result<void> Run::set_metadata(Step const& step, Directories& directories)
{
    auto parts = parts_of(step.spot);
    int dir_fd = TRY(directories.at(step.spot.root, parts.directory));
    auto there = TRY(look(dir_fd, parts.name));
    if (!there)
        return Error(Errc::not_found, "it is not where the journal says");
    auto expected = step.object;
    if (!expected) { // made again: whoever swapped it meanwhile gets no rights for what is there
        std::lock_guard lock(mutex_);
        auto made = made_directories_.find(step.spot);
        expected = made == made_directories_.end() ? there->object : made->second;
    }
    if (there->object != expected || there->kind() != step.object_kind) {
        note(step.spot, "kept", "another object has this name by now");
        return {};
    }
    auto purpose = step.purpose;
    bool made_again = !step.object;
    if (step.object_kind == ObjectKind::directory) {
        auto now = TRY(event::read_metadata(there->fd.get()));
        bool same = event::same_rights(now, step.goal->metadata)
            && now.mtime_ns == step.goal->metadata.mtime_ns && now.atime_ns == step.goal->metadata.atime_ns;
        if (same && !made_again) {
            succeeded(purpose, step.spot, step.goal, there->object);
            return {};
        }
    }
    TRY(unlocked(dir_fd, parts.name, [&] { return put_metadata(there->fd.get(), step.goal->metadata); }));
    if (there->kind() != ObjectKind::symlink
        && (there->stat.stx_attributes & unlock_mask) != (step.goal->metadata.inode_flags & unlock_mask))
        TRY(put_flags(dir_fd, parts.name, step.goal->metadata.inode_flags));
    auto after = TRY(look(dir_fd, parts.name));
    if (after)
        recorder_.add_version(*after, step.spot, *step.goal);
    succeeded(purpose, step.spot, step.goal, there->object);
    if (made_again && purpose == Purpose::passing) {
        std::lock_guard lock(mutex_);
        done_.push_back({step.spot, step.goal, there->object});
    }
    return {};
}

Result<void> Run::clean(Spot const& directory, Directories& directories)
{
    auto opened = directories.at(directory.root, directory.path);
    if (!opened.ok())
        return {}; // what is not there holds no leftovers
    int dir_fd = opened.take();
    auto entries = TRY(sys::list_dir(dir_fd));
    for (auto const& entry : entries) {
        if (!is_leftover(entry.name))
            continue;
        auto found = TRY(look(dir_fd, entry.name));
        if (!found)
            continue;
        auto path = absolute(plan_, directory) + "/" + entry.name;
        if (found->kind() == ObjectKind::directory && sys::remove_at(dir_fd, entry.name, AT_REMOVEDIR).ok())
            continue;
        // Whoever made it: nothing that undo was not just making is destroyed.
        if (quarantine_ != nullptr)
            TRY(quarantine_->keep(dir_fd, entry.name, *found, path, nullptr));
        else if (is_own_copy(entry.name, found->stat.stx_ino))
            TRY(sys::remove_at(dir_fd, entry.name, 0));
    }
    return {};
}

} // namespace tocsin::undo
