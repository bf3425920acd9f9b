// SPDX-License-Identifier: Apache-2.0
// verdict/testing/scene.h -- a small language for tests: folders of files, processes, acts.
//
// Everything an act tells the verdict goes through the same order as in the guard: consider()
// first, then the catalog. `damage()` counts the files that were lost or spoilt so far.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tocsin/verdict/verdict.h"

namespace tocsin::verdict::testing {

using event::ActivityKind;
using event::FileType;
using event::ObjectId;
using event::ObjectKind;
using event::ProcessKey;

struct Stuff { // the content of a file
    FileType type = FileType::text;
    double entropy = 4.5;
    bool ends_well = true;
    std::uint64_t size = 20'000;
    std::uint64_t unpacked_size = 0;
    std::uint64_t seed = 0; // contents of one seed and type are the same
    double changed = 0; // share of passages that differ from those of the seed
};

inline Stuff text(std::uint64_t seed)
{
    return {.seed = seed};
}
inline Stuff jpeg(std::uint64_t seed)
{
    return {.type = FileType::jpeg, .entropy = 7.9, .size = 500'000, .seed = seed};
}
inline Stuff office(std::uint64_t seed)
{
    return {.type = FileType::zip, .entropy = 7.8, .size = 40'000, .seed = seed};
}
inline Stuff elf(std::uint64_t seed)
{
    return {.type = FileType::elf, .entropy = 5.5, .size = 60'000, .seed = seed};
}
inline Stuff ciphertext(std::uint64_t seed)
{
    return {.type = FileType::unknown,
        .entropy = 7.99,
        .ends_well = false,
        .size = 20'016,
        .seed = seed + 1'000'000};
}
inline Stuff openpgp(std::uint64_t seed)
{
    return {.type = FileType::openpgp,
        .entropy = 7.99,
        .ends_well = false,
        .size = 20'100,
        .seed = seed + 2'000'000};
}
inline Stuff gzip_of(Stuff const& original)
{
    return {.type = FileType::gzip,
        .entropy = 7.9,
        .size = original.size / 3,
        .unpacked_size = original.size,
        .seed = original.seed + 3'000'000};
}
inline Stuff blank() // one byte all over
{
    return {.type = FileType::unknown, .entropy = 0, .ends_well = false, .size = 48'000'000};
}
inline Stuff empty()
{
    return {.type = FileType::empty, .entropy = 0, .size = 0};
}

class Scene {
public:
    explicit Scene(Settings settings = {})
        : tree({2, 2}), verdict(catalog, tree, settings), now(from_nanoseconds(1'795'000'000'000'000'000))
    {
        ObjectId root{next_object_++};
        see(root, ObjectKind::directory, {{}, "/srv"}, nullptr);
        shell = process({}, "/usr/bin/bash", "-bash");
    }

    // -- the cast
    ProcessKey process(ProcessKey parent, std::string executable, std::string command)
    {
        event::Process p;
        p.key = {next_pid_, 2 * static_cast<std::uint64_t>(next_pid_)}; // apart, as clocks tell it
        ++next_pid_;
        p.parent = parent ? parent : ProcessKey{1, 1};
        p.session = parent ? session_ : p.key.pid;
        if (!parent)
            session_ = p.session;
        p.uid = 1000; // as of all files
        p.cgroup_id = 7;
        p.executable = std::move(executable);
        p.command = std::move(command);
        tree.apply(p);
        return p.key;
    }
    ProcessKey run(std::string const& command) // a command typed into the shell
    {
        return run_below(shell, command);
    }
    ProcessKey run_below(ProcessKey parent, std::string const& command)
    {
        return process(parent, "/usr/bin/" + command.substr(0, command.find(' ')), command);
    }
    void ends(ProcessKey key) { tree.exited(key, now); }

    // -- the stage
    ObjectId folder(std::string const& path)
    {
        auto const id = ObjectId{next_object_++};
        see(id, ObjectKind::directory, place_of(path), nullptr);
        return id;
    }
    // A file that was there before; its time of change may be set.
    ObjectId file(std::string const& path, Stuff const& stuff)
    {
        return file_of_age(path, stuff, std::chrono::hours(24 * 30) + std::chrono::seconds(rng_() % 100'000));
    }
    ObjectId file_of_age(std::string const& path, Stuff const& stuff, std::chrono::nanoseconds age)
    {
        auto const id = ObjectId{next_object_++};
        mtimes_[id] = to_nanoseconds(now - age);
        see(id, ObjectKind::regular, place_of(path), &stuff);
        return id;
    }
    ObjectId symlink(std::string const& path)
    {
        auto const id = ObjectId{next_object_++};
        see(id, ObjectKind::symlink, place_of(path), nullptr);
        return id;
    }
    // `count` files named by number, which readdir gives in an order of its own (as ext4 does).
    std::vector<std::string> files(std::string const& folder_path, std::size_t count,
        std::function<Stuff(std::uint64_t)> const& stuff, std::string const& ending)
    {
        if (!id_at(folder_path))
            folder(folder_path);
        std::vector<std::string> paths;
        for (std::size_t i = 0; i < count; ++i) {
            auto number = std::to_string(i);
            paths.push_back(folder_path + "/f" + std::string(5 - number.size(), '0') + number + ending);
            file(paths.back(), stuff(next_seed_++));
        }
        list_again(folder_path, shuffled(paths));
        return paths;
    }
    void list_again(std::string const&, std::vector<std::string> const& paths_in_order)
    {
        for (auto const& path : paths_in_order) {
            auto a = activity(ActivityKind::seen, {}, path);
            catalog.apply(a, {});
        }
    }
    std::vector<std::string> shuffled(std::vector<std::string> paths)
    {
        std::ranges::shuffle(paths, rng_);
        return paths;
    }
    // As readdir gives them now.
    std::vector<std::string> listed(std::string const& folder_path)
    {
        std::vector<std::string> out;
        catalog.for_each_child(id_at(folder_path), [&](catalog::Link const& link) {
            out.push_back(folder_path + "/" + link.name);
            return true;
        });
        return out;
    }

    // -- acts
    void opens(ProcessKey who, std::string const& path) { tell(activity(ActivityKind::opened, who, path)); }
    void deletes(ProcessKey who, std::string const& path)
    {
        auto a = activity(ActivityKind::deleted, who, path);
        if (a.object_kind == ObjectKind::regular)
            ++damage_;
        tell(a);
    }
    ObjectId begins(ProcessKey who, std::string const& path, ObjectKind kind = ObjectKind::regular)
    {
        auto const id = ObjectId{next_object_++};
        auto a = activity(ActivityKind::created, who, path);
        a.object = id;
        a.object_kind = kind;
        a.metadata = metadata(id, kind, empty());
        tell(a);
        return id;
    }
    // Made while no guard ran, by whoever had started by then.
    void appears(std::string const& path, Stuff const& stuff, ProcessKey newest)
    {
        auto const id = ObjectId{next_object_++};
        auto a = activity(ActivityKind::created, {0, newest.start_ticks}, path);
        a.object = id;
        a.metadata = metadata(id, ObjectKind::regular, stuff);
        catalog.apply(a, {});
        catalog.apply(version({}, path, id, stuff, event::Occasion::absence));
    }
    void creates(ProcessKey who, std::string const& path, Stuff const& stuff)
    {
        auto const id = begins(who, path);
        captures(who, path, id, stuff);
    }
    // The close, and the version that the guard read after it.
    void captures(ProcessKey who, std::string const& path, ObjectId id, Stuff const& stuff)
    {
        mtimes_[id] = to_nanoseconds(now);
        auto a = activity(ActivityKind::closed, who, path);
        a.object = id;
        tell(a);
        tell(version(who, path, id, stuff, event::Occasion::close));
    }
    // A change of what has no version yet, or another one by now; `stuff` is what it holds then.
    void writes(ProcessKey who, std::string const& path, Stuff const& stuff)
    {
        auto a = activity(ActivityKind::changed, who, path);
        a.metadata = metadata(a.object, ObjectKind::regular, stuff);
        tell(a);
    }
    void overwrites(ProcessKey who, std::string const& path, Stuff const& stuff)
    {
        opens(who, path);
        captures(who, path, id_at(path), stuff);
    }
    void spoils(ProcessKey who, std::string const& path, Stuff const& stuff)
    {
        ++damage_;
        overwrites(who, path, stuff);
    }
    void renames(ProcessKey who, std::string const& from, std::string const& to)
    {
        auto a = activity(ActivityKind::renamed, who, from);
        a.target = to.starts_with("/srv") ? place_of(to) : event::Place{};
        a.target_path = to;
        if (a.target.parent)
            a.displaced = catalog.child(a.target.parent, a.target.name);
        tell(a);
    }
    void links(ProcessKey who, std::string const& path, std::string const& new_path)
    {
        auto a = activity(ActivityKind::linked, who, path);
        a.place = place_of(new_path);
        a.path = new_path;
        tell(a);
    }
    void sets(ProcessKey who, std::string const& path, std::function<void(event::Metadata&)> const& change)
    {
        auto a = activity(ActivityKind::attributes, who, path);
        auto const& entry = *catalog.find(a.object);
        event::Metadata m;
        m.mode = entry.mode;
        m.uid = entry.uid;
        m.gid = entry.gid;
        m.size = entry.size;
        m.inode = entry.inode;
        m.mtime_ns = entry.mtime_ns;
        for (int i = 0; i < entry.xattr_count; ++i)
            m.xattrs.push_back({"user.x" + std::to_string(i), {}});
        change(m);
        a.metadata = m;
        tell(a);
    }
    void passes(std::chrono::nanoseconds time) { now += time; }

    // -- what came of it
    bool stopped() const { return decision.has_value(); }
    bool condemned(ProcessKey who) const // with any of the decisions
    {
        return std::ranges::any_of(decisions, [&](Decision const& d) {
            return std::ranges::find(d.incident.actor.processes, who) != d.incident.actor.processes.end();
        });
    }
    std::size_t damage() const { return damage_; }
    // Runs until the guard would freeze somebody. How many files it took, with placeholders and names of what
    // lives on; SIZE_MAX if nobody was frozen.
    std::size_t until_stopped(
        std::vector<std::string> const& paths, std::function<void(std::string const&)> const& act)
    {
        return paths_until_stopped(paths, act) == SIZE_MAX ? SIZE_MAX : damage_;
    }
    // The same, but how many of the paths.
    std::size_t paths_until_stopped(
        std::vector<std::string> const& paths, std::function<void(std::string const&)> const& act)
    {
        for (std::size_t i = 0; i < paths.size(); ++i) {
            act(paths[i]);
            if (stopped())
                return i + 1;
        }
        return SIZE_MAX;
    }
    std::string reasons() const
    {
        std::string out;
        for (auto const& d : decisions)
            for (auto const& f : d.findings)
                out += f.signal + " " + std::to_string(f.points) + ": " + f.reason + " ["
                    + d.incident.actor.command + "]\n";
        return out;
    }

    ObjectId id_at(std::string const& path) const
    {
        if (path == "/srv")
            return {1};
        if (!path.starts_with("/srv/"))
            return {};
        auto const place = place_of(path);
        return catalog.child(place.parent, place.name);
    }
    event::Place place_of(std::string const& path) const
    {
        auto const slash = path.rfind('/');
        return {id_at(path.substr(0, slash)), path.substr(slash + 1)};
    }

    catalog::Catalog catalog;
    ProcessTree tree;
    Verdict verdict;
    WallTime now;
    ProcessKey shell;
    std::optional<Decision> decision; // the first that asks to freeze
    std::vector<Decision> decisions;

    void tell(event::Activity const& a)
    {
        note(verdict.consider(a));
        catalog.apply(a, tree.maker_of(a.process));
        now += step;
    }
    void tell(event::Version const& v)
    {
        note(verdict.consider(v));
        catalog.apply(v);
    }
    event::Activity activity(ActivityKind kind, ProcessKey who, std::string const& path)
    {
        event::Activity a;
        a.time = now;
        a.kind = kind;
        a.process = who;
        a.root = {1};
        a.place = place_of(path);
        a.path = path;
        a.object = catalog.child(a.place.parent, a.place.name);
        auto const* entry = catalog.find(a.object);
        a.object_kind = entry == nullptr ? ObjectKind::regular : entry->kind;
        return a;
    }
    event::Version version(
        ProcessKey who, std::string const& path, ObjectId id, Stuff const& stuff, event::Occasion occasion)
    {
        event::Version v;
        v.time = now;
        v.object = id;
        v.root = {1};
        v.occasion = occasion;
        v.writer = who;
        v.path = path;
        v.metadata = metadata(id, ObjectKind::regular, stuff);
        v.facts.type = stuff.type;
        v.facts.entropy = static_cast<float>(stuff.entropy);
        v.facts.ends_well = stuff.ends_well;
        v.facts.unpacked_size = stuff.unpacked_size;
        v.facts.sketch = sketch_of(stuff);
        auto const name = std::to_string(stuff.seed) + "/" + std::to_string(static_cast<int>(stuff.type))
            + "/" + std::to_string(stuff.changed) + "/" + std::to_string(stuff.size);
        v.digest = Sha256::of(as_bytes(name));
        return v;
    }

    std::chrono::nanoseconds step = std::chrono::microseconds(10);
    std::uint32_t rights = 0644; // of regular files

private:
    void note(std::optional<Decision> d)
    {
        if (!d)
            return;
        if (!decision && d->incident.state == event::IncidentState::contained)
            decision = d;
        decisions.push_back(std::move(*d));
    }
    void see(ObjectId id, ObjectKind kind, event::Place place, Stuff const* stuff)
    {
        event::Activity a;
        a.kind = ActivityKind::seen;
        a.time = now;
        a.object = id;
        a.object_kind = kind;
        a.root = {1};
        a.place = std::move(place);
        a.metadata = metadata(id, kind, stuff == nullptr ? empty() : *stuff);
        tell(a);
        if (stuff != nullptr)
            tell(version({}, "", id, *stuff, event::Occasion::walk));
    }
    event::Metadata metadata(ObjectId id, ObjectKind kind, Stuff const& stuff)
    {
        event::Metadata m;
        m.mode = kind == ObjectKind::directory ? 040755
            : kind == ObjectKind::symlink      ? 0120777
                                               : 0100000 | rights;
        m.uid = 1000;
        m.gid = 1000;
        m.size = stuff.size;
        m.inode = id.value + 100;
        auto const mtime = mtimes_.find(id);
        m.mtime_ns = mtime == mtimes_.end() ? to_nanoseconds(now) : mtime->second;
        return m;
    }
    static event::Sketch sketch_of(Stuff const& stuff)
    {
        event::Sketch sketch;
        sketch.fill(0xffffffff);
        if (stuff.size < 64)
            return sketch;
        std::mt19937 values(
            static_cast<std::uint32_t>(stuff.seed * 101 + static_cast<std::uint64_t>(stuff.type)));
        std::mt19937 others(static_cast<std::uint32_t>(stuff.seed * 77 + 5));
        for (std::size_t i = 0; i < sketch.size(); ++i) {
            auto const value = static_cast<std::uint32_t>(values() / 64);
            auto const other = static_cast<std::uint32_t>(others() / 64);
            sketch[i] = static_cast<double>(i) < stuff.changed * 16 ? other : value;
        }
        std::ranges::sort(sketch);
        return sketch;
    }

    std::uint64_t next_object_ = 1;
    std::uint64_t next_seed_ = 1;
    std::int32_t next_pid_ = 1000;
    std::int32_t session_ = 0;
    std::size_t damage_ = 0;
    std::unordered_map<ObjectId, std::int64_t> mtimes_;
    std::mt19937 rng_{20141124};
};

} // namespace tocsin::verdict::testing
