// SPDX-License-Identifier: Apache-2.0
// The test language of scene.h, and that it tells the journal the truth.
#include "tocsin/undo/testing/scene.h"

#include "tocsin/undo/history.h"

#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::Occasion;
using event::Version;

namespace fs = std::filesystem;

std::vector<Sha256> Contents::keep(ByteView content)
{
    static constexpr std::size_t blob_bytes = 1000; // several blobs in most tests
    std::vector<Sha256> out;
    std::lock_guard lock(mutex_);
    for (std::size_t at = 0; at < content.size(); at += blob_bytes) {
        auto piece = content.subspan(at, std::min(blob_bytes, content.size() - at));
        out.push_back(Sha256::of(piece));
        blobs_[out.back()] = to_bytes(piece);
    }
    return out;
}

namespace {

// The witness sees the guard's own process too, sometimes later than undo tells of it, and knows nothing of lives.
class EchoedJournal final : public FakeJournal {
public:
    Result<void> append(std::span<event::Record> records) override
    {
        is_late_ = !is_late_;
        std::vector<Activity> seen;
        for (auto& record : records) {
            auto const* activity = std::get_if<Activity>(&record);
            if (activity != nullptr && activity->process == event::undo_process) {
                seen.push_back(*activity);
                if (!is_late_)
                    TRY(echo(*activity));
            }
            TRY(FakeJournal::append(std::span(&record, 1)));
        }
        if (is_late_)
            for (auto& activity : seen) {
                activity.time = wall_now();
                TRY(echo(std::move(activity)));
            }
        return {};
    }

private:
    Result<void> echo(Activity told)
    {
        bool in_place = told.kind == ActivityKind::renamed && told.place.name.empty();
        if (!in_place)
            return tell(std::move(told));
        auto displaced = std::exchange(told.displaced, {});
        auto there = TRY(object_at(told.target));
        if (there != displaced || told.object_kind != event::ObjectKind::regular) {
            told.kind = ActivityKind::created;
            told.place = std::exchange(told.target, {});
            return tell(std::move(told));
        }
        auto passing = told.target;
        passing.name = ".tocsin-undo-1";
        auto made = told;
        made.kind = ActivityKind::created;
        made.place = passing;
        made.target = {};
        TRY(tell(made));
        told.place = passing;
        told.displaced = displaced;
        TRY(tell(told));
        auto old = told;
        old.object = displaced;
        old.key = {};
        old.displaced = {};
        std::swap(old.place, old.target);
        TRY(tell(old));
        old.kind = ActivityKind::deleted;
        old.place = std::exchange(old.target, {});
        return tell(old);
    }
    Result<void> tell(event::Record record) { return FakeJournal::append(std::span(&record, 1)); }

    bool is_late_ = false;
};

} // namespace

Scene::Scene(JournalIn where) : tree_(temp_ / "tree"), time_(wall_now())
{
    if (where == JournalIn::memory)
        journal_ = std::make_unique<FakeJournal>();
    else if (where == JournalIn::echoed)
        journal_ = std::make_unique<EchoedJournal>();
    else
        journal_ = journal::Journal::open(temp_ / "journal", journal::Access::read_write).take();
    fs::create_directory(tree_);
    fs::create_directory(state());
}

WallTime Scene::next_time()
{
    time_ = std::max(time_ + std::chrono::nanoseconds(1), wall_now());
    return time_;
}

Found Scene::found(std::string const& path) const
{
    auto full = path.empty() ? tree_ : tree_ + "/" + path;
    return identify(sys::open(full, O_PATH | O_NOFOLLOW).take()).take();
}

event::Place Scene::place_of(std::string const& path) const
{
    auto parts = split(path);
    return {found(parts.directory).object, parts.name};
}

void Scene::tell(event::Record record)
{
    ASSERT_OK(journal_->append(std::span(&record, 1)));
}

Activity Scene::activity(event::ProcessKey who, ActivityKind kind, std::string const& path)
{
    auto there = found(path);
    Activity out;
    out.time = next_time();
    out.kind = kind;
    out.process = who;
    out.object = there.object;
    out.key = there.key;
    out.object_kind = there.kind();
    out.root = {1};
    if (!path.empty())
        out.place = place_of(path);
    out.path = *this / path;
    return out;
}

