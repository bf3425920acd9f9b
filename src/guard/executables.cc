// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/executables.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/base/clock.h"
#include "tocsin/base/digest.h"
#include "tocsin/base/precedence.h"
#include "tocsin/base/proc.h"
#include "tocsin/base/sys.h"
#include "tocsin/guard/served_elsewhere.h"

namespace tocsin::guard {
namespace {

constexpr std::size_t incidents_that_wait = 256;
constexpr std::uint64_t largest_bytes = 256ULL << 20;
constexpr std::size_t digests_remembered = 1024;
constexpr std::size_t piece_bytes = 256 * 1024;

struct Opened {
    UniqueFd file;
    bool is_what_ran = false; // for certain
};

// Nothing but a regular file, and none whose reading waits for somebody else, is opened itself.
Result<UniqueFd> open_to_read(UniqueFd const& place, pid_t process)
{
    bool const may_wait = TRY(is_served_elsewhere(place, process));
    if (may_wait)
        return Error(Errc::unsupported, "another process or host serves it, and may have been stopped");
    auto const status = TRY(sys::stat_fd(place.get()));
    if (!S_ISREG(status.stx_mode))
        return Error(Errc::invalid, "it is no regular file");
    return sys::open(sys::fd_path(place.get()), O_RDONLY | O_NONBLOCK);
}

// The kernel's own link of a process stays with the file that was executed. A name is followed as far as the kernel
// has it cached: it need ask nobody.
Result<Opened> open_executed(Ran const& ran)
{
    auto const proc = TRY(proc::ProcDir::open());
    auto directory = proc.open_process(ran.process.pid);
    auto stat = proc.stat(ran.process.pid);
    if (directory.ok() && stat.ok() && stat.take().start_ticks == ran.process.start_ticks) {
        auto executed = sys::open_at(directory.take().get(), "exe", O_PATH);
        if (executed.ok()) {
            auto file = TRY(open_to_read(executed.take(), ran.process.pid));
            return Opened{std::move(file), true};
        }
    }
    auto named = sys::open_at2(AT_FDCWD, ran.path, O_PATH | O_NOFOLLOW, RESOLVE_CACHED);
    if (!named.ok() && named.error().errno_value() == EAGAIN)
        return Error(Errc::not_found, "the process has ended, and the kernel does not have its path at hand");
    auto const place = TRY(std::move(named));
    auto file = TRY(open_to_read(place, ::getpid()));
    return Opened{std::move(file), false};
}

} // namespace

Executables::Executables(Sink sink)
    : sink_(std::move(sink)), box_(incidents_that_wait), thread_([this] { run(); })
{
}

Executables::~Executables()
{
    box_.close();
}

void Executables::note(event::IncidentId id, std::vector<Ran> programs)
{
    if (!programs.empty())
        (void)box_.put({id, std::move(programs)});
}

void Executables::run()
{
    take_precedence("executables", Precedence::idle);
    while (auto task = box_.take()) {
        for (auto const& ran : task->programs) {
            if (box_.is_closed())
                return;
            event::Executable out{task->id, wall_now(), ran.path, {}, {}};
            auto digest = digest_of(ran);
            if (digest.ok())
                out.digest = digest.take();
            else
                out.why_not = digest.error().message();
            sink_(std::move(out));
        }
    }
}

Result<Sha256> Executables::digest_of(Ran const& ran)
{
    auto const opened = TRY(open_executed(ran));
    auto const status = TRY(sys::stat_fd(opened.file.get()));
    if (status.stx_size > largest_bytes)
        return Error(Errc::full, fmt::format("it is larger than {} MiB", largest_bytes >> 20));
    auto const changed = from_nanoseconds(sys::to_nanoseconds(status.stx_ctime));
    if (!opened.is_what_ran && changed > time_of_ticks(ran.process.start_ticks + 1))
        return Error(Errc::not_found, "the process has ended, and the file was changed since it began");
    return digest_of(opened.file, status);
}

Result<Sha256> Executables::digest_of(UniqueFd const& file, struct statx const& status)
{
    Content const content{
        sys::device_of(status), status.stx_ino, status.stx_size, sys::to_nanoseconds(status.stx_ctime)};
    if (auto at = known_.find(content); at != known_.end())
        return at->second;
    Sha256Stream stream;
    Bytes piece(piece_bytes);
    for (std::uint64_t read_bytes = 0; read_bytes <= largest_bytes;) {
        auto const count = ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(read_bytes));
        if (count < 0)
            return Error::from_errno(errno, "read");
        if (count == 0)
            break;
        stream.update(ByteView(piece).first(static_cast<std::size_t>(count)));
        read_bytes += static_cast<std::uint64_t>(count);
    }
    if (known_.size() >= digests_remembered)
        known_.clear();
    return known_.emplace(content, stream.finish()).first->second;
}

} // namespace tocsin::guard
