// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/drill/sample.h"

#include <array>
#include <filesystem>
#include <string_view>

#include "tocsin/answers/place.h"
#include "tocsin/base/sys.h"
#include "tocsin/cli/drill/command.h"

namespace tocsin::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t max_files = 2000;
constexpr std::uint64_t max_bytes = 200'000'000;
constexpr std::uint64_t max_file_bytes = 4'000'000;

constexpr std::array<std::string_view, 6> places{"/usr/share/doc", "/usr/lib/python3", "/usr/share/perl",
    "/usr/share/icons", "/usr/share/man", "/usr/bin"};

// Regular files of one place, up to its share of the whole.
void add_place(std::string_view place, Sample& sample)
{
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::error_code problem;
    fs::recursive_directory_iterator found(place, fs::directory_options::skip_permission_denied, problem);
    for (; !problem && found != fs::recursive_directory_iterator(); found.increment(problem)) {
        std::error_code ignored;
        if (found->is_symlink(ignored) || !found->is_regular_file(ignored))
            continue;
        auto size = found->file_size(ignored);
        if (ignored || size == 0 || size > max_file_bytes)
            continue;
        if (++files > max_files / places.size() || bytes + size > max_bytes / places.size())
            return;
        bytes += size;
        sample.files.push_back(found->path().string());
        ++sample.count;
        sample.bytes += size;
    }
}

// With its path below `folder`, its rights and its time of modification. One that has gone away
// since the sample was taken is left out.
Result<void> copy_file(std::string const& file, std::string const& folder)
{
    auto target = folder + file;
    std::error_code problem;
    fs::create_directories(fs::path(target).parent_path(), problem);
    if (!problem)
        fs::copy_file(file, target, problem);
    if (problem == std::errc::no_such_file_or_directory)
        return {};
    if (problem)
        return Error::from_errno(problem.value(), "copy '" + file + "'");
    auto time = fs::last_write_time(file, problem);
    if (!problem)
        fs::last_write_time(target, time, problem);
    return problem ? Result<void>(Error::from_errno(problem.value(), "set the time of '" + target + "'"))
                   : Result<void>();
}

} // namespace

Result<Sample> sample_of_folder(std::string const& folder)
{
    Sample sample;
    sample.copied_folder = TRY(answers::resolve(folder));
    auto fd = TRY(sys::open(sample.copied_folder, O_RDONLY | O_DIRECTORY));
    auto own = TRY(sys::stat_fd(fd.get()));
    auto device = sys::device_of(own);
    std::error_code problem;
    fs::recursive_directory_iterator found(sample.copied_folder, problem);
    for (; !problem && found != fs::recursive_directory_iterator(); found.increment(problem)) {
        auto object = TRY(sys::stat_at(AT_FDCWD, found->path().string(), AT_SYMLINK_NOFOLLOW));
        if (sys::device_of(object) != device) {
            found.disable_recursion_pending();
            continue;
        }
        ++sample.count;
        sample.bytes += object.stx_size;
    }
    if (problem)
        return Error::from_errno(problem.value(), "read '" + folder + "'");
    return sample;
}

Result<Sample> sample_of_host()
{
    Sample sample;
    for (auto place : places)
        add_place(place, sample);
    if (sample.files.empty())
        return Error(Errc::not_found, "this host has no files to make a sample of; name a folder");
    return sample;
}

Result<void> copy_sample(Sample const& sample, std::string const& folder)
{
    if (!sample.copied_folder.empty())
        return run_command({"cp", "-a", "--one-file-system", sample.copied_folder + "/.", folder});
    for (auto const& file : sample.files)
        TRY(copy_file(file, folder));
    return {};
}

} // namespace tocsin::cli
