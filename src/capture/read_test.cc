// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/read.h"

#include <random>
#include <sys/xattr.h>
#include <unistd.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/capture/facts_builder.h"
#include "tocsin/vault/backend/memory.h"

namespace tocsin::capture {
namespace {

class ReaderTest : public testing::Test {
protected:
    ReaderTest()
    {
        vault::RepositoryOptions options;
        options.scrypt = vault::ScryptCost::minimal();
        auto store = std::make_unique<vault::MemoryStore>(std::make_shared<vault::MemoryDisk>());
        repository_ = vault::Repository::create(std::move(store), "password", options).take();
    }

    UniqueFd file(std::string const& name, ByteView content)
    {
        auto fd = sys::open(dir_ / name, O_RDWR | O_CREAT | O_TRUNC, 0640).take();
        EXPECT_OK(sys::write_all(fd.get(), content));
        return fd;
    }
    Bytes content_of(event::Version const& version)
    {
        Bytes out;
        for (auto const& id : version.content) {
            auto blob = repository_->load_blob(vault::BlobType::data, id).take();
            out.insert(out.end(), blob.begin(), blob.end());
        }
        return out;
    }

    event::Version version_of(UniqueFd const& fd)
    {
        return Reader(*repository_).read(fd.get(), never).take();
    }

