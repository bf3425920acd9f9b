// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/executables.h"

#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

#include "tocsin/base/digest.h"
#include "tocsin/base/proc.h"
#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::guard {
namespace {

// /bin/sleep under a name of the test's own.
class ExecutablesTest : public testing::Test {
protected:
    void SetUp() override
    {
        content_ = sys::read_text("/bin/sleep", 1 << 24).take();
        write(content_);
    }
    ~ExecutablesTest() override
    {
        if (pid_ <= 0)
            return;
        (void)::kill(pid_, SIGKILL);
        (void)::waitpid(pid_, nullptr, 0);
    }

    void write(std::string const& content)
    {
        auto fd = sys::open(path_, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0755).take();
        ASSERT_EQ(static_cast<ssize_t>(content.size()), ::write(fd.get(), content.data(), content.size()));
    }
    event::ProcessKey start()
    {
        int ends[2];
        EXPECT_EQ(0, ::pipe2(ends, O_CLOEXEC));
        UniqueFd const reading(ends[0]);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::execl(path_.c_str(), path_.c_str(), "600", nullptr);
            ::_exit(127);
        }
        (void)::close(ends[1]);
        char byte = 0;
        EXPECT_EQ(0, ::read(reading.get(), &byte, 1)); // closed by the exec
        return {pid_, proc::ProcDir::open().take().stat(pid_).take().start_ticks};
    }
    event::Executable hashed(event::ProcessKey process)
    {
        std::optional<event::Executable> out;
        std::mutex mutex;
        std::condition_variable told;
        Executables executables([&](event::Executable one) {
            std::lock_guard lock(mutex);
            out = std::move(one);
            told.notify_all();
        });
        executables.note({7}, {{process, path_}});
        std::unique_lock lock(mutex);
        told.wait(lock, [&] { return out.has_value(); });
        return *out;
    }
    Sha256 digest() const { return Sha256::of(as_bytes(content_)); }

    test::TempDir dir_;
    std::string path_ = dir_ / "program";
    std::string content_;
    pid_t pid_ = 0;
};

TEST_F(ExecutablesTest, HashesWhatAProcessRunsAlsoOnceItIsDeleted)
{
    auto const process = start();
    ASSERT_EQ(0, ::unlink(path_.c_str()));
    auto const told = hashed(process);
    EXPECT_EQ(digest(), told.digest);
    EXPECT_EQ(path_, told.path);
    EXPECT_EQ(7, told.incident.value);
}

TEST_F(ExecutablesTest, HashesTheFileOfAProcessThatHasEnded)
{
    auto const later = ticks_since_boot(wall_now()) + 100;
    EXPECT_EQ(digest(), hashed({4'194'304, later}).digest);
}

TEST_F(ExecutablesTest, SaysNoDigestOfAFileThatWasChangedSince)
{
    auto const told = hashed({4'194'304, ticks_since_boot(wall_now()) - 1000});
    EXPECT_FALSE(told.digest);
    EXPECT_NE(std::string::npos, told.why_not.find("was changed since"));
}

TEST_F(ExecutablesTest, SaysWhyWhatIsGoneHasNone)
{
    ASSERT_EQ(0, ::unlink(path_.c_str()));
    auto const told = hashed({4'194'304, 1});
    EXPECT_FALSE(told.digest);
    EXPECT_NE(std::string::npos, told.why_not.find("No such file"));
}

} // namespace
} // namespace tocsin::guard
