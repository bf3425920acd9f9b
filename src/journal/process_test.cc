// SPDX-License-Identifier: Apache-2.0
// The journal between processes: killed writers, readers beside a writer, and a full disk.
#include <csignal>
#include <fstream>
#include <random>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <thread>

#include "tocsin/base/test_mount.h"
#include "tocsin/journal/testing/records.h"

namespace tocsin::journal::test {
namespace {

// A child of this test that ends with it, and is always waited for.
class Child {
public:
    template <typename Body>
    explicit Child(Body body) : pid_(::fork())
    {
        if (pid_ == 0) {
            body();
            ::_exit(0);
        }
    }
    ~Child() { kill(); }
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;

    void kill()
    {
        if (pid_ <= 0)
            return;
        (void)::kill(pid_, SIGKILL);
        (void)::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

private:
    pid_t pid_;
};

struct Pipe {
    Pipe()
    {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            std::abort();
        out = UniqueFd(ends[0]);
        in = UniqueFd(ends[1]);
    }
    void put(std::uint64_t value) const
    {
        (void)sys::write_all(in.get(), std::as_bytes(std::span(&value, 1))).ok();
    }
    // Empty once nobody can write any more.
    std::optional<std::uint64_t> take() const
    {
        std::uint64_t value = 0;
        auto got = ::read(out.get(), &value, sizeof(value)); // whole: below PIPE_BUF
        return got == sizeof(value) ? std::optional(value) : std::nullopt;
    }

    UniqueFd out;
    UniqueFd in;
};

std::vector<Record> batch_of(std::uint64_t number)
{
    std::vector<Record> out;
    for (std::uint64_t i = 0; i < 10; ++i) {
        out.emplace_back(version(number * 10 + i, "/srv/" + std::to_string(i), i, 0));
        out.emplace_back(
            placed(ActivityKind::created, number * 10 + i, {{1}, std::to_string(number * 10 + i)}));
    }
    return out;
}

// What a writer does until it is killed: append, then acknowledge.
void append_for_ever(std::string const& path, Pipe const& acknowledged)
{
    auto journal = Journal::open(path, Access::read_write).take();
    auto begun = journal->totals().take().versions / 10;
    for (auto number = begun;; ++number) {
        auto batch = batch_of(number);
        journal->append(batch).take();
        acknowledged.put(number + 1);
    }
}

class Killed : public JournalFixture { };

TEST_F(Killed, WriterLosesNothingThatItAcknowledged)
{
    journal.reset();
    auto seed = std::random_device()();
    RecordProperty("seed", std::to_string(seed));
    std::mt19937 random(seed);
    for (int round = 0; round < 30; ++round) {
        Pipe acknowledged;
        Child writer([&] { append_for_ever(path(), acknowledged); });
        acknowledged.in.reset();
        std::uint64_t batches = 0;
        for (auto wanted = 1 + random() % 20; wanted > 0; --wanted)
            batches = acknowledged.take().value_or(batches);
        std::this_thread::sleep_for(
            std::chrono::microseconds(random() % 2000)); // into the middle of an append
        writer.kill();
        while (auto more = acknowledged.take())
            batches = *more;
        auto opened = Journal::open(path(), round % 2 == 0 ? Access::read_only : Access::read_write);
        ASSERT_OK(opened);
        auto found = opened.take();
        EXPECT_GE(found->totals().take().versions, batches * 10) << "round " << round << ", seed " << seed;
        ASSERT_OK(found->verify());
    }
}

class Beside : public JournalFixture { };

TEST_F(Beside, ARunningWriterAReaderSeesWhatWasAppended)
{
    Pipe asked;
    Pipe answered;
    Child reader([&] {
        auto beside = Journal::open(path(), Access::read_only).take();
        while (asked.take())
            answered.put(beside->totals().take().versions);
    });
    for (std::uint64_t i = 0; i < 20; ++i) {
        auto batch = batch_of(i);
        ASSERT_OK(journal->append(batch));
        asked.put(1);
        EXPECT_EQ((i + 1) * 10, answered.take());
    }
}

TEST_F(Beside, AReaderSeesOneStateToTheEndOfItsWalk)
{
    append(batch_of(0));
    auto reader = Journal::open(path(), Access::read_only).take();
    std::size_t visited = 0;
    ASSERT_OK(reader->for_each_current({}, [&](CurrentObject const&) -> Result<void> {
        if (visited++ == 0)
            append(batch_of(1));
        return {};
    }));
    EXPECT_EQ(10U, visited);
    EXPECT_OK(reader->verify());
}

TEST_F(Beside, AReaderCannotAppend)
{
    auto reader = Journal::open(path(), Access::read_only).take();
    auto batch = batch_of(0);
    EXPECT_ERRC(Errc::denied, reader->append(batch));
}

TEST_F(Beside, AnotherWriterContinuesTheSameChain)
{
    auto other = Journal::open(path(), Access::read_write).take();
    append(batch_of(0));
    auto batch = batch_of(1);
    ASSERT_OK(other->append(batch));
    append(batch_of(2));
    EXPECT_EQ(30U, other->totals().take().versions);
    EXPECT_OK(journal->verify());
}

// Mounts that only this process sees, gone with it whatever happens.
class SmallDisk : public testing::Test {
protected:
    void SetUp() override
    {
        if (::geteuid() != 0)
            GTEST_SKIP() << "mounting a file system needs root";
        if (!tocsin::test::enter_own_mounts())
            GTEST_SKIP() << "no mount namespace of our own here: " << std::strerror(errno);
        if (::mount("small", directory.path().c_str(), "tmpfs", 0, "size=3m") != 0)
            GTEST_SKIP() << "no tmpfs here: " << std::strerror(errno);
    }
    void TearDown() override { (void)::umount2(directory.path().c_str(), MNT_DETACH); }