void Scene::captured(event::ProcessKey who, std::string const& path, Occasion occasion)
{
    auto there = found(path);
    Version version;
    version.object = there.object;
    version.key = there.key;
    version.root = {1};
    version.time = next_time();
    version.occasion = occasion;
    version.writer = who;
    version.path = path.empty() ? tree_ : *this / path;
    version.metadata = event::read_metadata(there.fd.get()).take();
    if (there.kind() == event::ObjectKind::symlink)
        version.digest = Sha256::of(as_bytes(version.metadata.link_target));
    if (there.kind() == event::ObjectKind::regular) {
        auto content = read(path);
        version.content = contents_.keep(as_bytes(content));
        version.digest = Sha256::of(as_bytes(content));
        auto fd = sys::open(*this / path, O_RDONLY | O_NOATIME).take();
        auto size = static_cast<off_t>(content.size());
        for (off_t at = ::lseek(fd.get(), 0, SEEK_DATA); at >= 0 && at < size;) {
            auto end = ::lseek(fd.get(), at, SEEK_HOLE);
            version.extents.push_back({static_cast<std::uint64_t>(at), static_cast<std::uint64_t>(end - at)});
            at = ::lseek(fd.get(), end, SEEK_DATA);
        }
        if (version.extents.size() == 1 && version.extents[0].length == content.size())
            version.extents.clear();
    }
    tell(version);
}

void Scene::given(std::string const& path, std::string const& content)
{
    fs::create_directories(fs::path(*this / path).parent_path());
    do_write(path, content);
}

void Scene::given_directory(std::string const& path)
{
    fs::create_directories(*this / path);
}

void Scene::walk(std::string const& path)
{
    if (!path.empty())
        tell(activity({}, ActivityKind::seen, path));
    captured({}, path, Occasion::walk);
    if (found(path).kind() != event::ObjectKind::directory)
        return;
    auto fd = sys::open(*this / path, O_RDONLY | O_DIRECTORY).take();
    for (auto const& entry : sys::list_dir(fd.get()).take())
        walk(path.empty() ? entry.name : path + "/" + entry.name);
}

void Scene::protect()
{
    event::RootChange root;
    root.root = {1};
    root.time = next_time();
    root.path = tree_;
    root.object = found("").object;
    root.is_protected = true;
    tell(root);
    auto seen = activity({}, ActivityKind::seen, "");
    seen.place = {{}, tree_};
    tell(seen);
    walk("");
}

void Scene::do_write(std::string const& path, std::string const& content)
{
    auto fd = sys::open(*this / path, O_WRONLY | O_CREAT | O_TRUNC, 0644).take();
    ASSERT_OK(sys::write_all(fd.get(), as_bytes(content)));
}

void Scene::write_without_close(event::ProcessKey who, std::string const& path, std::string const& content)
{
    tell(activity(who, ActivityKind::opened, path));
    do_write(path, content);
    tell(activity(who, ActivityKind::changed, path));
}

void Scene::write(event::ProcessKey who, std::string const& path, std::string const& content)
{
    write_without_close(who, path, content);
    tell(activity(who, ActivityKind::closed, path));
    captured(who, path, Occasion::close);
}

void Scene::create(event::ProcessKey who, std::string const& path, std::string const& content)
{
    do_write(path, content);
    tell(activity(who, ActivityKind::created, path));
    tell(activity(who, ActivityKind::changed, path));
    tell(activity(who, ActivityKind::closed, path));
    captured(who, path, Occasion::close);
}

void Scene::make_directory(event::ProcessKey who, std::string const& path)
{
    fs::create_directory(*this / path);
    tell(activity(who, ActivityKind::created, path));
    captured(who, path, Occasion::close);
}

void Scene::symlink(event::ProcessKey who, std::string const& path, std::string const& target)
{
    fs::create_symlink(target, *this / path);
    tell(activity(who, ActivityKind::created, path));
    captured(who, path, Occasion::close);
}

void Scene::remove(event::ProcessKey who, std::string const& path)
{
    auto told = activity(who, ActivityKind::deleted, path);
    fs::remove(*this / path);
    tell(told);
}

