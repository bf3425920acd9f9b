// SPDX-License-Identifier: Apache-2.0
#include "simulator/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <map>

namespace tocsin::simulator {
namespace {

template <typename Enum>
void add_choice(
    CLI::App& app, std::string const& name, Enum& into, std::map<std::string, Enum> const& choices)
{
    app.add_option(name, into)->transform(CLI::CheckedTransformer(choices, CLI::ignore_case));
}

void add_change(CLI::App& app, Options& options)
{
    auto& change = options.change;
    add_choice<How>(app, "--how", change.how,
        {{"in-place", How::in_place}, {"mmap-none", How::mmap_none}, {"mmap-async", How::mmap_async},
            {"mmap-sync", How::mmap_sync}, {"io_uring", How::io_uring}, {"direct", How::direct},
            {"truncate-regrow", How::truncate_regrow}, {"new-and-unlink", How::new_and_unlink},
            {"temp-and-rename", How::temp_and_rename}, {"exchange", How::exchange},
            {"clone-zeros", How::clone_zeros}, {"copy-zeros", How::copy_zeros}, {"punch", How::punch}});
    add_choice<Transform>(
        app, "--transform", change.transform, {{"stream", Transform::stream}, {"zeros", Transform::zeros}});
    add_choice<Deletion>(
        app, "--delete", change.deletion, {{"at-once", Deletion::at_once}, {"at-end", Deletion::at_end}});
    add_choice<TempIn>(
        app, "--temp-in", change.temp_in, {{"folder", TempIn::folder}, {"root", TempIn::root}});
    add_choice<LetGo>(
        app, "--let-go", change.let_go, {{"at-once", LetGo::at_once}, {"at-end", LetGo::at_end}});
    app.add_flag_callback("--look-again", [&change] { change.look_again = LookAgain::yes; });
    add_choice<RingDoes>(app, "--ring-does", change.ring_does,
        {{"write", RingDoes::write}, {"truncate", RingDoes::truncate}, {"unlink", RingDoes::unlink},
            {"rename", RingDoes::rename}});
    app.add_flag_callback(
        "--ring-sqpoll", [&options] { options.ring.polling = RingOptions::Polling::by_kernel; });
    app.add_flag_callback(
        "--ring-fixed-files", [&options] { options.ring.files = RingOptions::Files::fixed; });
}

void add_pattern(CLI::App& app, Pattern& pattern)
{
    app.add_option("--unit", pattern.unit_bytes, "Bytes changed at a time")
        ->transform(CLI::AsSizeValue(false))
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 30));
    app.add_option_function<std::string>(
           "--on-off",
           [&pattern](std::string const& text) {
               auto const colon = text.find(':');
               pattern.units_on = std::stoull(text.substr(0, colon));
               pattern.units_off = std::stoull(text.substr(colon + 1));
           },
           "A:B: A units are changed, B are left, and so on")
        ->check(CLI::Validator(
            [](std::string const& text) {
                bool const good = text.size() < 16
                    && text.find_first_not_of("0123456789:") == std::string::npos && text[0] != '0'
                    && text.find(':') == text.rfind(':') && text.find(':') + 1 < text.size();
                return good && text.find(':') > 0 ? std::string() : std::string("not A:B with A above 0");
            },
            "A:B"));
    app.add_flag_callback("--head-only", [&pattern] { pattern.part = Part::head; }, "Only the first unit");
    app.add_flag_callback(
        "--keep-magic", [&pattern] { pattern.magic = Magic::kept; }, "Leave the first 16 bytes");
}

void add_speed(CLI::App& app, Speed& speed)
{
    auto* const rate = app.add_option_function<std::string>(
        "--files-per-second",
        [&speed](std::string const& text) {
            speed.interval = std::chrono::nanoseconds(text == "max" ? 0 : 1'000'000'000 / std::stoul(text));
        },
        "A number, or max");
    rate->check(CLI::IsMember({"max"}) | CLI::Range(1U, 1'000'000U));
    app.add_option_function<double>(
           "--interval",
           [&speed](double seconds) {
               speed.interval = std::chrono::duration_cast<std::chrono::nanoseconds>(
                   std::chrono::duration<double>(seconds));
           },
           "Seconds between two files")
        ->check(CLI::Range(0.0, 600.0))
        ->excludes(rate);
    app.add_option("--jitter", speed.jitter, "0.5: an interval is half to one and a half of it")
        ->check(CLI::Range(0.0, 1.0));
}

void add_attack(CLI::App& app, Options& options)
{
    add_change(app, options);
    add_pattern(app, options.change.pattern);
    add_speed(app, options.speed);
    add_choice<Order>(
        app, "--order", options.order, {{"listing", Order::listing}, {"random", Order::random}});
    app.add_option("--seed", options.seed, "Of the order and the jitter");
    add_choice<Rename>(app, "--rename", options.names.rename,
        {{"never", Rename::never}, {"before", Rename::before}, {"after", Rename::after}});
    add_choice<Note>(app, "--note", options.names.note,
        {{"none", Note::none}, {"root", Note::root}, {"each-folder", Note::each_folder},
            {"each-file", Note::each_file}});
    auto* const threads = app.add_option("--threads", options.threads)->check(CLI::Range(1U, 256U));
    auto add_split = [&](char const* name, Split split) {
        return app.add_flag_callback(name, [&options, split] { options.split = split; })->excludes(threads);
    };
    auto* const fork = add_split("--fork-per-file", Split::fork_per_file);
    auto* const twice = add_split("--double-fork", Split::double_fork)->excludes(fork);
    add_split("--reader-writer-by-socket", Split::reader_and_writer)->excludes(fork)->excludes(twice);
    app.add_option("--most-files", options.limits.files);
    app.add_option("--most-bytes", options.limits.bytes)->transform(CLI::AsSizeValue(false));
    app.add_option_function<unsigned>("--most-seconds",
        [&options](unsigned seconds) { options.limits.time = std::chrono::seconds(seconds); });
}

void add_place(CLI::App& app, Options& options)
{
    app.add_option("directory", options.directory, "The marked directory")->required();
    app.add_option("--token", options.token, "What its marker holds")->required();
}

} // namespace

Parsed parse(int argc, char const* const* argv)
{
    Parsed out;
    auto& options = out.options;
    CLI::App app("Changes files of a marked test directory, within limits.", "tocsin_simulator");
    app.require_subcommand(1);
    auto* const manifest = app.add_subcommand("manifest", "Write the directory's SHA-256 manifest to stdout");
    add_place(*manifest, options);
    auto* const attack = app.add_subcommand("attack", "Change the files of the manifest on stdin");
    add_place(*attack, options);
    add_attack(*attack, options);
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        out.exit_status = app.exit(error) == 0 ? 0 : 2;
        return out;
    }
    options.command = manifest->parsed() ? Command::manifest : Command::attack;
    return out;
}

} // namespace tocsin::simulator