    std::stop_token never;
    test::TempDir dir_;
    std::unique_ptr<vault::Repository> repository_;
};

TEST_F(ReaderTest, KeepsAWholeFileWithItsMetadata)
{
    auto fd = file("a", as_bytes("the content"));
    (void)::setxattr((dir_ / "a").c_str(), "user.note", "x", 1, 0);
    auto version = Reader(*repository_).read(fd.get(), never).take();
    EXPECT_EQ("the content", as_text(content_of(version)));
    EXPECT_EQ(Sha256::of(as_bytes("the content")), version.digest);
    EXPECT_EQ(0640u, version.metadata.mode & 07777);
    EXPECT_EQ(dir_ / "a", version.path);
}

TEST_F(ReaderTest, CutsLargeFilesAndHashesTheWhole)
{
    Bytes content(
        vault::chunk_max_bytes + 1'000'000); // a smaller one may be one chunk, once in a hundred times
    std::mt19937 generator(7);
    for (auto& b : content)
        b = static_cast<std::byte>(generator());
    auto fd = file("big", content);
    auto version = Reader(*repository_).read(fd.get(), never).take();
    EXPECT_GT(version.content.size(), 1u);
    EXPECT_EQ(Sha256::of(content), version.digest);
    EXPECT_EQ(content, content_of(version));
}

TEST_F(ReaderTest, StillReadsAFileWhoseNameIsGone)
{
    auto fd = file("a", as_bytes("gone"));
    ASSERT_EQ(0, ::unlink((dir_ / "a").c_str()));
    auto version = Reader(*repository_).read(fd.get(), never).take();
    EXPECT_EQ("gone", as_text(content_of(version)));
    EXPECT_EQ(dir_ / "a", version.path) << "without the kernel's (deleted)";
}

TEST_F(ReaderTest, RemembersWhereTheHolesAre)
{
    auto fd = file("sparse", {});
    ASSERT_OK(sys::write_all_at(fd.get(), as_bytes("end"), 10'000'000));
    auto version = Reader(*repository_).read(fd.get(), never).take();
    ASSERT_EQ(1u, version.extents.size());
    EXPECT_GT(version.extents[0].offset, 9'000'000u);
    EXPECT_EQ(10'000'003u, content_of(version).size());
}

// Wherever holes begin and end: inside a chunk, at the front, at the end, one beside the other.
TEST_F(ReaderTest, CutsAFileWithHolesAsIfItWereDense)
{
    Bytes content(20'000'000);
    auto sparse = file("sparse", {});
    ASSERT_OK(sys::truncate(sparse.get(), content.size()));
    std::mt19937 generator(11);
    for (auto [from, to] : {std::pair{1'000'000u, 3'456'789u}, {3'700'000u, 3'700'001u},
             {9'000'000u, 9'600'000u}, {17'000'000u, 17'300'000u}}) {
        for (auto at = from; at < to; ++at)
            content[at] = static_cast<std::byte>(generator());
        ASSERT_OK(sys::write_all_at(sparse.get(), ByteView(content).subspan(from, to - from), from));
    }
    auto dense = version_of(file("dense", content));
    auto version = version_of(sparse);
    EXPECT_EQ(4u, version.extents.size());
    EXPECT_EQ(dense.content, version.content);
    EXPECT_EQ(Sha256::of(content), version.digest);
    EXPECT_EQ(dense.facts, version.facts);
    EXPECT_EQ(content, content_of(version));
}

// As long as the buffer, where all is held until the end, and a little longer, where it is not.
TEST_F(ReaderTest, CutsAndKnowsAlikeWhatFitsItsBufferAndWhatDoesNot)
{
    std::mt19937 generator(13);
    Reader reader(*repository_);
    for (auto size : {vault::chunk_min_bytes - 1, vault::chunk_min_bytes, std::size_t{3'000'000},
             vault::chunk_max_bytes, vault::chunk_max_bytes + 1}) {
        Bytes content(size);
        for (auto& b : content)
            b = static_cast<std::byte>(generator());
        auto fd = file("a", content);
        auto const first = reader.read(fd.get(), never).take();
        auto const again = reader.read(fd.get(), never).take(); // by then it is known
        EXPECT_EQ(Sha256::of(content), first.digest);
        EXPECT_EQ(content, content_of(first));
        EXPECT_EQ(first.digest, again.digest);
        EXPECT_EQ(first.content, again.content);
        EXPECT_EQ(first.facts, again.facts);
        FactsBuilder builder;
        builder.add(content);
        EXPECT_EQ(builder.finish(), first.facts);
    }
}

TEST_F(ReaderTest, CutsHolesInWhatFitsItsBufferAsIfItWereDense)
{
    Bytes content(7'000'000);
    auto sparse = file("sparse", {});
    ASSERT_OK(sys::truncate(sparse.get(), content.size()));
    std::mt19937 generator(17);
    for (auto [from, to] : {std::pair{0u, 5'000u}, {2'000'000u, 2'900'000u}, {6'000'000u, 6'000'100u}}) {
        for (auto at = from; at < to; ++at)
            content[at] = static_cast<std::byte>(generator());
        ASSERT_OK(sys::write_all_at(sparse.get(), ByteView(content).subspan(from, to - from), from));
    }
    auto const dense = version_of(file("dense", content));
    auto const version = version_of(sparse);
    EXPECT_EQ(dense.content, version.content);
    EXPECT_EQ(Sha256::of(content), version.digest);
    EXPECT_EQ(dense.facts, version.facts);
    EXPECT_EQ(content, content_of(version));
}

TEST_F(ReaderTest, CutsNothingButAHoleAsIfItWereDense)
{
    auto sparse = file("sparse", {});
    ASSERT_OK(sys::truncate(sparse.get(), 3'000'000));
    auto version = version_of(sparse);
    EXPECT_EQ(version_of(file("dense", Bytes(3'000'000))).content, version.content);
    EXPECT_EQ(std::vector<event::Extent>({{3'000'000, 0}}), version.extents);
    EXPECT_EQ(Sha256::of(Bytes(3'000'000)), version.digest);
}

TEST_F(ReaderTest, RefusesAHoleThatNoVersionCanHold)
{
    auto fd = file("endless", {});
    if (!sys::truncate(fd.get(), 15ULL << 40).ok())
        GTEST_SKIP() << "this file system has no files of 15 TiB";
    auto began = steady_now();
    EXPECT_ERRC(Errc::invalid, Reader(*repository_).read(fd.get(), never));
    EXPECT_LT(steady_now() - began, std::chrono::seconds(1));
}

TEST_F(ReaderTest, IsStoppedBetweenChunks)
{
    auto fd = file("large", {});
    ASSERT_OK(sys::truncate(fd.get(), 64ULL << 30));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_ERRC(Errc::again, Reader(*repository_).read(fd.get(), stop.get_token()));
}

TEST_F(ReaderTest, KeepsTheTargetOfASymlink)
{
    ASSERT_EQ(0, ::symlink("there", (dir_ / "link").c_str()));
    auto fd = sys::open(dir_ / "link", O_PATH | O_NOFOLLOW).take();
    auto version = Reader(*repository_).read(fd.get(), never).take();
    EXPECT_EQ("there", version.metadata.link_target);
    EXPECT_TRUE(version.content.empty());
}

} // namespace
} // namespace tocsin::capture
