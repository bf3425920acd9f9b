// SPDX-License-Identifier: Apache-2.0
// base/test_mount.h -- a file system of a test's own, on a loop device that can't be left behind.
//
// The process moves into a mount namespace of its own first, and the loop device clears itself
// when it is unmounted: so whatever kills the test takes mount and device with it.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <unistd.h>

#include "tocsin/base/test.h"

namespace tocsin::test {

// Root with the right to mount; a reason to skip otherwise.
inline std::string why_no_mounts()
{
    if (::geteuid() != 0)
        return "needs root, to mount a loop device";
    if (::access("/dev/loop-control", F_OK) != 0)
        return "needs loop devices";
    return {};
}

// From here on what this process mounts is its own and goes with it. Below a chroot "/" is no mount
// point (EINVAL), and what is mounted may be seen outside, until it is unmounted.
inline bool enter_own_mounts()
{
    return ::unshare(CLONE_NEWNS) == 0
        && (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 || errno == EINVAL);
}

class LoopMount {
public:
    // type: "ext4", "xfs" or "btrfs"; as large as each needs, 384 MiB.
    explicit LoopMount(std::string const& type)
    {
        if (!enter_own_mounts())
            return;
        auto image = dir_ / "image";
        path_ = dir_ / "mnt";
        auto make = fmt::format("set -e; truncate -s 384M '{0}'; mkfs.{1} {2} '{0}' >/dev/null 2>&1;"
                                " mkdir '{3}'; mount -o loop '{0}' '{3}'",
            image, type, type == "ext4" ? "-q -F" : "-f", path_);
        is_mounted_ = std::system(make.c_str()) == 0;
    }
    ~LoopMount()
    {
        if (is_mounted_)
            (void)::umount2(path_.c_str(), MNT_DETACH);
    }
    LoopMount(LoopMount const&) = delete;
    LoopMount& operator=(LoopMount const&) = delete;

    bool ok() const { return is_mounted_; }
    std::string const& path() const { return path_; }
    std::string operator/(std::string const& name) const { return path_ + "/" + name; }
    TempDir const& beside() const { return dir_; } // not on it

private:
    TempDir dir_;
    std::string path_;
    bool is_mounted_ = false;
};

// A test on a file system of its own; skipped, with the reason, where nothing can be mounted.
class MountTest : public testing::Test {
protected:
    explicit MountTest(std::string type) : type_(std::move(type)) { }

    void SetUp() override
    {
        if (auto reason = why_no_mounts(); !reason.empty())
            GTEST_SKIP() << reason;
        mount_.emplace(type_);
        ASSERT_TRUE(mount_->ok()) << "no " << type_ << " on a loop device";
        prepare();
    }
    virtual void prepare() = 0; // once `mount_` is there

    std::optional<LoopMount> mount_;

private:
    std::string type_;
};

// The same test on each type of file system that its suite names.
class EachMountTest : public MountTest, public testing::WithParamInterface<char const*> {
protected:
    EachMountTest() : MountTest(GetParam()) { }
};

} // namespace tocsin::test
