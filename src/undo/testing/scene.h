// SPDX-License-Identifier: Apache-2.0
// undo/testing/scene.h -- the small language of undo's tests: a real tree, who does what to it, undo.
//
// Each operation is done on the real files and told to a FakeJournal as the guard would tell it.
// For tests only.
#pragma once

#include <fcntl.h>
#include <map>
#include <mutex>
#include <set>

#include "tocsin/base/test.h"
#include "tocsin/undo/act.h"
#include "tocsin/undo/testing/fake_journal.h"
#include "tocsin/undo/tree.h"

namespace tocsin::undo {

inline constexpr event::ProcessKey attacker{100, 1};
inline constexpr event::ProcessKey alice{200, 1};
inline constexpr event::IncidentId the_incident{3};

// The versions' contents. Damaging it is part of some tests.
class Contents : public ContentSource {
public:
    Result<Bytes> load(Sha256 const& blob) override
    {
        std::lock_guard lock(mutex_);
        auto at = blobs_.find(blob);
        if (at == blobs_.end())
            return Error(Errc::not_found, "no such blob");
        return at->second;
    }
    std::vector<Sha256> keep(ByteView content);
    void forget_all() { blobs_.clear(); }

private:
    std::mutex mutex_;
    std::map<Sha256, Bytes> blobs_;
};

// Everything of one object that undo has to bring back.
struct Seen {
    std::string kind_and_content; // of a regular file its bytes, of a symlink its target
    std::uint32_t mode = 0, uid = 0, gid = 0, flags = 0;
    std::int64_t mtime_ns = 0;
    std::uint64_t holes = 0; // bytes of the file that are not allocated
    sys::Xattrs xattrs;
    std::string same_as; // the first name of a hard-linked object
    bool operator==(Seen const&) const = default;
};
using Snapshot = std::map<std::string, Seen>;

// echoed: in memory, and the guard's witness tells what undo does a second time.
enum class JournalIn { memory, file, echoed };

class Scene {
public:
    explicit Scene(JournalIn where);
    Scene() : Scene(JournalIn::memory) { }

    // What stood there before the guard: written, then walked.
    void given(std::string const& path, std::string const& content);
    void given_directory(std::string const& path);
    void protect();

    void write(event::ProcessKey who, std::string const& path, std::string const& content); // in place
    void create(event::ProcessKey who, std::string const& path, std::string const& content);
    void make_directory(event::ProcessKey who, std::string const& path);
    void symlink(event::ProcessKey who, std::string const& path, std::string const& target);
    void remove(event::ProcessKey who, std::string const& path); // also an empty directory
    void remove_all(event::ProcessKey who, std::string const& path);
    void rename(event::ProcessKey who, std::string const& from, std::string const& to);
    void exchange(event::ProcessKey who, std::string const& a, std::string const& b);
    void link(event::ProcessKey who, std::string const& from, std::string const& to);
    void chmod(event::ProcessKey who, std::string const& path, mode_t mode);
    void set_times(event::ProcessKey who, std::string const& path, std::int64_t mtime_ns);
    void set_xattr(event::ProcessKey who, std::string const& path, std::string const& name, ByteView value);
    void remove_xattr(event::ProcessKey who, std::string const& path, std::string const& name);
    // Told to the journal only: a write that nobody has closed yet.
    void write_without_close(event::ProcessKey who, std::string const& path, std::string const& content);
    void captured(event::ProcessKey who, std::string const& path, event::Occasion occasion);
    void attributes_changed(event::ProcessKey who, std::string const& path);

    // What a guard tells of names that are not where its journal has them: `who` did it.
    void catch_up(event::ProcessKey who);
    void open_incident(event::ActorKind kind, std::vector<event::ProcessKey> processes);
    Plan plan();
    Report undo();
    Result<Report> undo_with(Options const& options);
    Options options() const;

    Snapshot snapshot() const;
    std::string read(std::string const& path) const;
    bool exists(std::string const& path) const;
    std::string operator/(std::string const& path) const { return tree_ + "/" + path; }
    event::ObjectId object(std::string const& path) const { return found(path).object; }
    std::string const& tree() const { return tree_; }
    std::string state() const { return temp_ / "state"; }
    std::string elsewhere() const { return temp_ / "elsewhere"; }
    journal::Journal& journal() { return *journal_; }
    Contents& contents() { return contents_; }

private:
    event::Place place_of(std::string const& path) const;
    Found found(std::string const& path) const;
    void tell(event::Record record);
    event::Activity activity(event::ProcessKey who, event::ActivityKind kind, std::string const& path);
    void walk(std::string const& path);
    void do_write(std::string const& path, std::string const& content);
    WallTime next_time();

    test::TempDir temp_;
    std::string tree_;
    std::unique_ptr<journal::Journal> journal_;
    Contents contents_;
    WallTime time_;
};

// Snapshots without what nobody promises: times of directories that others worked in.
Snapshot without_times(Snapshot snapshot, std::set<std::string> const& paths);

// Fails with the paths that differ.
void expect_same(Snapshot const& expected, Snapshot const& actual);

} // namespace tocsin::undo
