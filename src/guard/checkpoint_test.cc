// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/checkpoint.h"

#include <gtest/gtest.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/vault/backend/memory.h"
#include "tocsin/vault/tree.h"

namespace tocsin::guard {
namespace {

using event::ActivityKind;
using event::ObjectId;
using event::Record;

// A journal of directories; the number of one is its object.
class CheckpointTest : public testing::Test {
protected:
    CheckpointTest()
    {
        vault::RepositoryOptions options;
        options.scrypt = vault::ScryptCost::minimal();
        auto store = std::make_unique<vault::MemoryStore>(std::make_shared<vault::MemoryDisk>());
        repository_ = vault::Repository::create(std::move(store), "password", options).take();
        journal_ = journal::Journal::open(dir_ / "journal", journal::Access::read_write).take();
        records_.push_back(event::RootChange{{1}, wall_now(), "/srv", ObjectId{1}, true, {}});
        add_directory(1, {{}, "/srv"});
    }
    void add_directory(std::uint64_t number, event::Place place)
    {
        event::Activity seen;
        seen.kind = ActivityKind::seen;
        seen.object = {number};
        seen.object_kind = event::ObjectKind::directory;
        seen.root = {1};
        seen.place = std::move(place);
        records_.push_back(seen);
        event::Version version;
        version.object = {number};
        version.root = {1};
        version.metadata.mode = S_IFDIR | 0755;
        records_.push_back(version);
    }
    Result<vault::SnapshotId> checkpoint()
    {
        EXPECT_OK(journal_->append(records_));
        records_.clear();
        return make_checkpoint({*repository_, *journal_, dir_.path()}, wall_now());
    }
    std::vector<vault::Node> nodes_of(vault::BlobId const& tree)
    {
        auto blob = repository_->load_blob(vault::BlobType::tree, tree).take();
        return vault::decode_tree(blob, {}).take();
    }
    std::size_t files_beside_the_journal()
    {
        auto dir = sys::open(dir_.path(), O_RDONLY | O_DIRECTORY).take();
        std::size_t count = 0;
        for (auto const& entry : sys::list_dir(dir.get()).take())
            count += entry.name.starts_with("journal-copy") ? 1 : 0;
        return count;
    }

    test::TempDir dir_;
    std::unique_ptr<vault::Repository> repository_;
    std::unique_ptr<journal::Journal> journal_;
    std::vector<Record> records_;
};

TEST_F(CheckpointTest, ReachesTheBottomOfDeepDirectories)
{
    constexpr std::uint64_t levels = 20'000;
    for (std::uint64_t i = 2; i <= levels; ++i)
        add_directory(i, {ObjectId{i - 1}, "d"});
    auto made = checkpoint();
    ASSERT_OK(made);
    auto snapshot = repository_->load_snapshot(made.take()).take();
    auto tree = *nodes_of(snapshot.tree).back().subtree; // of /srv, behind .tocsin
    for (std::uint64_t i = 2; i <= levels; ++i) {
        auto nodes = nodes_of(tree);
        ASSERT_EQ(1U, nodes.size()) << "level " << i;
        tree = *nodes.front().subtree;
    }
    EXPECT_TRUE(nodes_of(tree).empty());
}

TEST_F(CheckpointTest, IsMadeAfterOneThatWasCutOff)
{
    for (auto const* name : {"journal-copy.sqlite", "journal-copy.sqlite.part"})
        (void)sys::open(dir_ / name, O_CREAT | O_RDWR, 0600).take();
    (void)sys::open(dir_ / ("journal-copy-" + std::to_string(::getpid()) + ".sqlite"), O_CREAT | O_RDWR, 0600)
        .take();
    EXPECT_OK(checkpoint());
    EXPECT_EQ(0U, files_beside_the_journal());
}

TEST_F(CheckpointTest, KeepsAllChildrenOfADirectory)
{
    add_directory(2, {ObjectId{1}, "a"});
    add_directory(3, {ObjectId{2}, "x"});
    add_directory(4, {ObjectId{1}, "b"});
    auto snapshot = repository_->load_snapshot(checkpoint().take()).take();
    auto top = nodes_of(*nodes_of(snapshot.tree).back().subtree);
    ASSERT_EQ(2U, top.size());
    EXPECT_EQ("a", top[0].name);
    EXPECT_EQ("x", nodes_of(*top[0].subtree).at(0).name);
    EXPECT_TRUE(nodes_of(*top[1].subtree).empty());
}

} // namespace
} // namespace tocsin::guard