void Scene::remove_all(event::ProcessKey who, std::string const& path)
{
    if (found(path).kind() == event::ObjectKind::directory) {
        auto fd = sys::open(*this / path, O_RDONLY | O_DIRECTORY).take();
        for (auto const& entry : sys::list_dir(fd.get()).take())
            remove_all(who, path + "/" + entry.name);
    }
    remove(who, path);
}

void Scene::rename(event::ProcessKey who, std::string const& from, std::string const& to)
{
    auto told = activity(who, ActivityKind::renamed, from);
    told.target = place_of(to);
    told.target_path = *this / to;
    if (exists(to))
        told.displaced = found(to).object;
    fs::rename(*this / from, *this / to);
    tell(told);
}

void Scene::exchange(event::ProcessKey who, std::string const& a, std::string const& b)
{
    auto there = activity(who, ActivityKind::renamed, a);
    auto back = activity(who, ActivityKind::renamed, b);
    there.target = back.place;
    there.target_path = back.path;
    there.displaced = back.object; // as the kernel's first half of it looks
    back.target = there.place;
    back.target_path = there.path;
    ASSERT_OK(sys::rename_at2(AT_FDCWD, *this / a, AT_FDCWD, *this / b, RENAME_EXCHANGE));
    tell(there);
    tell(back);
}

void Scene::link(event::ProcessKey who, std::string const& from, std::string const& to)
{
    fs::create_hard_link(*this / from, *this / to);
    tell(activity(who, ActivityKind::linked, to));
}

void Scene::attributes_changed(event::ProcessKey who, std::string const& path)
{
    auto told = activity(who, ActivityKind::attributes, path);
    told.place = {};
    told.metadata = event::read_metadata(found(path).fd.get()).take();
    tell(told);
    captured(who, path, Occasion::metadata);
}

void Scene::chmod(event::ProcessKey who, std::string const& path, mode_t mode)
{
    ASSERT_EQ(0, ::chmod((*this / path).c_str(), mode));
    attributes_changed(who, path);
}

void Scene::set_times(event::ProcessKey who, std::string const& path, std::int64_t mtime_ns)
{
    timespec times[2] = {{0, UTIME_OMIT}, {mtime_ns / 1'000'000'000, mtime_ns % 1'000'000'000}};
    ASSERT_EQ(0, ::utimensat(AT_FDCWD, (*this / path).c_str(), times, AT_SYMLINK_NOFOLLOW));
    if (found(path).kind() != event::ObjectKind::regular)
        return attributes_changed(who, path);
    tell(activity(who, ActivityKind::attributes, path));
    captured(who, path, Occasion::interval); // its content may be another: the guard reads it
}

void Scene::set_xattr(event::ProcessKey who, std::string const& path, std::string const& name, ByteView value)
{
    ASSERT_OK(sys::set_xattr(found(path).fd.get(), name, value));
    attributes_changed(who, path);
}

void Scene::remove_xattr(event::ProcessKey who, std::string const& path, std::string const& name)
{
    ASSERT_OK(sys::remove_xattr(found(path).fd.get(), name));
    attributes_changed(who, path);
}

void Scene::catch_up(event::ProcessKey who)
{
    std::map<event::Place, std::string> paths;
    for (auto const& [path, seen] : snapshot())
        if (!path.empty())
            paths[place_of(path)] = path;
    std::vector<event::Record> moved, made, gone;
    auto is_there = [&](event::Place const& place, event::ObjectId object) {
        return paths.contains(place) && found(paths[place]).object == object;
    };
    for (auto const& [place, path] : paths) {
        auto told = activity(who, ActivityKind::created, path);
        if (journal_->object_at(place).take() == told.object)
            continue;
        auto known = journal_->current(told.object).take();
        for (auto const& old : known ? known->places : std::vector<event::Place>{})
            if (!is_there(old, told.object)) {
                told.kind = ActivityKind::renamed;
                told.target = std::exchange(told.place, old);
                told.target_path = told.path;
            }
        (told.kind == ActivityKind::renamed ? moved : made).push_back(told);
    }
    for (auto* records : {&moved, &made})
        ASSERT_OK(journal_->append(*records));
    ASSERT_OK(journal_->for_each_current({}, [&](journal::CurrentObject const& object) -> Result<void> {
        for (auto const& place : object.places)
            if (place.parent && !is_there(place, object.object)) {
                Activity told;
                told.time = next_time();
                told.kind = ActivityKind::deleted;
                told.process = who;
                told.object = object.object;
                told.object_kind = object.kind;
                told.root = object.root;
                told.place = place;
                gone.push_back(std::move(told));
            }
        return {};
    }));
    ASSERT_OK(journal_->append(gone));
}

