// SPDX-License-Identifier: Apache-2.0
// A writer that is killed at any moment loses nothing that it was told is saved; and a full
// disk, a real one, harms nothing.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <map>
#include <sys/mount.h>
#include <thread>
#include <unistd.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/unique_fd.h"
#include "tocsin/vault/vault_testing.h"

namespace tocsin::vault {
namespace {

using test::noise;
using test::prose;

// One that save_blob() has returned for, as its writer tells of it.
struct Acknowledged {
    std::uint64_t seed;
    std::uint64_t size;
    BlobId id;
};
static_assert(sizeof(Acknowledged) == 48);

Bytes content_of(std::uint64_t seed, std::size_t size)
{
    return seed % 3 == 0 ? prose(seed, size) : noise(seed, size);
}

// Saves from three threads until it is killed; flushes now and then.
[[noreturn]] void write_until_killed(std::string const& path, int pipe_fd, std::uint64_t first_seed)
{
    auto options = test::read_write();
    options.pack_bytes = 256 * 1024; // many seals, to be killed in their midst
    auto opened = Repository::open(LocalStore::open(path).take(), test::password, options);
    if (!opened.ok())
        ::_exit(3);
    auto const repository = opened.take();
    std::atomic<std::uint64_t> next = first_seed;
    auto const work = [&] {
        for (;;) {
            auto const seed = next++;
            auto const size = static_cast<std::size_t>(seed * 7919 % 60'000);
            auto const type = seed % 5 == 0 ? BlobType::tree : BlobType::data;
            auto const saved = repository->save_blob(type, content_of(seed, size));
            if (!saved.ok())
                ::_exit(4);
            Acknowledged const told{seed, size, Result(saved).take().id};
            if (::write(pipe_fd, &told, sizeof(told)) != sizeof(told)) // whole, as it is below PIPE_BUF
                ::_exit(5);
            if (seed % 97 == 0 && !repository->flush().ok())
                ::_exit(6);
        }
    };
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back(work);
    threads.clear(); // waits, in vain
    ::_exit(7);
}

// When a writer is killed: some time after it has told of so many. Counted, not timed from its
// start, so that a busy machine tests as much as an idle one.
struct Fate {
    std::size_t told = 0;
    std::chrono::microseconds then{0};
};

// Reads what is told, kills, and reads the rest.
std::vector<Acknowledged> run_and_kill(std::string const& path, std::uint64_t first_seed, Fate fate)
{
    int fds[2];
    EXPECT_EQ(0, ::pipe2(fds, O_CLOEXEC));
    UniqueFd read_end(fds[0]);
    UniqueFd write_end(fds[1]);
    auto const pid = ::fork();
    if (pid == 0)
        write_until_killed(path, write_end.get(), first_seed);
    write_end.reset();
    std::vector<Acknowledged> out;
    Acknowledged told;
    while (::read(read_end.get(), &told, sizeof(told)) == sizeof(told)) {
        out.push_back(told);
        if (out.size() == fate.told) {
            ::usleep(static_cast<useconds_t>(fate.then.count()));
            ::kill(pid, SIGKILL);
        }
    }
    int status = 0;
    EXPECT_EQ(pid, ::waitpid(pid, &status, 0));
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer gave up with status " << WEXITSTATUS(status);
    return out;
}

void expect_all_there(Repository& repository, std::span<Acknowledged const> told)
{
    for (auto const& one : told) {
        auto const type = one.seed % 5 == 0 ? BlobType::tree : BlobType::data;
        auto loaded = repository.load_blob(type, one.id);
        ASSERT_OK(loaded);
        ASSERT_EQ(content_of(one.seed, one.size), loaded.take()) << "seed " << one.seed;
    }
}

TEST(Crash, NothingSavedIsLostThoughTheWriterIsKilledFiftyTimes)
{
    test::TempDir dir;
    auto const path = dir / "repository";
    ASSERT_OK(Repository::create(LocalStore::create(path).take(), test::password, test::read_write())
            .take()
            ->close());
    bool const restic = test::have_restic();
    std::mt19937_64 random(std::random_device{}());
    std::vector<Acknowledged> all;
    std::uint64_t staged = 0;
    std::uint64_t unindexed = 0;
    for (std::uint64_t round = 0; round < 50; ++round) {
        Fate const fate{1 + random() % 150, std::chrono::microseconds(random() % 5000)};
        SCOPED_TRACE("round " + std::to_string(round) + ", killed after " + std::to_string(fate.told)
            + " blobs and " + std::to_string(fate.then.count()) + " us");
        auto const told = run_and_kill(path, round * 1'000'000 + 1, fate);
        all.insert(all.end(), told.begin(), told.end());
        if (restic && round % 5 == 0) {
            ASSERT_EQ(0, test::restic(path, "check --read-data").status) << "right after the kill";
        }

        auto reader = Repository::open(LocalStore::open(path).take(), test::password, test::read_only());
        ASSERT_OK(reader);
        expect_all_there(*reader.take(), told);
        auto opened = Repository::open(LocalStore::open(path).take(), test::password, test::read_write());
        ASSERT_OK(opened);
        auto const repository = opened.take();
        EXPECT_THAT(repository->recovery().problems, testing::IsEmpty());
        EXPECT_EQ(0U, repository->recovery().lost_blobs);
        staged += repository->recovery().staged_blobs;
        unindexed += repository->recovery().unindexed_packs;
        expect_all_there(*repository, told);
        if (restic && round % 5 == 0) {
            ASSERT_EQ(0, test::restic(path, "check --read-data").status) << "after recovery";
        }
    }
    auto const repository =
        Repository::open(LocalStore::open(path).take(), test::password, test::read_write()).take();
    expect_all_there(*repository, all);
    EXPECT_THAT(repository->check(CheckDepth::read_data, {}).take().problems, testing::IsEmpty());
    EXPECT_GT(all.size(), 500U);
    EXPECT_GT(staged, 50U) << "the kills never hit an open pack";
    std::printf("%zu blobs acknowledged, %llu found in open packs, %llu packs without index\n", all.size(),
        static_cast<unsigned long long>(staged), static_cast<unsigned long long>(unindexed));
}

// A small file system in memory, unmounted at the end whatever happens.
class TinyDisk {
public:
    bool mount()
    {
        mounted_ = ::mount("tocsin-test", dir_.path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=4m") == 0;
        return mounted_;
    }
    ~TinyDisk()
    {
        if (mounted_)
            (void)::umount2(dir_.path().c_str(), MNT_DETACH);
    }
    std::string const& path() const { return dir_.path(); }

private:
    test::TempDir dir_;
    bool mounted_ = false;
};

TEST(FullDisk, SaysFullNamesNothingHalfWrittenAndGoesOnWhenSpaceReturns)
{
    TinyDisk disk;
    if (!disk.mount())
        GTEST_SKIP() << "needs root: cannot mount a small tmpfs here";
    auto const path = disk.path() + "/repository";
    auto const repository =
        Repository::create(LocalStore::create(path).take(), test::password, test::read_write()).take();
    std::vector<BlobId> saved;
    Errc refused = Errc::failed;
    for (std::uint64_t i = 0; i < 100; ++i) {
        auto result = repository->save_blob(BlobType::data, noise(i, 100'000));
        if (!result.ok()) {
            refused = result.error().code();
            break;
        }
        saved.push_back(result.take().id);
    }
    EXPECT_EQ(Errc::full, refused);
    // A filler takes what is left; whether a header still fits depends on the last page.
    auto const filler = sys::open(disk.path() + "/filler", O_WRONLY | O_CREAT, 0600).take();
    while (sys::write_all(filler.get(), noise(1, 512)).ok()) { }

    auto const flushed = repository->flush();
    EXPECT_TRUE(flushed.ok() || flushed.error().code() == Errc::full) << flushed.error().message();
    for (std::uint64_t i = 0; i < saved.size(); ++i)
        ASSERT_EQ(noise(i, 100'000), repository->load_blob(BlobType::data, saved[i]).take());
    if (test::have_restic()) {
        // --no-lock: there is no room for a lock of its own.
        EXPECT_EQ(0, test::restic(path, "check --read-data --no-lock").status);
    }

    ASSERT_OK(sys::truncate(filler.get(), 0));
    ASSERT_OK(repository->flush());
    auto const report = repository->check(CheckDepth::read_data, {}).take();
    EXPECT_THAT(report.problems, testing::IsEmpty());
    EXPECT_EQ(saved.size(), report.blobs);
    if (test::have_restic()) {
        EXPECT_EQ(0, test::restic(path, "check --read-data").status);
    }
}

} // namespace
} // namespace tocsin::vault
