// SPDX-License-Identifier: Apache-2.0
// What every store has to do, and those that have something of their own.
#include "tocsin/vault/store.h"

#include <functional>
#include <gmock/gmock.h>

#include "tocsin/vault/vault_testing.h"

namespace tocsin::vault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string const name_a(64, 'a');
std::string const name_b(64, 'b');

Bytes bytes(std::string_view text)
{
    return to_bytes(as_bytes(text));
}

std::vector<std::string> names(std::vector<FileInfo> const& files)
{
    std::vector<std::string> out;
    for (auto const& file : files)
        out.push_back(file.name);
    return out;
}

struct Backend {
    std::string name;
    // Two stores over the same bytes, as two processes would have them.
    std::function<std::unique_ptr<Store>(std::string const& dir)> make;
    std::function<std::unique_ptr<Store>(std::string const& dir)> again;
};

void PrintTo(Backend const& backend, std::ostream* out)
{
    *out << backend.name;
}

class StoreContract : public testing::TestWithParam<Backend> {
protected:
    test::TempDir dir_;
    std::unique_ptr<Store> store_ = GetParam().make(dir_.path());
};

TEST_P(StoreContract, GivesBackWhatWasPut)
{
    ASSERT_OK(store_->put(FileKind::snapshot, name_a, bytes("hello")));

    EXPECT_EQ(bytes("hello"), store_->get(FileKind::snapshot, name_a).take());
    EXPECT_EQ(5U, store_->size(FileKind::snapshot, name_a).take());
    EXPECT_EQ(bytes("ell"), store_->get_range(FileKind::snapshot, name_a, 1, 3).take());
    EXPECT_THAT(names(store_->list(FileKind::snapshot).take()), ElementsAre(name_a));
}

TEST_P(StoreContract, KeepsKindsApart)
{
    ASSERT_OK(store_->put(FileKind::pack, name_a, bytes("pack")));

    EXPECT_ERRC(Errc::not_found, store_->get(FileKind::index, name_a));
    EXPECT_THAT(store_->list(FileKind::index).take(), IsEmpty());
}

TEST_P(StoreContract, RefusesToReplaceAFile)
{
    ASSERT_OK(store_->put(FileKind::index, name_a, bytes("one")));

    EXPECT_ERRC(Errc::exists, store_->put(FileKind::index, name_a, bytes("two")));
    EXPECT_EQ(bytes("one"), store_->get(FileKind::index, name_a).take());
    EXPECT_THAT(store_->list_staged().take(), IsEmpty());
}

TEST_P(StoreContract, RefusesARangePastTheEnd)
{
    ASSERT_OK(store_->put(FileKind::pack, name_a, bytes("12345")));

    EXPECT_ERRC(Errc::corrupt, store_->get_range(FileKind::pack, name_a, 3, 3));
    EXPECT_ERRC(Errc::corrupt, store_->get_range(FileKind::pack, name_a, UINT64_MAX, 1));
}

TEST_P(StoreContract, RefusesNamesThatLeadElsewhere)
{
    EXPECT_ERRC(Errc::invalid, store_->put(FileKind::pack, "../../etc/passwd", bytes("x")));
    EXPECT_ERRC(Errc::invalid, store_->get(FileKind::config, "keys"));
    EXPECT_ERRC(Errc::invalid, store_->create_staged("../config"));
    EXPECT_ERRC(Errc::invalid, store_->read_staged("a/b", 0, 0));
}

TEST_P(StoreContract, RemovesAFile)
{
    ASSERT_OK(store_->put(FileKind::lock, name_a, bytes("x")));

    ASSERT_OK(store_->remove(FileKind::lock, name_a));

    EXPECT_ERRC(Errc::not_found, store_->get(FileKind::lock, name_a));
    EXPECT_ERRC(Errc::not_found, store_->remove(FileKind::lock, name_a));
}

TEST_P(StoreContract, PublishesAStagedFileUnderItsFinalName)
{
    auto staged = store_->create_staged("one.pack").take();
    ASSERT_OK(staged->append(bytes("first ")));
    ASSERT_OK(staged->append(bytes("second")));
    EXPECT_THAT(store_->list(FileKind::pack).take(), IsEmpty());

    ASSERT_OK(staged->publish(FileKind::pack, name_a));

    EXPECT_EQ(bytes("first second"), store_->get(FileKind::pack, name_a).take());
    EXPECT_THAT(store_->list_staged().take(), IsEmpty());
    EXPECT_EQ(bytes("second"), staged->read_at(6, 6).take());
}

