// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/trees.h"

#include <gmock/gmock.h>

#include "tocsin/base/test.h"

namespace tocsin::guard {
namespace {

std::shared_ptr<Tree const> add(Trees& trees, std::string const& path)
{
    Tree tree;
    tree.path = path;
    return trees.add(std::move(tree));
}

TEST(OpenTree, NamesTheFileSystemThatCannotBeGuarded)
{
    auto refused = open_tree("/proc/self");
    EXPECT_ERRC(Errc::unsupported, refused);
    EXPECT_THAT(refused.error().message(), testing::HasSubstr("(proc)"));
}

TEST(OpenTree, RefusesAFile)
{
    EXPECT_ERRC(Errc::invalid, open_tree("/proc/self/status"));
}

TEST(Trees, FindsTheInnermostTreeThatHoldsAPath)
{
    Trees trees;
    auto outer = add(trees, "/srv");
    auto inner = add(trees, "/srv/office");
    EXPECT_EQ(inner, trees.containing("/srv/office"));
    EXPECT_EQ(inner, trees.containing("/srv/office/plans/2024.txt"));
    EXPECT_EQ(outer, trees.containing("/srv/office2"));
    EXPECT_EQ(nullptr, trees.containing("/srv2"));
}

} // namespace
} // namespace tocsin::guard
