// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/drill/arena.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <thread>

#include "tocsin/base/sys.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = "tocsin-drill-";
constexpr std::uint64_t spare_bytes = std::uint64_t{256} << 20;
constexpr std::uint64_t bytes_an_object = 8192; // inode, directory entry, last block

std::uint64_t image_bytes(Sample const& sample)
{
    return sample.bytes + sample.bytes / 8 + sample.count * bytes_an_object + spare_bytes;
}

// Two sparse images, the versions, and what is new.
Result<void> check_room(std::string const& work, Sample const& sample)
{
    auto fd = TRY(sys::open(work, O_RDONLY | O_DIRECTORY));
    auto space = TRY(sys::space_of(fd.get()));
    auto needed = 4 * (sample.bytes + sample.count * bytes_an_object) + spare_bytes;
    if (space.free_bytes < needed)
        return Error(Errc::full,
            fmt::format("'{}' has {} free, the drill needs {}", work, size_words(space.free_bytes),
                size_words(needed)));
    return {};
}

Result<UniqueFd> lock_folder(std::string const& dir)
{
    auto fd = TRY(sys::open(dir + "/lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        return Error::from_errno(errno, "flock");
    return fd;
}

bool is_mount_point(std::string const& dir)
{
    auto inside = sys::stat_at(AT_FDCWD, dir, AT_SYMLINK_NOFOLLOW);
    auto outside = sys::stat_at(AT_FDCWD, dir + "/..", 0);
    return inside.ok() && outside.ok() && sys::device_of(inside.take()) != sys::device_of(outside.take());
}

// The loop device goes with the mount (mount -o loop sets autoclear). What just ended may keep
// the mount busy for a moment.
Result<void> unmount_at(std::string const& point)
{
    if (!is_mount_point(point))
        return {};
    for (int attempt = 0; attempt < 100; ++attempt) {
        if (::umount2(point.c_str(), UMOUNT_NOFOLLOW) == 0)
            return {};
        if (errno != EBUSY)
            return Error::from_errno(errno, "unmount '" + point + "'");
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    if (::umount2(point.c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) != 0)
        return Error::from_errno(errno, "unmount '" + point + "'");
    return {};
}

void tear_down(std::string const& dir)
{
    // Nothing is removed below a mount that stays: that would delete in it.
    if (!unmount_at(dir + "/mount").ok() || is_mount_point(dir + "/mount"))
        return;
    std::error_code ignored;
    fs::remove_all(dir, ignored);
}

} // namespace

Result<Arena> Arena::make(std::string const& work, Sample const& sample)
{
    TRY(check_room(work, sample));
    auto pattern = work + "/" + std::string(prefix) + "XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
        return Error::from_errno(errno, "make '" + pattern + "'");
    auto lock = TRY(lock_folder(pattern));
    Arena arena(pattern, std::move(lock));
    TRY(arena.fill(sample));
    return arena;
}

Arena::Arena(Arena&& other) noexcept
    : dir_(std::exchange(other.dir_, {})), lock_(std::move(other.lock_)), before_(std::move(other.before_))
{
}

Arena::~Arena()
{
    if (!dir_.empty())
        tear_down(dir_);
}

Result<void> Arena::fill(Sample const& sample)
{
    for (auto const* name : {"mount", "scratch"})
        TRY(sys::make_dir_at(AT_FDCWD, dir_ + "/" + name, 0700));
    auto base = dir_ + "/base.img";
    {
        auto image = TRY(sys::open(base, O_RDWR | O_CREAT | O_EXCL, 0600));
        TRY(sys::truncate(image.get(), image_bytes(sample)));
    }
    TRY(run_command({"mkfs.ext4", "-q", "-F", "-m", "0", "-i", "4096", base}).context("make a file system"));
    TRY(mount(base));
    TRY(sys::make_dir_at(AT_FDCWD, tree(), 0755));
    TRY(copy_sample(sample, tree()).context("copy the sample"));
    before_ = TRY(take_manifest(tree()));
    return unmount();
}

Result<void> Arena::mount(std::string const& image)
{
    return run_command({"mount", "-o", "loop,nodev,nosuid", "-t", "ext4", image, dir_ + "/mount"})
        .context("mount the drill's file system");
}

Result<void> Arena::unmount()
{
    return unmount_at(dir_ + "/mount");
}

Result<void> Arena::reset()
{
    TRY(unmount());
    std::error_code problem;
    fs::remove_all(state(), problem);
    if (problem)
        return Error::from_errno(problem.value(), "remove '" + state() + "'");
    TRY(run_command({"cp", "--sparse=always", "--reflink=auto", dir_ + "/base.img", dir_ + "/disk.img"}));
    return mount(dir_ + "/disk.img");
}

void remove_leftovers(std::string const& work)
{
    std::error_code ignored;
    for (auto const& found : fs::directory_iterator(work, ignored)) {
        if (!found.path().filename().string().starts_with(prefix) || found.is_symlink(ignored))
            continue;
        auto owner = sys::stat_at(AT_FDCWD, found.path().string(), AT_SYMLINK_NOFOLLOW);
        if (!owner.ok() || owner.take().stx_uid != ::geteuid())
            continue; // a name that somebody else took
        if (auto lock = lock_folder(found.path().string()); lock.ok())
            tear_down(found.path().string());
    }
}

} // namespace tocsin::cli
