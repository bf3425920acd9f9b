// SPDX-License-Identifier: Apache-2.0
// Attributes in quantities that only some file systems take.
#include "tocsin/base/sys.h"

#include <algorithm>

#include "tocsin/base/test_mount.h"

namespace tocsin::sys {
namespace {

class XattrBoundTest : public test::MountTest {
protected:
    XattrBoundTest() : test::MountTest("xfs") { }

    void prepare() override { fd_ = open(*mount_ / "file", O_RDWR | O_CREAT, 0600).take(); }
    void TearDown() override { fd_.reset(); }

    std::size_t kept_bytes()
    {
        std::size_t total = 0;
        for (auto const& [name, value] : xattrs_of(fd_.get()).take())
            total += name.size() + value.size();
        return total;
    }

    UniqueFd fd_;
};

TEST_F(XattrBoundTest, KeepsTheFirstNamesUpToTheBound)
{
    Bytes large(60'000, std::byte{'x'});
    for (int i = 10; i < 60; ++i)
        ASSERT_OK(set_xattr(fd_.get(), fmt::format("user.many{}", i), large));
    ASSERT_OK(set_xattr(fd_.get(), "user.z", as_bytes("small")));
    ASSERT_OK(set_xattr(fd_.get(), "trusted.label", as_bytes("kept")));
    auto kept = xattrs_of(fd_.get()).take();
    ASSERT_EQ(6U, kept.size());
    EXPECT_EQ("trusted.label", kept[0].first);
    EXPECT_EQ("user.many13", kept[4].first);
    EXPECT_EQ("user.z", kept[5].first) << "what is small still fits";
    EXPECT_LE(kept_bytes(), xattrs_limit_bytes);
}

TEST_F(XattrBoundTest, ReadsRightsWhereTheNamesCannotBeListed)
{
    for (int i = 100; i < 500; ++i)
        ASSERT_OK(set_xattr(fd_.get(), fmt::format("user.{}{}", std::string(240, 'n'), i), {}));
    ASSERT_OK(set_xattr(fd_.get(), "security.NTACL", as_bytes("acl")));
    auto kept = xattrs_of(fd_.get());
    ASSERT_OK(kept);
    auto all = kept.take();
    EXPECT_TRUE(std::ranges::any_of(all, [](auto const& one) { return one.first == "security.NTACL"; }));
}

} // namespace
} // namespace tocsin::sys
