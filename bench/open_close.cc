// SPDX-License-Identifier: Apache-2.0
// Opens and closes the files of a directory in turn and says how long one open and close takes.
//
//     open_close DIR ROUNDS     -> {"opens": n, "p50_us": x, "p99_us": y, "mean_us": z}
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

int main(int argc, char** argv)
{
    std::size_t rounds = 0;
    if (argc != 3 || std::from_chars(argv[2], argv[2] + std::string_view(argv[2]).size(), rounds).ec != std::errc{}) {
        fmt::print(stderr, "usage: open_close DIR ROUNDS\n");
        return 2;
    }
    std::vector<std::string> files;
    for (auto const& entry : std::filesystem::directory_iterator(argv[1])) {
        if (entry.is_regular_file())
            files.push_back(entry.path());
    }
    std::vector<double> took;
    took.reserve(rounds * files.size());
    for (std::size_t round = 0; round < rounds; ++round) {
        for (auto const& file : files) {
            auto began = std::chrono::steady_clock::now();
            int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
            if (fd < 0) {
                std::perror(file.c_str());
                return 1;
            }
            ::close(fd);
            took.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count());
        }
    }
    if (took.empty()) {
        fmt::print(stderr, "open_close: no files in '{}'\n", argv[1]);
        return 1;
    }
    std::ranges::sort(took);
    double sum = 0;
    for (auto value : took)
        sum += value;
    fmt::print("{{\"opens\": {}, \"p50_us\": {:.2f}, \"p99_us\": {:.2f}, \"mean_us\": {:.2f}}}\n", took.size(),
        took[took.size() / 2], took[took.size() * 99 / 100], sum / static_cast<double>(took.size()));
}