TEST_P(StoreContract, LeavesAStagedFileAsItWasWhenTheNameIsTaken)
{
    ASSERT_OK(store_->put(FileKind::pack, name_a, bytes("there")));
    auto staged = store_->create_staged("one.pack").take();
    ASSERT_OK(staged->append(bytes("new")));

    EXPECT_ERRC(Errc::exists, staged->publish(FileKind::pack, name_a));
    ASSERT_OK(staged->append(bytes("er")));
    ASSERT_OK(staged->publish(FileKind::pack, name_b));

    EXPECT_EQ(bytes("there"), store_->get(FileKind::pack, name_a).take());
    EXPECT_EQ(bytes("newer"), store_->get(FileKind::pack, name_b).take());
}

TEST_P(StoreContract, TruncatesAStagedFile)
{
    auto staged = store_->create_staged("one.pack").take();
    ASSERT_OK(staged->append(bytes("keep this, not that")));

    ASSERT_OK(staged->truncate(9));
    ASSERT_OK(staged->append(bytes("!")));

    EXPECT_EQ(10U, staged->size());
    EXPECT_EQ(bytes("keep this!"), staged->read_at(0, 10).take());
    EXPECT_ERRC(Errc::corrupt, staged->read_at(5, 6));
}

TEST_P(StoreContract, FindsAgainWhatAHolderLeft)
{
    {
        auto staged = store_->create_staged("left.pack").take();
        ASSERT_OK(staged->append(bytes("left behind")));
    }
    auto other = GetParam().again(dir_.path());

    EXPECT_THAT(names(other->list_staged().take()), ElementsAre("left.pack"));
    auto taken_over = other->open_staged("left.pack").take();
    EXPECT_EQ(11U, taken_over->size());
    ASSERT_OK(taken_over->append(bytes(", found")));
    EXPECT_EQ(bytes("left behind, found"), other->read_staged("left.pack", 0, 18).take());
}

TEST_P(StoreContract, DoesNotTakeAStagedFileFromItsHolder)
{
    auto staged = store_->create_staged("mine.pack").take();
    ASSERT_OK(staged->append(bytes("mine")));
    auto other = GetParam().again(dir_.path());

    EXPECT_ERRC(Errc::again, other->open_staged("mine.pack"));
    EXPECT_ERRC(Errc::exists, other->create_staged("mine.pack"));
    EXPECT_EQ(bytes("mine"), other->read_staged("mine.pack", 0, 4).take());
}

TEST_P(StoreContract, DiscardsAStagedFile)
{
    auto staged = store_->create_staged("gone.pack").take();

    ASSERT_OK(staged->discard());

    EXPECT_THAT(store_->list_staged().take(), IsEmpty());
    EXPECT_ERRC(Errc::not_found, store_->open_staged("gone.pack"));
}

INSTANTIATE_TEST_SUITE_P(Local, StoreContract,
    testing::Values(Backend{"local", [](std::string const& dir) { return LocalStore::create(dir).take(); },
        // Only what has a config opens, so the second is made over the first.
        [](std::string const& dir) { return LocalStore::create(dir).take(); }}));

std::shared_ptr<MemoryDisk> disk_for(std::string const& dir)
{
    static std::map<std::string, std::weak_ptr<MemoryDisk>> disks;
    auto disk = disks[dir].lock();
    if (!disk)
        disks[dir] = disk = std::make_shared<MemoryDisk>();
    return disk;
}

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
    testing::Values(
        Backend{"memory", [](std::string const& dir) { return std::make_unique<MemoryStore>(disk_for(dir)); },
            [](std::string const& dir) { return std::make_unique<MemoryStore>(disk_for(dir)); }}));

TEST(LocalStore, DoesNotOpenADirectoryWithoutARepository)
{
    test::TempDir dir;

    EXPECT_ERRC(Errc::not_found, LocalStore::open(dir.path()));
    EXPECT_ERRC(Errc::not_found, LocalStore::open(dir / "absent"));
}

TEST(LocalStore, DoesNotMakeARepositoryOverAnother)
{
    test::TempDir dir;
    auto store = LocalStore::create(dir.path()).take();
    ASSERT_OK(store->put(FileKind::config, "config", bytes("x")));

    EXPECT_ERRC(Errc::exists, LocalStore::create(dir.path()));
    EXPECT_OK(LocalStore::open(dir.path()));
}

TEST(LocalStore, IgnoresFilesThatAreNoneOfARepository)
{
    test::TempDir dir;
    auto store = LocalStore::create(dir.path()).take();
    ASSERT_EQ(0, test::run("touch '" + dir.path() + "/index/README' '" + dir.path() + "/data/aa/x'").status);

    EXPECT_THAT(store->list(FileKind::index).take(), IsEmpty());
    EXPECT_THAT(store->list(FileKind::pack).take(), IsEmpty());
}

} // namespace
} // namespace tocsin::vault
