// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/ebpf/security_hooks.h"

#include <bpf/btf.h>
#include <memory>
#include <optional>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tocsin/base/unique_fd.h"

namespace tocsin::sensor {
namespace {

struct FreeBtf {
    void operator()(btf* types) const { btf__free(types); }
};

constexpr std::string_view lsm_section = "lsm/";
constexpr std::string_view of_two = "_of_two"; // ends the name of a program for a hook of two parameters

std::optional<unsigned> parameters_of(btf const& types, std::string const& hook)
{
    auto const id = btf__find_by_name_kind(&types, ("bpf_lsm_" + hook).c_str(), BTF_KIND_FUNC);
    if (id < 0)
        return std::nullopt;
    auto const* function = btf__type_by_id(&types, static_cast<std::uint32_t>(id));
    return btf_vlen(btf__type_by_id(&types, function->type));
}

// Numbers of processes are the kernel's own there, as our programs see them.
bool in_initial_pid_namespace()
{
    constexpr ino_t number_of_the_initial = 0xEFFFFFFC; // PROC_PID_INIT_INO, of all kernels
    struct stat found{};
    return ::stat("/proc/self/ns/pid", &found) == 0 && found.st_ino == number_of_the_initial;
}

bool may_be_missing(std::string_view hook)
{
    return hook == "inode_set_acl" || hook == "inode_remove_acl"; // since 6.2
}

} // namespace

Result<void> choose_programs(bpf_object& object)
{
    if (!in_initial_pid_namespace())
        return Error(Errc::unsupported, "the guard has a pid namespace of its own");
    std::unique_ptr<btf, FreeBtf> types(btf__load_vmlinux_btf());
    if (!types)
        return Error(Errc::unsupported, "the kernel has no BTF");
    bpf_program* program = nullptr;
    while ((program = bpf_object__next_program(&object, program)) != nullptr) {
        std::string_view const section = bpf_program__section_name(program);
        if (!section.starts_with(lsm_section))
            continue;
        std::string const hook(section.substr(lsm_section.size()));
        auto const parameters = parameters_of(*types, hook);
        if (!parameters && !may_be_missing(hook))
            return Error(Errc::unsupported, "the kernel has no LSM programs for " + hook);
        bool fits = parameters.has_value();
        if (fits && hook == "inode_setattr") // one of two programs
            fits = (*parameters == 2) == std::string_view(bpf_program__name(program)).ends_with(of_two);
        bpf_program__set_autoload(program, fits);
    }
    return {};
}

Result<void> ensure_asked(std::function<void()> const& ask, std::function<std::uint64_t()> const& count)
{
    auto const before = count();
    ask();
    if (count() == before)
        return Error(Errc::unsupported,
            "the kernel was started without LSM programs: 'bpf' is not among the modules that lsm= names");
    return {};
}

void change_attributes()
{
    UniqueFd const nameless(::memfd_create("tocsin", MFD_CLOEXEC));
    (void)::fchmod(nameless.get(), 0600);
}

Error refused_by_kernel(int number, std::string_view what)
{
    auto error = Error::from_errno(number, what);
    if (number != EPERM && number != EINVAL)
        return error;
    return Error(error.code(), error.message() + " (this kernel takes no LSM programs)");
}

} // namespace tocsin::sensor
