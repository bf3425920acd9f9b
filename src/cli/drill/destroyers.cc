// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/drill/destroyers.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tocsin::cli {

namespace {

int set_read_only(char const* path, unsigned flags, bool read_only)
{
    mount_attr change{};
    (read_only ? change.attr_set : change.attr_clr) = MOUNT_ATTR_RDONLY;
    return static_cast<int>(::syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &change, sizeof(change)));
}

// In the child, in its own mount namespace. Any step that fails keeps the destroyer from running.
int enter_cage(void* data)
{
    auto const& cage = *static_cast<Cage const*>(data);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0
        || set_read_only("/", AT_RECURSIVE, true) != 0 || set_read_only(cage.mount.c_str(), 0, false) != 0
        || ::mount("tmpfs", cage.scratch.c_str(), "tmpfs", MS_NODEV | MS_NOSUID, "size=16m,mode=0700") != 0
        || ::chdir(cage.tree.c_str()) != 0)
        return errno;
    for (auto const* name : {"HOME", "GNUPGHOME", "TMPDIR"}) {
        if (::setenv(name, cage.scratch.c_str(), 1) != 0)
            return errno;
    }
    return 0;
}

} // namespace

std::vector<Destroyer> const& all_destroyers()
{
    static std::vector<Destroyer> const destroyers{
        {"shred", "overwrites every file in place", {"shred"}, "find . -type f -exec shred -n1 {} +"},
        {"gpg", "encrypts every file into a new one, then deletes it", {"gpg"},
            "find . -type f ! -name '*.gpg' -exec sh -c 'for f; do"
            " gpg --batch --yes --quiet --pinentry-mode loopback --passphrase drill --symmetric \"$f\""
            " && rm -f \"$f\"; done' sh {} +"},
        {"openssl", "the same with four workers and a new process for each file", {"openssl", "xargs"},
            "find . -type f ! -name '*.locked' -print0 | xargs -0 -P4 -n1 sh -c"
            " 'openssl enc -aes-256-ctr -pbkdf2 -pass pass:drill -in \"$0\" -out \"$0.locked\" && rm -f "
            "\"$0\"'"},
        {"rm", "deletes everything", {"rm"}, "find . -mindepth 1 -maxdepth 1 -exec rm -rf {} +"},
        {"mv", "renames junk over every file", {"mv"},
            "find . -type f ! -name '.junk*' -print0 | xargs -0 -n1 sh -c"
            " 'head -c 4096 /dev/urandom >.junk$$ && mv -fT .junk$$ \"$0\"'"},
        {"truncate", "cuts every file to nothing by its path", {"perl", "xargs"},
            "find . -type f -print0 | xargs -0 perl -e 'truncate($_, 0) for @ARGV'"},
    };
    return destroyers;
}

Result<Child> release_into(
    Cage const& cage, Destroyer const& destroyer, Interrupts const& interrupts, int output_fd)
{
    Cage copy = cage;
    Start start{{"sh", "-c", std::string(destroyer.script)}, Namespaces::own, output_fd, enter_cage, &copy};
    return Child::start(std::move(start), interrupts).context(destroyer.name);
}

} // namespace tocsin::cli
