// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/repository.h"

#include <gmock/gmock.h>
#include <thread>

#include "tocsin/vault/tree.h"
#include "tocsin/vault/vault_testing.h"

namespace tocsin::vault {
namespace {

using test::noise;
using test::prose;
using testing::HasSubstr;
using testing::IsEmpty;

// A repository in memory that can crash and be opened again.
class RepositoryTest : public testing::Test {
protected:
    void SetUp() override
    {
        auto made = Repository::create(store(), test::password, test::read_write());
        ASSERT_OK(made);
        repository_ = made.take();
    }

    std::unique_ptr<Store> store() { return std::make_unique<MemoryStore>(disk_); }
    Result<std::unique_ptr<Repository>> open(RepositoryOptions const& options)
    {
        return Repository::open(store(), test::password, options);
    }
    // The process ends between two instructions; what it held is let go of.
    void crash_and_reopen()
    {
        repository_.reset();
        auto opened = open(test::read_write());
        ASSERT_OK(opened);
        repository_ = opened.take();
    }
    BlobId save(ByteView plain) { return repository_->save_blob(BlobType::data, plain).take().id; }
    Bytes load(BlobId const& id) { return repository_->load_blob(BlobType::data, id).take(); }
    std::size_t files(FileKind kind) { return store()->list(kind).take().size(); }