void Scene::open_incident(event::ActorKind kind, std::vector<event::ProcessKey> processes)
{
    event::Incident incident;
    incident.id = the_incident;
    incident.actor.kind = kind;
    incident.actor.processes = std::move(processes);
    incident.first_activity = incident.opened = next_time();
    tell(incident);
}

Plan Scene::plan()
{
    return make_plan(*journal_, the_incident).take();
}

Options Scene::options() const
{
    Options out;
    out.state_dir = state();
    out.threads = 2;
    return out;
}

Result<Report> Scene::undo_with(Options const& options)
{
    auto made = TRY(make_plan(*journal_, the_incident));
    return carry_out(made, contents_, options, journal_.get());
}

Report Scene::undo()
{
    return undo_with(options()).take();
}

std::string Scene::read(std::string const& path) const
{
    auto fd = sys::open(*this / path, O_RDONLY | O_NOATIME).take();
    return std::string(as_text(sys::read_file_at(AT_FDCWD, sys::fd_path(fd.get()), 1UL << 30).take()));
}

bool Scene::exists(std::string const& path) const
{
    return fs::symlink_status(*this / path).type() != fs::file_type::not_found;
}

Snapshot Scene::snapshot() const
{
    Snapshot out;
    std::map<std::uint64_t, std::string> first_name;
    std::set<std::string> paths{""};
    for (auto const& entry : fs::recursive_directory_iterator(tree_))
        paths.insert(entry.path().lexically_relative(tree_).string());
    for (auto const& path : paths) {
        auto there = found(path);
        auto m = event::read_metadata(there.fd.get()).take();
        Seen seen{"", m.mode, m.uid, m.gid, m.inode_flags, m.mtime_ns, 0, m.xattrs, ""};
        if (there.kind() == event::ObjectKind::regular) {
            seen.kind_and_content = "file " + read(path);
            seen.holes = m.size > m.blocks * 512 ? m.size - m.blocks * 512 : 0;
            seen.same_as = first_name.emplace(m.inode, path).first->second;
        } else
            seen.kind_and_content = "-> " + m.link_target;
        out[path] = std::move(seen);
    }
    return out;
}

Snapshot without_times(Snapshot snapshot, std::set<std::string> const& paths)
{
    for (auto& [path, seen] : snapshot)
        if (paths.contains(path))
            seen.mtime_ns = 0;
    return snapshot;
}

namespace {

std::string shown(Seen const& seen)
{
    auto out = fmt::format("{} mode {:o} owner {}:{} flags {} mtime {} holes {} same as '{}'",
        seen.kind_and_content.substr(0, 40), seen.mode, seen.uid, seen.gid, seen.flags, seen.mtime_ns,
        seen.holes, seen.same_as);
    for (auto const& [name, value] : seen.xattrs)
        out += " " + name + "=" + to_hex(value);
    return out;
}

} // namespace

void expect_same(Snapshot const& expected, Snapshot const& actual)
{
    for (auto const& [path, seen] : expected) {
        auto at = actual.find(path);
        if (at == actual.end())
            ADD_FAILURE() << "missing: " << path;
        else if (at->second != seen)
            ADD_FAILURE() << path << "\n  expected " << shown(seen) << "\n  found    " << shown(at->second);
    }
    for (auto const& [path, seen] : actual)
        if (!expected.contains(path))
            ADD_FAILURE() << "not expected: " << path << "\n  " << shown(seen);
}

TEST(Scene, TellsTheJournalWhereEverythingIs)
{
    Scene scene;
    scene.given("a/b.txt", "content");
    scene.protect();
    scene.rename(alice, "a/b.txt", "a/c.txt");
    auto versions = scene.journal().versions_at(scene / "a/b.txt").take();
    ASSERT_EQ(1U, versions.size());
    auto now = scene.journal().current(versions[0].object).take();
    ASSERT_TRUE(now);
    ASSERT_EQ(1U, now->places.size());
    EXPECT_EQ("c.txt", now->places[0].name);
}

} // namespace tocsin::undo
