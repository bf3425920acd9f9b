// SPDX-License-Identifier: Apache-2.0
// Contents: a new inode beside the damaged one, then in its place in one step of the kernel's.
#include <algorithm>

#include "tocsin/undo/run.h"
#include "tocsin/undo/unlock.h"
#include "tocsin/undo/verify.h"

namespace tocsin::undo {

using event::ObjectKind;

namespace {

Spot renamed(Spot const& spot, std::string const& name)
{
    auto parts = split(spot.path);
    return {spot.root, parts.directory.empty() ? name : parts.directory + "/" + name};
}

// The object itself, or what it was before an undo gave it a new inode.
bool is_own(Step const& step, event::ObjectId object)
{
    return object && (object == step.object || std::ranges::find(step.lives, object) != step.lives.end());
}

bool is_same_content(struct statx const& now, struct statx const& before)
{
    return now.stx_size == before.stx_size
        && sys::to_nanoseconds(now.stx_mtime) == sys::to_nanoseconds(before.stx_mtime);
}

bool is_unchanged(Found const& now, Found const& before)
{
    return now.object == before.object && is_same_content(now.stat, before.stat);
}

// Gives what is at `own` the first free NAME.still-in-use.EXT; that name.
Result<std::string> give_name_in_use(int dir_fd, std::string const& own, std::string const& name)
{
    for (unsigned attempt = 1;; ++attempt) {
        auto free = name_in_use(name, attempt);
        auto given = unlocked(
            dir_fd, own, [&] { return sys::rename_at2(dir_fd, own, dir_fd, free, RENAME_NOREPLACE); });
        if (given.ok())
            return free;
        if (given.error().code() != Errc::exists)
            return given.take_error();
    }
}

// Its immutable and append-only flags come last, and so may be missing.
Result<bool> is_goal(int dir_fd, std::string const& name, Found const& found, event::Version const& goal)
{
    auto sameness = TRY(compare_quickly(dir_fd, name, found, goal));
    if (sameness != Sameness::other_metadata || (goal.metadata.inode_flags & unlock_mask) == 0)
        return sameness == Sameness::same;
    auto now = TRY(event::read_metadata(found.fd.get()));
    now.inode_flags = goal.metadata.inode_flags;
    return now.mtime_ns == goal.metadata.mtime_ns && event::same_rights(now, goal.metadata);
}

} // namespace

// Whether the goal stands under the prepared name, at most with other rights.
Result<bool> Run::is_done(Prepared& prepared, int dir_fd)
{
    auto const& step = *prepared.step;
    auto found = TRY(look(dir_fd, prepared.name));
    prepared.there.reset();
    if (!found)
        return false;
    bool done = TRY(is_goal(dir_fd, prepared.name, *found, *step.goal));
    if (done)
        return true;
    auto sameness = found->object == step.object ? compare_quickly(dir_fd, prepared.name, *found, *step.goal)
                                                 : Result<Sameness>(Sameness::other_content);
    auto own = TRY(std::move(sameness));
    if (own == Sameness::other_metadata) {
        TRY(unlocked(
            dir_fd, prepared.name, [&] { return put_metadata(found->fd.get(), step.goal->metadata); }));
        return true;
    }
    prepared.there = std::move(found);
    return false;
}

// A run that was killed may have put the goal in its place, or beside it, before it could tell
// the journal. What is the same to the last byte, right and time needs nothing beside it.
Result<void> Run::adopt_what_stands(Prepared& prepared, Directories& directories)
{
    auto const& step = *prepared.step;
    for (auto const& standing : step.standing) {
        auto parts = split(standing.spot.path);
        auto dir = directories.at(standing.spot.root, parts.directory);
        if (!dir.ok())
            continue;
        int dir_fd = dir.take();
        auto found = TRY(look(dir_fd, parts.name));
        if (!found)
            continue;
        bool same = TRY(is_goal(dir_fd, parts.name, *found, *step.goal));
        if (!same)
            continue;
        auto adopted = step;
        adopted.spot = standing.spot;
        adopted.places.front() = standing.place;
        adopted.purpose = standing.purpose;
        bool own_place = standing.purpose != Purpose::kept_both;
        std::lock_guard lock(mutex_);
        stands_at_[absolute(plan_, step.spot)] = own_place ? "" : absolute(plan_, standing.spot);
        prepared.adopted = std::make_unique<Step const>(std::move(adopted));
        prepared.step = prepared.adopted.get();
        return {};
    }
    return {};
}

// The name itself, or one beside it if another's object is there. True: the goal is there.
Result<bool> Run::choose_name(Prepared& prepared, int dir_fd)
{
    auto const& step = *prepared.step;
    auto wanted = split(step.spot.path).name;
    prepared.name = wanted;
    for (unsigned attempt = 1;; ++attempt) {
        bool done = TRY(is_done(prepared, dir_fd));
        if (done || !prepared.there)
            return done;
        bool ours = !prepared.is_beside && is_own(step, prepared.there->object);
        if (ours && prepared.there->kind() == ObjectKind::directory)
            return Error(
                Errc::exists, "a directory has this name by now: move it away, or restore with --to");
        if (ours)
            return false;
        prepared.is_beside = true;
        prepared.name = name_beside(wanted, plan_.incident, attempt);
    }
}

Result<Run::Prepared> Run::prepare(Step const& step, Directories& directories)
{
    TRY(check_going());
    Prepared out;
    out.step = &step;
    TRY(adopt_what_stands(out, directories));
    auto const& spot = out.step->spot;
    int dir_fd = TRY(directories.at(spot.root, split(spot.path).directory));
    bool done = TRY(choose_name(out, dir_fd));
    if (out.there)
        out.there->fd.reset(); // many are prepared at once
    if (done)
        return out;
    auto made = [&]() -> Result<void> {
        out.fresh = TRY(Fresh::make(dir_fd, *step.goal, source_));
        return {};
    };
    TRY(unlocked(dir_fd, ".", made));
    bytes_done_ += step.goal->metadata.size;
    return out;
}

// REQUIRES: `there` has the name. The two change places, so that whatever is found to have got
// there in the meantime can be put back.
Result<void> Run::replace(Prepared& prepared, int dir_fd)
{
    auto const& step = *prepared.step;
    auto path = absolute(plan_, renamed(step.spot, prepared.name));
    if (!is_captured(step.newest, *prepared.there)) {
        if (quarantine_ == nullptr)
            return Error(Errc::exists, "something is in its place");
        TRY(keep_content(dir_fd, prepared.name, *prepared.there, path));
    }
    auto own = TRY(prepared.fresh->give_own_name(dir_fd));
    TRY(check_going());
    auto place = step.places.empty() ? event::Place{} : step.places.front();
    place.name = prepared.name;
    TRY(exchange(
        dir_fd, *prepared.there, {.spot = renamed(step.spot, own), .place = std::move(place), .stat = {}}));
    prepared.fresh->name_gone();
    return {};
}

// REQUIRES: the new content is at `replaced.spot`. It and what is at `replaced.place` change places.
// `again` where others had changed `there` by then; unless the run is ended, both are back then.
Result<void> Run::exchange(int dir_fd, Found const& there, Replaced replaced)
{
    auto const own = split(replaced.spot.path).name;
    auto const& name = replaced.place.name;
    auto swap = [&] { return sys::rename_at2(dir_fd, own, dir_fd, name, RENAME_EXCHANGE); };
    TRY(unlocked(dir_fd, name, swap));
    TRY(check_going());
    auto old = TRY(look(dir_fd, own));
    if (old && !is_unchanged(*old, there)) {
        TRY(swap());
        return Error(Errc::again, "others changed it in this very moment");
    }
    if (!old)
        return {};
    replaced.stat = old->stat;
    std::lock_guard lock(mutex_);
    replaced_bytes_ += old->stat.stx_size;
    replaced_.push_back(std::move(replaced));
    return {};
}

// Into quarantine, but once only for all names of an object.
Result<void> Run::keep_content(
    int dir_fd, std::string const& name, Found const& found, std::string const& path)
{
    std::pair state(found.object, sys::to_nanoseconds(found.stat.stx_mtime));
    {
        std::lock_guard lock(mutex_);
        if (kept_contents_.contains(state))
            return {};
    }
    TRY(unlocked(dir_fd, name, [&] { return quarantine_->keep_beside(dir_fd, name, found, path, nullptr); }));
    std::lock_guard lock(mutex_);
    kept_contents_.insert(state);
    return {};
}

std::vector<Run::Replaced> Run::take_replaced(std::uint64_t above_bytes)
{
    std::lock_guard lock(mutex_);
    if (replaced_bytes_ < above_bytes)
        return {};
    replaced_bytes_ = 0;
    return std::exchange(replaced_, {});
}

void Run::remove_replaced(
    Replaced const& replaced, std::optional<Writers> const& writers, Directories& directories)
{
    auto removed = remove_unless_in_use(replaced, writers, directories);
    if (!removed.ok())
        note(replaced.spot, "kept", "what was replaced could not be removed: " + removed.error().message());
}

Result<void> Run::remove_unless_in_use(
    Replaced const& replaced, std::optional<Writers> const& writers, Directories& directories)
{
    auto const own = split(replaced.spot.path).name;
    int dir_fd = TRY(directories.at(replaced.spot.root, split(replaced.spot.path).directory));
    auto there = TRY(look(dir_fd, own));
    if (!there)
        return {};
    if (!writers && quarantine_ != nullptr)
        return quarantine_->keep(
            dir_fd, own, *there, absolute(plan_, renamed(replaced.spot, replaced.place.name)), nullptr);
    auto writer = writers ? writers->writer_of(there->stat) : std::string{};
    if (!writer.empty())
        return keep_in_use(replaced, *there, dir_fd,
            writer + " has it open and writes there, not to '" + replaced.place.name + "': restart it");
    if (!is_same_content(there->stat, replaced.stat))
        return keep_in_use(replaced, *there, dir_fd,
            "a program that had '" + replaced.place.name + "' open has written to it since");
    return unlocked(dir_fd, own, [&] { return sys::remove_at(dir_fd, own, 0); });
}

Result<void> Run::keep_in_use(
    Replaced const& replaced, Found const& there, int dir_fd, std::string const& why)
{
    auto const own = split(replaced.spot.path).name;
    auto name = TRY(give_name_in_use(dir_fd, own, replaced.place.name));
    Step moved;
    moved.object = there.object;
    moved.object_kind = there.kind();
    moved.from = replaced.spot;
    moved.spot = renamed(replaced.spot, name);
    moved.places = {{replaced.place.parent, own}, {replaced.place.parent, name}};
    if (replaced.place.parent) // else the journal does not know the directory
        recorder_.add_moved(moved);
    note(moved.spot, "kept_both", why);
    succeeded(Purpose::kept_both, moved.spot, nullptr, there.object);
    return {};
}

Result<void> Run::publish(Prepared& prepared, Directories& directories)
{
    auto const& step = *prepared.step;
    TRY(check_going());
    int dir_fd = TRY(directories.at(step.spot.root, split(step.spot.path).directory));
    static constexpr int attempts = 8;
    for (int i = 0; prepared.fresh; ++i) {
        auto named = prepared.there
            ? replace(prepared, dir_fd)
            : unlocked(dir_fd, ".", [&] { return prepared.fresh->give_name(dir_fd, prepared.name); });
        if (named.ok())
            break;
        auto code = named.error().code();
        bool raced = code == Errc::exists || code == Errc::again || code == Errc::not_found;
        if (stopped_ || !raced || i == attempts) {
            if (!stopped_ && !prepared.fresh->name().empty())
                (void)sys::remove_at(dir_fd, prepared.fresh->name(), 0);
            return named.take_error();
        }
        // Others were here since prepare(): what is there now decides anew.
        bool done = TRY(choose_name(prepared, dir_fd));
        if (done) {
            if (!prepared.fresh->name().empty())
                TRY(sys::remove_at(dir_fd, prepared.fresh->name(), 0));
            break;
        }
        if (code == Errc::not_found && !prepared.there) {
            if (!prepared.fresh->name().empty())
                TRY(sys::remove_at(dir_fd, prepared.fresh->name(), 0));
            note(step.spot, "kept", "others deleted it meanwhile");
            return {};
        }
    }
    return finish(step, prepared.name, directories);
}

Result<void> Run::link_further_names(Step const& step, Found const& there, Directories& directories)
{
    auto source = sys::fd_path(there.fd.get());
    for (std::size_t i = 0; i < step.names.size(); ++i) {
        TRY(check_going());
        auto const& spot = step.names[i];
        auto parts = split(spot.path);
        int dir_fd = TRY(directories.at(spot.root, parts.directory));
        auto taken = TRY(look(dir_fd, parts.name));
        auto giving = i < step.giving_way.size() ? step.giving_way[i] : Step::GivingWay{};
        bool gives_way = taken && giving.object && taken->object == giving.object;
        if (taken && taken->object != there.object && !is_own(step, taken->object) && !gives_way) {
            note(spot, "kept", "another object has this name by now");
            continue;
        }
        auto link = [&](std::string const& name) {
            return unlocked(
                dir_fd, ".", [&] { return sys::link_at(AT_FDCWD, source, dir_fd, name, AT_SYMLINK_FOLLOW); });
        };
        if (!taken)
            TRY(link(parts.name));
        else if (taken->object != there.object) {
            if (quarantine_ != nullptr && !is_captured(gives_way ? giving.newest : step.newest, *taken))
                TRY(keep_content(dir_fd, parts.name, *taken, absolute(plan_, spot)));
            auto own = further_name(there.stat.stx_ino); // the first name's own may still be in use
            TRY(link(own));
            TRY(unlocked(
                dir_fd, parts.name, [&] { return sys::rename_at(dir_fd, own, dir_fd, parts.name); }));
        }
        if (i < step.giving_way.size() && step.places.at(i + 1).parent)
            recorder_.add_further_name(there, giving.object, step.places[i + 1], spot);
        else if (i >= step.giving_way.size())
            recorder_.add_in_place(there, step.object, step.places.at(i + 1), spot);
    }
    return {};
}

// The goal stands at `spot`: its other names, its flags, and the record of it.
Result<void> Run::finish(Step const& step, std::string const& name, Directories& directories)
{
    auto spot = renamed(step.spot, name);
    int dir_fd = TRY(directories.at(spot.root, split(spot.path).directory));
    bool beside = spot != step.spot;
    auto flags = step.goal->metadata.inode_flags & unlock_mask;
    auto there = TRY(look(dir_fd, name));
    if (!there)
        return Error(Errc::not_found, "others took it away at once");
    auto place = step.places.empty() ? event::Place{} : step.places.front();
    place.name = name;
    if (there->object != step.object && place.parent)
        recorder_.add_in_place(*there, beside ? event::ObjectId{} : step.object, place, spot);
    if (!beside)
        TRY(link_further_names(step, *there, directories));
    if (step.goal->kind() != ObjectKind::symlink && (there->stat.stx_attributes & unlock_mask) != flags) {
        int same_dir = TRY(directories.at(spot.root, split(spot.path).directory));
        TRY(put_flags(same_dir, name, flags));
    }
    recorder_.add_version(*there, spot, *step.goal);
    if (beside)
        note(spot, "kept_both", "another object has the name '" + split(step.spot.path).name + "' by now");
    succeeded(beside ? Purpose::kept_both : step.purpose, spot, step.goal, there->object);
    return {};
}

} // namespace tocsin::undo
