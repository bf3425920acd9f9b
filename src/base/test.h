// SPDX-License-Identifier: Apache-2.0
// base/test.h -- what tests of all modules share: Result assertions and a directory that goes away.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>

#include "tocsin/base/result.h"

#define ASSERT_OK(expr)                                                                                      \
    do {                                                                                                     \
        auto const& ok_result_ = (expr);                                                                     \
        ASSERT_TRUE(ok_result_.ok()) << ok_result_.error().message();                                        \
    } while (false)
#define EXPECT_OK(expr)                                                                                      \
    do {                                                                                                     \
        auto const& ok_result_ = (expr);                                                                     \
        EXPECT_TRUE(ok_result_.ok()) << ok_result_.error().message();                                        \
    } while (false)
#define EXPECT_ERRC(expected, expr)                                                                          \
    do {                                                                                                     \
        auto const& errc_result_ = (expr);                                                                   \
        ASSERT_FALSE(errc_result_.ok());                                                                     \
        EXPECT_EQ(expected, errc_result_.error().code()) << errc_result_.error().message();                  \
    } while (false)

namespace tocsin::test {

// A fresh directory under $TMPDIR, removed with all that is in it at the end of the scope.
class TempDir {
public:
    TempDir()
    {
        auto pattern = (std::filesystem::temp_directory_path() / "tocsin-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            std::abort();
        path_ = pattern;
    }
    ~TempDir()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(TempDir const&) = delete;
    TempDir& operator=(TempDir const&) = delete;

    std::string const& path() const { return path_; }
    std::string operator/(std::string const& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

} // namespace tocsin::test
