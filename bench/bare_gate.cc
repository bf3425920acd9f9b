// SPDX-License-Identifier: Apache-2.0
// The least that a gate can be: one thread that allows every open at once. The measure for ours.
//
//     bare_gate DIR             until it is killed; prints "ready" first
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/fanotify.h>
#include <unistd.h>

int main(int argc, char** argv)
{
    if (argc != 2)
        return 2;
    int group = ::fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_UNLIMITED_QUEUE, O_RDONLY | O_LARGEFILE);
    if (group < 0
        || ::fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN_PERM | FAN_CLOSE_WRITE | FAN_EVENT_ON_CHILD, AT_FDCWD, argv[1]) != 0) {
        std::perror("fanotify");
        return 1;
    }
    fmt::print("ready\n");
    std::fflush(stdout);
    alignas(fanotify_event_metadata) char buffer[16384];
    for (;;) {
        auto size = ::read(group, buffer, sizeof(buffer));
        auto const* event = reinterpret_cast<fanotify_event_metadata const*>(buffer);
        for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size)) {
            if ((event->mask & FAN_OPEN_PERM) != 0) {
                fanotify_response response{};
                response.fd = event->fd;
                response.response = FAN_ALLOW;
                if (::write(group, &response, sizeof(response)) < 0)
                    return 1;
            }
            ::close(event->fd);
        }
    }
}
