// SPDX-License-Identifier: Apache-2.0
#include "simulator/sandbox.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include "tocsin/base/sys.h"

namespace tocsin::simulator {
namespace {

Result<UniqueFd> resolve(int root, std::string const& path, int flags, mode_t mode)
{
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC | O_NOFOLLOW);
    how.mode = mode;
    how.resolve = resolve_flags;
    auto const fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how));
    if (fd < 0)
        return Error::from_errno(errno, "openat2 '" + path + "'");
    return UniqueFd(static_cast<int>(fd));
}

Result<UniqueFd> resolve_file(int root, std::string const& path, int flags)
{
    auto file = TRY(resolve(root, path, flags | O_NONBLOCK, 0));
    auto const status = TRY(sys::stat_fd(file.get()));
    if (!S_ISREG(status.stx_mode))
        return Error(Errc::denied, "'" + path + "' is not a regular file");
    return file;
}

Result<std::string> marker_in(int root)
{
    auto marker = TRY(resolve_file(root, marker_name, O_RDONLY));
    Bytes text(256);
    auto const count = TRY(sys::read_at(marker.get(), text, 0));
    auto const held = as_text(ByteView(text).first(count));
    return std::string(held.substr(0, held.find('\n')));
}

} // namespace

Result<Sandbox> Sandbox::enter(std::string const& directory, std::string const& token)
{
    if (token.size() < least_token_bytes)
        return Error(Errc::denied, "a run's token has at least 32 characters");
    auto root = TRY(sys::open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    auto held = marker_in(root.get());
    if (!held.ok())
        return Error(Errc::denied, "'" + directory + "' is not marked for a run: " + held.error().message());
    if (held.take() != token)
        return Error(Errc::denied, "the marker of '" + directory + "' holds the token of another run");
    return Sandbox(std::move(root), token);
}

Result<UniqueFd> Sandbox::open(std::string const& path, int flags) const
{
    return resolve(root_.get(), path, flags, 0);
}

Result<UniqueFd> Sandbox::open_file(std::string const& path, int flags) const
{
    return resolve_file(root_.get(), path, flags);
}

Result<UniqueFd> Sandbox::create(std::string const& path, int flags, mode_t mode) const
{
    return resolve(root_.get(), path, flags | O_CREAT | O_EXCL, mode);
}

Result<Place> Sandbox::place_of(std::string const& path) const
{
    auto name = name_of(path);
    if (name.empty() || name == "." || name == ".." || name == marker_name)
        return Error(Errc::denied, "'" + path + "' is no name to work on");
    auto folder = TRY(open(folder_of(path), O_PATH | O_DIRECTORY));
    return Place{std::move(folder), std::move(name)};
}

std::string folder_of(std::string const& path)
{
    auto const slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string name_of(std::string const& path)
{
    return path.substr(path.rfind('/') + 1); // npos + 1 is 0
}

} // namespace tocsin::simulator
