// SPDX-License-Identifier: Apache-2.0
#include "simulator/ring.h"

#include <fcntl.h>
#include <liburing.h>

namespace tocsin::simulator {
namespace {

constexpr unsigned entries = 8;
constexpr int truncate_opcode = 55; // IORING_OP_FTRUNCATE, which liburing 2.3 does not name

} // namespace

void Ring::Exit::operator()(io_uring* ring) const
{
    io_uring_queue_exit(ring);
    delete ring;
}

Ring::Ring(RingOptions const& options) : options_(options) { }

Result<Ring> Ring::create(RingOptions const& options)
{
    Ring out(options);
    unsigned const flags = options.polling == RingOptions::Polling::by_kernel ? IORING_SETUP_SQPOLL : 0;
    auto ring = std::make_unique<io_uring>();
    if (int const failed = io_uring_queue_init(entries, ring.get(), flags); failed < 0)
        return Error::from_errno(-failed, "io_uring_queue_init");
    out.ring_.reset(ring.release());
    if (options.files == RingOptions::Files::fixed) {
        if (int const failed = io_uring_register_files_sparse(out.ring_.get(), 1); failed < 0)
            return Error::from_errno(-failed, "io_uring_register_files_sparse");
    }
    return out;
}

io_uring_sqe* Ring::next_entry()
{
    return io_uring_get_sqe(ring_.get()); // there is always one: each operation is waited for
}

void Ring::name_file(io_uring_sqe* entry) const
{
    if (options_.files == RingOptions::Files::fixed)
        entry->flags |= IOSQE_FIXED_FILE;
}

Result<std::size_t> Ring::done(std::string_view what)
{
    io_uring_cqe* completion = nullptr;
    int failed = io_uring_submit(ring_.get());
    if (failed >= 0)
        failed = io_uring_wait_cqe(ring_.get(), &completion);
    if (failed < 0)
        return Error::from_errno(-failed, what);
    int const outcome = completion->res;
    io_uring_cqe_seen(ring_.get(), completion);
    if (outcome < 0)
        return Error::from_errno(-outcome, what);
    return static_cast<std::size_t>(outcome);
}

Result<void> Ring::open(int root, std::string const& path, int flags)
{
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_NOFOLLOW | O_NONBLOCK);
    how.resolve = resolve_flags;
    if (options_.files == RingOptions::Files::fixed) {
        io_uring_prep_openat2_direct(next_entry(), root, path.c_str(), &how, 0);
        TRY(done("openat2 by a ring"));
        file_ = 0;
        return {};
    }
    how.flags |= O_CLOEXEC;
    io_uring_prep_openat2(next_entry(), root, path.c_str(), &how);
    auto const descriptor = TRY(done("openat2 by a ring"));
    file_ = static_cast<int>(descriptor);
    return {};
}

Result<std::size_t> Ring::read(std::span<std::byte> into, std::uint64_t offset)
{
    auto* const entry = next_entry();
    io_uring_prep_read(entry, file_, into.data(), static_cast<unsigned>(into.size()), offset);
    name_file(entry);
    return done("read by a ring");
}

Result<void> Ring::write(std::span<std::byte const> bytes, std::uint64_t offset)
{
    auto* const entry = next_entry();
    io_uring_prep_write(entry, file_, bytes.data(), static_cast<unsigned>(bytes.size()), offset);
    name_file(entry);
    auto const count = TRY(done("write by a ring"));
    if (count != bytes.size())
        return Error(Errc::full, "a ring wrote less than it was given");
    return {};
}

Result<void> Ring::truncate(std::uint64_t size)
{
    auto* const entry = next_entry();
    io_uring_prep_rw(truncate_opcode, entry, file_, nullptr, 0, size);
    name_file(entry);
    TRY(done("ftruncate by a ring"));
    return {};
}

Result<void> Ring::close()
{
    if (options_.files == RingOptions::Files::fixed)
        io_uring_prep_close_direct(next_entry(), 0);
    else
        io_uring_prep_close(next_entry(), file_);
    file_ = -1;
    TRY(done("close by a ring"));
    return {};
}

Result<void> Ring::unlink(Place const& place)
{
    io_uring_prep_unlinkat(next_entry(), place.folder.get(), place.name.c_str(), 0);
    TRY(done("unlinkat by a ring"));
    return {};
}

Result<void> Ring::rename(Place const& from, Place const& to)
{
    io_uring_prep_renameat(
        next_entry(), from.folder.get(), from.name.c_str(), to.folder.get(), to.name.c_str(), 0);
    TRY(done("renameat by a ring"));
    return {};
}

} // namespace tocsin::simulator