    std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
    std::unique_ptr<Repository> repository_;
};

TEST_F(RepositoryTest, GivesBackABlobBeforeItIsFlushed)
{
    auto const plain = prose(1, 5000);

    auto const saved = repository_->save_blob(BlobType::data, plain).take();

    EXPECT_TRUE(saved.is_new);
    EXPECT_EQ(BlobId::of(plain), saved.id);
    EXPECT_LT(saved.stored_bytes, plain.size());
    EXPECT_TRUE(repository_->has_blob(BlobType::data, saved.id));
    EXPECT_EQ(plain, load(saved.id));
}

TEST_F(RepositoryTest, StoresABlobOnce)
{
    auto const plain = noise(1, 5000);
    save(plain);

    auto const again = repository_->save_blob(BlobType::data, plain).take();

    EXPECT_FALSE(again.is_new);
    EXPECT_EQ(0U, again.stored_bytes);
    EXPECT_EQ(1U, repository_->statistics().blobs);
}

TEST_F(RepositoryTest, TellsDataAndTreesApart)
{
    auto const plain = prose(1, 1000);
    auto const id = save(plain);

    EXPECT_FALSE(repository_->has_blob(BlobType::tree, id));
    EXPECT_TRUE(repository_->save_blob(BlobType::tree, plain).take().is_new);
    ASSERT_OK(repository_->flush());
    EXPECT_EQ(2U, files(FileKind::pack));
}

TEST_F(RepositoryTest, SavesABlobOfNoBytes)
{
    auto const id = save({});

    ASSERT_OK(repository_->flush());

    EXPECT_EQ(Bytes{}, load(id));
}

TEST_F(RepositoryTest, GivesBackAfterFlushAndReopen)
{
    auto const plain = noise(7, 300'000);
    auto const id = save(plain);
    ASSERT_OK(repository_->close());

    crash_and_reopen();

    EXPECT_EQ(plain, load(id));
    EXPECT_EQ(0U, repository_->recovery().staged_packs);
    EXPECT_EQ(0U, repository_->recovery().unindexed_packs);
}

TEST_F(RepositoryTest, RecoversWhatWasSavedBeforeACrash)
{
    auto const data = noise(7, 3000);
    auto const id = save(data);
    auto const tree = repository_->save_blob(BlobType::tree, encode_tree({}).take()).take().id;

    crash_and_reopen();

    EXPECT_EQ(2U, repository_->recovery().staged_packs);
    EXPECT_EQ(2U, repository_->recovery().staged_blobs);
    EXPECT_EQ(data, load(id));
    EXPECT_TRUE(repository_->has_blob(BlobType::tree, tree));
    EXPECT_THAT(store()->list_staged().take(), IsEmpty());
    EXPECT_EQ(1U, files(FileKind::index));
}

TEST_F(RepositoryTest, IndexesPacksThatNoIndexNames)
{
    auto const id = save(noise(7, 3000));
    ASSERT_OK(repository_->flush());
    auto const index = store()->list(FileKind::index).take().at(0).name;
    ASSERT_OK(store()->remove(FileKind::index, index));

    crash_and_reopen();

    EXPECT_EQ(1U, repository_->recovery().unindexed_packs);
    EXPECT_TRUE(repository_->has_blob(BlobType::data, id));
    EXPECT_EQ(1U, files(FileKind::index));
}

TEST_F(RepositoryTest, CutsATornTailOfAStagedPack)
{
    auto const id = save(noise(1, 3000));
    repository_.reset();
    for (auto& [name, bytes] : disk_->staged)
        bytes->resize(bytes->size() + 17, std::byte{0xee});

    crash_and_reopen();

    EXPECT_EQ(noise(1, 3000), load(id));
    EXPECT_TRUE(repository_->check(CheckDepth::read_data, {}).take().good());
}

TEST_F(RepositoryTest, KeepsWholeBlobsBehindAHole)
{
    auto const first = save(noise(1, 3000));
    auto const second = save(noise(2, 3000));
    auto const third = save(noise(3, 3000));
    repository_.reset();
    for (auto& [name, bytes] : disk_->staged) {
        if (name.ends_with(".pack"))
            (*bytes)[4000] ^= std::byte{1}; // in the second
    }

    crash_and_reopen();

    EXPECT_EQ(1U, repository_->recovery().lost_blobs);
    EXPECT_EQ(noise(1, 3000), load(first));
    EXPECT_FALSE(repository_->has_blob(BlobType::data, second));
    EXPECT_EQ(noise(3, 3000), load(third));
    EXPECT_TRUE(repository_->check(CheckDepth::read_data, {}).take().good());
}

TEST_F(RepositoryTest, DoesNotTakeTheStagedPacksOfALivingWriter)
{
    auto const id = save(noise(1, 3000));

    auto second = open(test::read_write());
    ASSERT_OK(second);
    auto const other = second.take();

    EXPECT_EQ(0U, other->recovery().staged_packs);
    EXPECT_FALSE(other->has_blob(BlobType::data, id));
    ASSERT_OK(repository_->flush());
    EXPECT_EQ(noise(1, 3000), load(id));
    ASSERT_OK(other->refresh());
    EXPECT_TRUE(other->has_blob(BlobType::data, id));
}

TEST_F(RepositoryTest, AReaderSeesWhatAWriterHasNotFlushed)
{
    auto const id = save(noise(1, 3000));
    auto reader = open(test::read_only()).take();
    EXPECT_EQ(noise(1, 3000), reader->load_blob(BlobType::data, id).take());

    ASSERT_OK(repository_->flush());
    EXPECT_EQ(noise(1, 3000), reader->load_blob(BlobType::data, id).take());

    auto const later = save(noise(2, 3000));
    EXPECT_EQ(noise(2, 3000), reader->load_blob(BlobType::data, later).take());
}

TEST_F(RepositoryTest, AReaderWritesNothing)
{
    save(noise(1, 3000));
    auto const before = disk_->used_bytes;
    auto reader = open(test::read_only()).take();

    EXPECT_ERRC(Errc::denied, reader->save_blob(BlobType::data, noise(2, 10)));
    EXPECT_ERRC(Errc::denied, reader->flush());
    EXPECT_ERRC(Errc::denied, reader->take_lock());
    ASSERT_OK(reader->close());
    EXPECT_EQ(before, disk_->used_bytes);
}

TEST_F(RepositoryTest, RefusesAWrongPassword)
{
    auto opened = Repository::open(store(), "wrong", test::read_write());

    EXPECT_ERRC(Errc::denied, opened);
}

TEST_F(RepositoryTest, RefusesToMakeASecondRepository)
{
    EXPECT_ERRC(Errc::exists, Repository::create(store(), "other", test::read_write()));
}

TEST_F(RepositoryTest, RefusesBlobsThatAreNotThere)
{
    EXPECT_ERRC(Errc::not_found, repository_->load_blob(BlobType::data, BlobId::of(noise(1, 1))));
}

TEST_F(RepositoryTest, SealsPacksOfTheSizeAskedFor)
{
    for (std::uint64_t i = 0; i < 40; ++i)
        save(noise(i, 100'000));

    ASSERT_OK(repository_->flush());

    EXPECT_EQ(4U, repository_->statistics().packs);
    EXPECT_EQ(4U, files(FileKind::pack));
    EXPECT_EQ(1U, files(FileKind::index));
    EXPECT_EQ(40U * 100'000, repository_->statistics().plain_bytes);
}

TEST_F(RepositoryTest, StoresABlobOnceThoughManyThreadsSaveIt)
{
    auto const plain = prose(1, 2'000'000);
    std::atomic<int> stored = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                if (repository_->save_blob(BlobType::data, plain).take().is_new)
                    ++stored;
            });
    }

    EXPECT_EQ(1, stored);
    EXPECT_EQ(1U, repository_->statistics().blobs);
}

TEST_F(RepositoryTest, TakesSavesLoadsAndFlushesFromManyThreads)
{
    constexpr std::uint64_t threads_count = 6;
    constexpr std::uint64_t blobs = 60;
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> threads;
        for (std::uint64_t t = 0; t < threads_count; ++t)
            threads.emplace_back([&, t] {
                for (std::uint64_t i = 0; i < blobs; ++i) {
                    auto const plain = noise(t / 2 * 1000 + i, 20'000); // every two save the same
                    auto const saved = repository_->save_blob(BlobType::data, plain).take();
                    if (repository_->load_blob(BlobType::data, saved.id).take() != plain)
                        ++wrong;
                    if (i % 20 == 0 && !repository_->flush().ok())
                        ++wrong;
                }
            });
    }

    EXPECT_EQ(0, wrong);
    EXPECT_EQ(threads_count / 2 * blobs, repository_->statistics().blobs);
    EXPECT_TRUE(repository_->check(CheckDepth::read_data, {}).take().good());
}

TEST_F(RepositoryTest, RemembersSnapshots)
{
    Snapshot snapshot;
    snapshot.time = wall_now();
    snapshot.tree = repository_->save_blob(BlobType::tree, encode_tree({}).take()).take().id;
    snapshot.paths = {"/srv/\xe2\x82\xac <files>"};
    snapshot.hostname = "ark";
    snapshot.tags = {"a", "b"};

    auto const id = repository_->save_snapshot(snapshot).take();

    EXPECT_EQ(snapshot, repository_->load_snapshot(id).take());
    EXPECT_EQ(std::vector{id}, repository_->list_snapshots().take());
}

TEST_F(RepositoryTest, RefusesASnapshotOfATreeThatIsNotThere)
{
    Snapshot snapshot;
    snapshot.tree = BlobId::of(noise(1, 10));

    EXPECT_ERRC(Errc::invalid, repository_->save_snapshot(snapshot));
}

TEST_F(RepositoryTest, HoldsALockOnlyWhereItIsAskedTo)
{
    EXPECT_EQ(0U, files(FileKind::lock));
    ASSERT_OK(repository_->take_lock());
    EXPECT_EQ(1U, files(FileKind::lock));
    auto const before = store()->list(FileKind::lock).take().at(0).name;

    ASSERT_OK(repository_->refresh_lock());

    EXPECT_EQ(1U, files(FileKind::lock));
    EXPECT_NE(before, store()->list(FileKind::lock).take().at(0).name);
    ASSERT_OK(repository_->close());
    EXPECT_EQ(0U, files(FileKind::lock));
}

// A full disk: what is there stays readable, and all is well when space returns.

TEST_F(RepositoryTest, SaysFullAndGoesOnWhenSpaceReturns)
{
    auto const kept = save(noise(1, 200'000));
    disk_->capacity_bytes = disk_->used_bytes + 50'000;

    EXPECT_ERRC(Errc::full, repository_->save_blob(BlobType::data, noise(2, 200'000)));
    EXPECT_EQ(noise(1, 200'000), load(kept));
    disk_->capacity_bytes = disk_->used_bytes;
    EXPECT_ERRC(Errc::full, repository_->flush());
    EXPECT_EQ(noise(1, 200'000), load(kept));
    EXPECT_EQ(0U, files(FileKind::pack));

    disk_->capacity_bytes = UINT64_MAX;
    auto const later = save(noise(2, 200'000));
    ASSERT_OK(repository_->flush());
    EXPECT_EQ(noise(2, 200'000), load(later));
    EXPECT_TRUE(repository_->check(CheckDepth::read_data, {}).take().good());
}

TEST_F(RepositoryTest, KeepsPacksUnindexedWhileTheDiskIsFull)
{
    auto const kept = save(noise(1, 200'000));
    disk_->capacity_bytes = disk_->used_bytes + 120; // the header fits, the index does not

    EXPECT_ERRC(Errc::full, repository_->flush());
    EXPECT_EQ(1U, files(FileKind::pack));
    EXPECT_EQ(0U, files(FileKind::index));
    disk_->capacity_bytes = UINT64_MAX;
    ASSERT_OK(repository_->flush());

    EXPECT_EQ(1U, files(FileKind::index));
    EXPECT_EQ(noise(1, 200'000), load(kept));
}

TEST_F(RepositoryTest, RefusesMoreWhenPacksCannotBeSealed)
{
    disk_->capacity_bytes = disk_->used_bytes + 3'000'000;
    std::vector<BlobId> saved;
    Result<Repository::Saved> last = repository_->save_blob(BlobType::data, noise(0, 100'000));
    for (std::uint64_t i = 1; last.ok(); ++i) {
        saved.push_back(last.take().id);
        last = repository_->save_blob(BlobType::data, noise(i, 100'000));
    }

    EXPECT_ERRC(Errc::full, last);
    ASSERT_GT(saved.size(), 20U);
    for (std::uint64_t i = 0; i < saved.size(); ++i)
        EXPECT_EQ(noise(i, 100'000), load(saved[i]));
}

// One flipped byte anywhere is told, and never given out as content.

class CorruptionTest : public RepositoryTest, public testing::WithParamInterface<FileKind> { };

TEST_P(CorruptionTest, AFlippedByteIsFound)
{
    Snapshot snapshot;
    snapshot.time = wall_now();
    snapshot.tree = repository_->save_blob(BlobType::tree, encode_tree({}).take()).take().id;
    auto const id = save(noise(1, 2000));
    ASSERT_OK(repository_->save_snapshot(snapshot));
    repository_.reset();

    std::mt19937_64 random(42);
    for (int round = 0; round < 40; ++round) {
        for (auto& [key, bytes] : disk_->files) {
            if (key.first != GetParam())
                continue;
            auto& byte = (*bytes)[random() % bytes->size()];
            auto const before = byte;
            byte ^= static_cast<std::byte>(1U << random() % 8);
            auto opened = open(test::read_only());
            if (opened.ok()) {
                auto const found = opened.take();
                auto const report = found->check(CheckDepth::read_data, {}).take();
                bool const names_key = key.first == FileKind::key; // its clear fields change nothing
                EXPECT_TRUE(!report.good() || names_key) << key.second;
                auto const loaded = found->load_blob(BlobType::data, id);
                EXPECT_TRUE(!loaded.ok() || Result(loaded).take() == noise(1, 2000));
            }
            byte = before;
        }
    }
    EXPECT_TRUE(open(test::read_only()).take()->check(CheckDepth::read_data, {}).take().good());
}

INSTANTIATE_TEST_SUITE_P(EveryKind, CorruptionTest,
    testing::Values(FileKind::config, FileKind::key, FileKind::snapshot, FileKind::index, FileKind::pack),
    [](auto const& tested) { return std::string(to_string(tested.param)); });

TEST_F(RepositoryTest, FlippedBytesInStagingLoseNoMoreThanTheirBlob)
{
    std::vector<BlobId> ids;
    for (std::uint64_t i = 0; i < 10; ++i)
        ids.push_back(save(noise(i, 1000)));
    repository_.reset();
    for (auto& [name, bytes] : disk_->staged) {
        if (name.ends_with(".pack"))
            bytes->at(5 * 1032 + 100) ^= std::byte{4};
    }

    crash_and_reopen();

    for (std::uint64_t i = 0; i < 10; ++i)
        EXPECT_EQ(i != 5, repository_->has_blob(BlobType::data, ids[i])) << i;
}

TEST_F(RepositoryTest, CheckTellsOfAMissingPack)
{
    save(noise(1, 2000));
    ASSERT_OK(repository_->flush());
    ASSERT_OK(store()->remove(FileKind::pack, store()->list(FileKind::pack).take().at(0).name));

    auto const report = repository_->check(CheckDepth::structure, {}).take();

    ASSERT_EQ(1U, report.problems.size());
    EXPECT_THAT(report.problems[0], HasSubstr("is in an index but not there"));
}

// A store of which somebody else changes something each time its files have been listed.
class BusyStore final : public Store {
public:
    BusyStore(std::unique_ptr<Store> store, std::function<void()> meanwhile)
        : store_(std::move(store)), meanwhile_(std::move(meanwhile))
    {
    }
    Result<void> put(FileKind kind, std::string const& name, ByteView bytes) override
    {
        return store_->put(kind, name, bytes);
    }
    Result<Bytes> get(FileKind kind, std::string const& name) const override
    {
        return store_->get(kind, name);
    }
    Result<Bytes> get_range(
        FileKind kind, std::string const& name, std::uint64_t offset, std::size_t length) const override
    {
        return store_->get_range(kind, name, offset, length);
    }
    Result<std::uint64_t> size(FileKind kind, std::string const& name) const override
    {
        return store_->size(kind, name);
    }
    Result<std::vector<FileInfo>> list(FileKind kind) const override
    {
        auto listed = store_->list(kind);
        meanwhile_();
        return listed;
    }
    Result<void> remove(FileKind kind, std::string const& name) override
    {
        return store_->remove(kind, name);
    }
    Result<std::unique_ptr<StagedFile>> create_staged(std::string const& name) override
    {
        return store_->create_staged(name);
    }
    Result<std::unique_ptr<StagedFile>> open_staged(std::string const& name) override
    {
        return store_->open_staged(name);
    }
    Result<Bytes> read_staged(
        std::string const& name, std::uint64_t offset, std::size_t length) const override
    {
        return store_->read_staged(name, offset, length);
    }
    Result<std::vector<FileInfo>> list_staged() const override { return store_->list_staged(); }

private:
    std::unique_ptr<Store> store_;
    std::function<void()> meanwhile_;
};

TEST_F(RepositoryTest, CheckFindsNoFaultInWhatIsWrittenMeanwhile)
{
    save(noise(1, 2000));
    ASSERT_OK(repository_->flush());
    std::uint64_t written = 0;
    bool is_checking = false;
    auto busy = std::make_unique<BusyStore>(store(), [&] {
        if (!is_checking)
            return;
        save(noise(100 + ++written, 2000));
        EXPECT_OK(repository_->flush());
    });
    auto reader = Repository::open(std::move(busy), test::password, test::read_only());
    ASSERT_OK(reader);
    is_checking = true;

    auto const report = reader.take()->check(CheckDepth::structure, {}).take();

    EXPECT_LE(3U, written);
    EXPECT_THAT(report.problems, IsEmpty());
}

TEST_F(RepositoryTest, CheckTellsOfABlobThatATreeMisses)
{
    Node node;
    node.name = "file";
    node.content = {BlobId::of(noise(1, 10))};
    Snapshot snapshot;
    snapshot.time = wall_now();
    snapshot.tree = repository_->save_blob(BlobType::tree, encode_tree(std::span(&node, 1)).take()).take().id;
    ASSERT_OK(repository_->save_snapshot(snapshot));

    auto const report = repository_->check(CheckDepth::structure, {}).take();

    ASSERT_EQ(1U, report.problems.size());
    EXPECT_THAT(report.problems[0], HasSubstr("which is nowhere"));
}

TEST_F(RepositoryTest, CheckTellsHowFarItIs)
{
    save(noise(1, 2000));
    std::uint64_t last_done = 0;
    std::uint64_t last_total = 0;

    auto const report = repository_
                            ->check(CheckDepth::read_data,
                                [&](std::uint64_t done, std::uint64_t total) {
                                    last_done = done;
                                    last_total = total;
                                })
                            .take();

    EXPECT_TRUE(report.good());
    EXPECT_EQ(1U, report.packs);
    EXPECT_EQ(1U, report.blobs);
    EXPECT_EQ(1U, last_done);
    EXPECT_EQ(1U, last_total);
}

} // namespace
} // namespace tocsin::vault
