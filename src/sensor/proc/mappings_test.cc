// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/proc/mappings.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::sensor {
namespace {

TEST(Mappings, AreThoseThatAreSharedAndWritable)
{
    EXPECT_EQ((std::vector<std::string>{"7f3c5a000000-7f3c5a001000", "400000-401000"}),
        ranges_mapped_for_writing("7f3c5a000000-7f3c5a001000 rw-s 00000000 08:01 131 /srv/a\n"
                                  "7f3c5a001000-7f3c5a002000 r--s 00000000 08:01 132 /srv/b\n"
                                  "7f3c5a002000-7f3c5a003000 rw-p 00000000 08:01 133 /srv/c\n"
                                  "00400000-00401000 -w-s 00000000 08:01 134 /srv/d e\n"));
}

TEST(Mappings, AreNoneInWhatIsNoList)
{
    for (auto const* text : {"", "\n\n", "x rw-s", "-1000 rw-s", "1000- rw-s", "10-20", "10-20 rw-",
             "1g-20 rw-s", "../../x-y rw-s"})
        EXPECT_TRUE(ranges_mapped_for_writing(text).empty()) << text;
}

TEST(Mappings, OfAProcessLeadToItsFiles)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "map_files needs root";
    test::TempDir dir;
    auto file = sys::open(dir / "file", O_RDWR | O_CREAT, 0600).take();
    ASSERT_OK(sys::truncate(file.get(), 4096));
    auto* at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    ASSERT_NE(MAP_FAILED, at);
    auto const inode = sys::stat_fd(file.get()).take().stx_ino;
    file.reset();
    auto count = [&] {
        int out = 0;
        for (auto const& mapped : files_mapped_for_writing(::getpid(), 64))
            out += sys::stat_fd(mapped.get()).take().stx_ino == inode ? 1 : 0;
        return out;
    };
    EXPECT_EQ(1, count());
    ::munmap(at, 4096);
    EXPECT_EQ(0, count());
    EXPECT_TRUE(files_mapped_for_writing(0, 64).empty());
}

} // namespace
} // namespace tocsin::sensor
