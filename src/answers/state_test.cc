// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/state.h"

#include "tocsin/answers/verify.h"
#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::answers {
namespace {

event::Version version_with(Sha256 const& blob)
{
    event::Version version;
    version.object = event::ObjectId{1};
    version.path = "/srv/a";
    version.metadata.mode = 0100644;
    version.content = {blob};
    return version;
}

TEST(State, RemembersWhereTheRepositoryIs)
{
    test::TempDir dir;
    auto state = StatePaths::of(dir.path()).take();
    EXPECT_EQ(dir / "repository", state.repository);
    state.repository = "/mnt/caf\xe9";
    ASSERT_OK(save_settings(state));
    EXPECT_EQ("/mnt/caf\xe9", StatePaths::of(dir.path()).take().repository);
}

TEST(State, IsHeldByOneAtATime)
{
    test::TempDir dir;
    auto state = StatePaths::of(dir.path()).take();
    auto held = lock_state(state);
    ASSERT_OK(held);
    EXPECT_ERRC(Errc::again, lock_state(state));
    held.take().reset();
    EXPECT_OK(lock_state(state));
}

TEST(State, MakesARepositoryOnceAndOpensItAgain)
{
    test::TempDir dir;
    auto state = StatePaths::of(dir.path()).take();
    EXPECT_ERRC(Errc::not_found, open_repository(state, vault::OpenMode::read_only));
    vault::BlobId id;
    {
        auto repository = open_or_create_repository(state).take();
        id = repository->save_blob(vault::BlobType::data, as_bytes("content")).take().id;
        ASSERT_OK(repository->close());
    }
    auto again = open_or_create_repository(state).take();
    EXPECT_TRUE(again->has_blob(vault::BlobType::data, id));
    auto password = sys::stat_at(AT_FDCWD, state.password, 0).take();
    EXPECT_EQ(0600, password.stx_mode & 07777);
}

TEST(Verify, NamesTheVersionWhoseContentIsMissing)
{
    test::TempDir dir;
    auto state = StatePaths::of(dir.path()).take();
    auto repository = open_or_create_repository(state).take();
    auto kept = repository->save_blob(vault::BlobType::data, as_bytes("content")).take().id;
    ASSERT_OK(repository->flush());
    auto journal = journal::Journal::open(state.journal, journal::Access::read_write).take();
    std::array<event::Record, 1> good{version_with(kept)};
    ASSERT_OK(journal->append(good));

    auto whole = verify_json(*journal, *repository, vault::CheckDepth::read_data, {}).take().as_object();
    EXPECT_TRUE(whole.at("ok").as_bool()) << to_text(whole);

    std::array<event::Record, 1> bad{version_with(Sha256::of(as_bytes("lost")))};
    ASSERT_OK(journal->append(bad));
    auto broken = verify_json(*journal, *repository, vault::CheckDepth::structure, {}).take().as_object();
    EXPECT_FALSE(broken.at("ok").as_bool());
    EXPECT_EQ(1, broken.at("missing_blobs").to_number<int>());
    EXPECT_TRUE(broken.at("problems").as_array().at(0).as_string().find("/srv/a") != json::string::npos);
}

} // namespace
} // namespace tocsin::answers