    std::string path() const { return directory / "journal.db"; }
    void fill()
    {
        std::ofstream filler(directory / "filler");
        while (filler.write(std::string(4096, 'x').data(), 4096).flush()) { }
    }

    tocsin::test::TempDir directory;
};

TEST_F(SmallDisk, ThatIsFullRefusesABatchWholeAndTakesTheNextOnceThereIsSpace)
{
    auto journal = Journal::open(path(), Access::read_write).take();
    std::uint64_t kept = 0;
    auto append_one = [&] {
        auto batch = batch_of(kept);
        auto appended = journal->append(batch);
        if (appended.ok())
            ++kept;
        return appended;
    };
    ASSERT_OK(append_one());
    fill();
    auto last = append_one();
    while (last.ok())
        last = append_one();
    EXPECT_ERRC(Errc::full, last);
    EXPECT_EQ(kept * 10, journal->totals().take().versions);
    EXPECT_OK(journal->verify());

    ASSERT_OK(sys::remove_at(AT_FDCWD, directory / "filler", 0));
    ASSERT_OK(append_one());
    EXPECT_EQ(kept * 10, journal->totals().take().versions);
    EXPECT_OK(journal->verify());
}

TEST_F(SmallDisk, ThatIsFullHasNoRoomForANewJournal)
{
    fill();
    EXPECT_ERRC(Errc::full, Journal::open(path(), Access::read_write));
}

TEST_F(SmallDisk, ThatIsReadOnlyStillShowsAJournalThatWasClosed)
{
    auto journal = Journal::open(path(), Access::read_write).take();
    auto batch = batch_of(0);
    ASSERT_OK(journal->append(batch));
    journal.reset();
    ASSERT_EQ(0, ::mount(nullptr, directory.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr));
    auto opened = Journal::open(path(), Access::read_only);
    ASSERT_OK(opened);
    EXPECT_EQ(10U, opened.take()->totals().take().versions);
    EXPECT_ERRC(Errc::denied, Journal::open(path(), Access::read_write));
}

TEST_F(SmallDisk, ThatIsReadOnlyRefusesAJournalThatWasNotClosed)
{
    auto journal = Journal::open(path(), Access::read_write).take();
    auto batch = batch_of(0);
    ASSERT_OK(journal->append(batch));
    auto elsewhere = directory / "copy";
    std::filesystem::create_directory(elsewhere);
    for (std::string const file : {"journal.db", "journal.db-wal"})
        std::filesystem::copy(directory / file, elsewhere + "/" + file);
    journal.reset();
    ASSERT_EQ(0, ::mount(nullptr, directory.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr));
    EXPECT_ERRC(Errc::denied, Journal::open(elsewhere + "/journal.db", Access::read_only));
}

class Unfinished : public JournalFixture { };

// The writer was killed: its log is there, the shared memory is to be made anew by the reader.
TEST_F(Unfinished, JournalIsRecoveredByAReader)
{
    append(batch_of(0));
    auto elsewhere = directory / "copy";
    std::filesystem::create_directory(elsewhere);
    for (std::string const file : {"journal.db", "journal.db-wal"})
        std::filesystem::copy(directory / file, elsewhere + "/" + file);
    auto found = Journal::open(elsewhere + "/journal.db", Access::read_only);
    ASSERT_OK(found);
    EXPECT_EQ(10U, found.take()->totals().take().versions);
}

} // namespace
} // namespace tocsin::journal::test
