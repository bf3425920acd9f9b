// SPDX-License-Identifier: Apache-2.0
#include "simulator/holes.h"

#include <algorithm>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tocsin/base/sys.h"

namespace tocsin::simulator {
namespace {

constexpr char const* zeros_name = ".simulation-zeros";
constexpr std::size_t zeros_bytes = 64 * 1024;

// At the root of the directory, made by whoever needs it first.
Result<UniqueFd> file_of_zeros(Worker& worker)
{
    auto made = worker.sandbox.create(zeros_name, O_RDWR, 0600);
    if (!made.ok())
        return worker.sandbox.open_file(zeros_name, O_RDONLY);
    auto file = made.take();
    TRY(sys::write_all(file.get(), Bytes(zeros_bytes)));
    return file;
}

} // namespace

Result<void> truncate_and_regrow(Worker& worker, std::string const& path)
{
    auto file = TRY(worker.sandbox.open_file(path, O_RDWR));
    auto const status = TRY(sys::stat_fd(file.get()));
    TRY(worker.budget.take_bytes(status.stx_size));
    TRY(sys::truncate(file.get(), 0));
    return sys::truncate(file.get(), status.stx_size);
}

Result<void> punch_holes(Worker& worker, std::string const& path)
{
    auto file = TRY(worker.sandbox.open_file(path, O_RDWR));
    auto const status = TRY(sys::stat_fd(file.get()));
    for (auto const& range : ranges_of(worker.change.pattern, status.stx_size)) {
        TRY(worker.budget.take_bytes(range.size));
        if (::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<off_t>(range.offset), static_cast<off_t>(range.size))
            != 0)
            return Error::from_errno(errno, "fallocate '" + path + "'");
    }
    return {};
}

Result<void> clone_zeros_over(Worker& worker, std::string const& path)
{
    auto zeros = TRY(file_of_zeros(worker));
    auto file = TRY(worker.sandbox.open_file(path, O_WRONLY));
    TRY(worker.budget.take_bytes(zeros_bytes));
    if (::ioctl(file.get(), FICLONE, zeros.get()) != 0)
        return Error::from_errno(errno, "FICLONE over '" + path + "'");
    return {};
}

Result<void> copy_zeros_over(Worker& worker, std::string const& path)
{
    auto zeros = TRY(file_of_zeros(worker));
    auto file = TRY(worker.sandbox.open_file(path, O_WRONLY));
    auto const status = TRY(sys::stat_fd(file.get()));
    for (auto left = status.stx_size; left > 0;) {
        auto const step = std::min<std::uint64_t>(left, zeros_bytes);
        TRY(worker.budget.take_bytes(step));
        off_t from = 0;
        auto const copied = ::copy_file_range(zeros.get(), &from, file.get(), nullptr, step, 0);
        if (copied <= 0)
            return Error::from_errno(errno, "copy_file_range over '" + path + "'");
        left -= static_cast<std::uint64_t>(copied);
    }
    return {};
}

} // namespace tocsin::simulator
