// SPDX-License-Identifier: Apache-2.0
#include "simulator/handover.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tocsin/base/sys.h"

namespace tocsin::simulator {
namespace {

struct Piece {
    std::uint64_t offset = 0;
    std::uint32_t path_bytes = 0;
    std::uint32_t data_bytes = 0;
};

// False where the other end is closed.
bool receive(int socket, std::span<std::byte> into)
{
    while (!into.empty()) {
        auto const count = ::recv(socket, into.data(), into.size(), MSG_WAITALL);
        if (count <= 0)
            return false;
        into = into.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

Result<void> write_pieces(Attack const& attack, int socket)
{
    std::string open_path;
    UniqueFd file;
    Piece piece;
    while (receive(socket, std::as_writable_bytes(std::span(&piece, 1)))) {
        std::string path(piece.path_bytes, '\0');
        Bytes data(piece.data_bytes);
        if (!receive(socket, std::as_writable_bytes(std::span(path))) || !receive(socket, data))
            break;
        if (path != open_path)
            file = TRY(attack.sandbox.open_file(path, O_WRONLY));
        open_path = path;
        TRY(sys::write_all_at(file.get(), data, piece.offset));
    }
    return {};
}

Result<void> send_pieces(Attack const& attack, int socket, std::string const& path)
{
    TRY(attack.budget.take_file());
    auto file = TRY(attack.sandbox.open_file(path, O_RDONLY));
    auto const status = TRY(sys::stat_fd(file.get()));
    Bytes data;
    for (auto const& range : ranges_of(attack.options.change.pattern, status.stx_size)) {
        TRY(attack.budget.take_bytes(range.size));
        data.resize(range.size);
        auto const count = TRY(sys::read_at(file.get(), data, range.offset));
        data.resize(count);
        transform(attack.options.change.transform, data, range.offset);
        Piece const piece{
            range.offset, static_cast<std::uint32_t>(path.size()), static_cast<std::uint32_t>(data.size())};
        TRY(sys::write_all(socket, std::as_bytes(std::span(&piece, 1))));
        TRY(sys::write_all(socket, as_bytes(path)));
        TRY(sys::write_all(socket, data));
    }
    return {};
}

} // namespace

Result<Tally> read_and_hand_over(Attack const& attack, Pace& pace)
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return Error::from_errno(errno, "socketpair");
    UniqueFd mine(ends[0]);
    UniqueFd theirs(ends[1]);
    pid_t const writer = ::fork();
    if (writer < 0)
        return Error::from_errno(errno, "fork");
    if (writer == 0) {
        mine.reset();
        attack.budget.arm_alarm();
        ::_exit(write_pieces(attack, theirs.get()).ok() ? 0 : 1);
    }
    theirs.reset();
    Tally tally;
    for (auto const& path : attack.victims) {
        pace.wait_for_turn();
        auto sent = send_pieces(attack, mine.get(), path);
        if (sent.ok())
            ++tally.changed;
        else if (tally.failed++ == 0)
            tally.first_failure = sent.error().message();
        if (!sent.ok() && sent.error().code() == Errc::full)
            break;
    }
    mine.reset();
    (void)::waitpid(writer, nullptr, 0);
    return tally;
}

} // namespace tocsin::simulator
